"""One mark or several: where signs and small words between groups of glyphs part two marks."""

from __future__ import annotations

import re
from typing import Final

_LOWER: Final = re.compile(r"\s+(?:y|e|and|et|und)\s+")
_SIGNS: Final = re.compile(r"\s*[/,+&]\s*|\s+(?:Y|E|AND|ET)\s+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_RUNS: Final = re.compile(r"\d+|[^\W\d_]+")
LEAST: Final = 3  # glyphs of a mark that stands beside another


def several(text: str) -> list[str]:
    """Return the marks that stand in a run of glyphs; one, as written, where that is not plain.

    A small word parts what has three glyphs and a digit; a sign parts marks of letters and digits,
    or of five digits, never a number from its year or class. `T 6368 - 13 B 02669` is one.
    """
    pieces = _LOWER.split(text)
    if len(pieces) > 1 and not all(map(is_whole, pieces)):
        return [text]
    found = [mark for piece in pieces for mark in _by_signs(piece)]
    return found if all(found) else [text]


def is_whole(text: str) -> bool:
    """Tell whether a text can be a mark for itself, with nothing beside it that says so."""
    return glyphs(text) >= LEAST and any(map(str.isdigit, text))


def glyphs(text: str) -> int:
    """Count the glyphs of a mark, read or not."""
    return sum(glyph.isalnum() or glyph in "?*" for glyph in re.sub(r"\[[^\]]*\]", "?", text))


def _by_signs(text: str) -> list[str]:
    pieces = _SIGNS.split(text)
    if len(pieces) == 1 or not all(map(_is_serial, pieces)):
        return [text]
    is_lettered = re.search(r"\s(?:Y|E|AND|ET)\s", text)
    return [text] if is_lettered and len({_shape(piece) for piece in pieces}) > 1 else pieces


def _is_serial(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    has_letters = any(map(str.isalpha, text))
    enough = glyphs(text) >= 4 and digits >= 2 if has_letters else glyphs(text) >= 5
    return enough and not _YEAR.fullmatch(text) and digits > 0


def _shape(text: str) -> tuple[bool, ...]:
    return tuple(run.isdigit() for run in _RUNS.findall(text))
