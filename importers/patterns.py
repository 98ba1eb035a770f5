"""Regular expressions of profiles: a user's text, searched by RE2 in linear time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import re2

MAX_SIZE: Final = 2_000
"""Most steps of the programs of one profile's expressions."""
MAX_TEXT: Final = 1_000
"""Characters of a cell that expressions see."""

SERIALS: Final = "*"
"""Stands for what is between two serials in one cell."""
_BETWEEN_SERIALS: Final = re.compile(
    r"(?<=\w{3}\d)(?:\s*[/;,]\s*|\s+(?:y|e|et|and)\s+)(?=\w{4})(?=\w*\d{2})"
)


@lru_cache(1_000)
def compile_pattern(text: str, ignores_case: bool = False) -> Any:
    """Return the compiled expression; raises ValueError for what RE2 does not know."""
    options = re2.Options()
    options.case_sensitive, options.log_errors = not ignores_case, False
    options.max_mem = 1 << 17
    try:
        return re2.compile(text, options)
    except (re2.error, TypeError) as error:
        raise ValueError(text) from error


def split_text(pattern: str, text: str) -> list[str]:
    """Return the filled parts of a text; without a pattern, or too long, it is not cut."""
    if not pattern or len(text) > MAX_TEXT:
        return [text]
    between = _BETWEEN_SERIALS if pattern == SERIALS else compile_pattern(pattern)
    parts: list[str | None] = between.split(text)
    return [part.strip() for part in parts if part and part.strip()]
