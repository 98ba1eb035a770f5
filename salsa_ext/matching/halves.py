"""Which halves a whole mark can have, of which a beginning, an end, or a piece within was read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from salsa_ext.matching.marks import UNREADABLE

SHORTEST: Final = 3  # glyphs of a half that can be read; fewer are on every gun
WITHIN: Final = 4  # glyphs of a piece that is sought wherever it stands in a mark
MOST_FILLED: Final = 2  # unreadable glyphs of a half: each is filled in by all that it can be
LONGEST_WITHIN: Final = 6  # glyphs of a half that a piece within a mark is sought by
_ANY: Final = "?" * MOST_FILLED
_PIECE: Final = re.compile(rf"[^?*]{{{WITHIN},}}")

Halves = tuple[list[str], list[str]]


def ends(folded: str) -> Halves:
    """Return the first and the last halves that fit a skeleton, the surest first; `?` is to be filled in.

    Both are empty where too little was read to look for whole marks: neither three glyphs at an end
    nor four that stand together. A beginning or an end of n glyphs is sought in marks of up to
    2 n + 5, a piece in those of which it stands within two glyphs of an end.
    """
    if "*" not in folded:
        halves = {len(folded) // 2, (len(folded) + 1) // 2}
        return _surest((folded[:half], folded[-half:]) for half in halves if half >= SHORTEST)
    head, *_, tail = folded.split("*")
    shortest = max(len(folded) // 2, SHORTEST)  # a run stands for one glyph at least
    found = _surest(_at_ends(head, tail, shortest))
    return found if any(found) else _surest(_within(folded, shortest), SHORTEST - 1)


def _at_ends(head: str, tail: str, shortest: int) -> Iterator[tuple[str, str]]:
    for half in range(shortest, max(len(head), len(tail)) + MOST_FILLED + 1):
        first, last = (head + _ANY)[:half], (_ANY + tail)[-half:]
        yield first if len(first) == half else "", last if len(last) == half else ""


def _within(folded: str, shortest: int) -> Iterator[tuple[str, str]]:
    """Yield the halves in which the longest piece can stand, one or two glyphs from an end."""
    piece = max(_PIECE.findall(folded), key=len, default="")
    for before in range(1, MOST_FILLED + 1) if piece else ():
        head, tail = "?" * before + piece + _ANY, _ANY + piece + "?" * before
        for half in range(shortest, min(LONGEST_WITHIN, len(head)) + 1):
            yield head[:half], tail[-half:]


def _surest(halves: Iterable[tuple[str, str]], least: int = SHORTEST) -> Halves:
    """Return those of which enough was read: in full and the longest first, then those to be filled in."""
    pairs = list(halves)
    firsts, lasts = ({pair[at] for pair in pairs if _is_enough(pair[at], least)} for at in (0, 1))
    return _sorted(firsts), _sorted(lasts)


def _is_enough(half: str, least: int) -> bool:
    read = sum(glyph not in UNREADABLE for glyph in half)
    return read >= least and half.count("?") <= MOST_FILLED


def _sorted(halves: set[str]) -> list[str]:
    return sorted(halves, key=lambda half: (half.count("?"), -len(half), half))
