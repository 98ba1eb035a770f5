"""The Harmonized System: which headings goods of a category are declared under.

Chapter 93 is arms and ammunition; explosives, which are of chapter 36, may be declared there too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

CODE: Final = re.compile(r"(\d{4})(\.?\d{2}){0,3}")
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "firearm": ("9301", "9302", "9303", "9304"),
    "destructive_device": ("9301", "9306"),
    "part": ("9305", "9306"),
    "ammunition": ("9306",),
    "explosive": ("3601", "3602", "3603", "9306"),
    "other": ("3604", "9304", "9305", "9306", "9307"),
}


def heading(code: str) -> str | None:
    """Return the heading of a code of four to ten digits, with dots or without; None for no code."""
    found = CODE.fullmatch(code)
    return found[1] if found else None


def headings(category: str | None) -> tuple[str, ...]:
    """Return the headings of a category; all of chapter 93 where it is not known."""
    everywhere = tuple(f"93{number:02}" for number in range(1, 8))
    return HEADINGS.get(category or "", everywhere)
