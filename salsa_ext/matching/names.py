"""How names of makes, calibres and types are compared, before any resolver."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)  # a file repeats a few names thousands of times
def fold(kind: str, text: str) -> str:
    """Return what is compared: no case, accents or spaces; for calibres the signs that count stay."""
    plain = "".join(
        glyph
        for glyph in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(glyph)
    )
    if kind == "calibre":
        return re.sub(r"[^0-9a-z./\-]", "", plain.replace("×", "x").replace(",", ".")).rstrip(".")
    return re.sub(r"[^0-9a-z]", "", plain)
