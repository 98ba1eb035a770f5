"""What a page says."""

from __future__ import annotations

import re


def text(page: str) -> str:
    """Return the words of a page's main part, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]).split())
