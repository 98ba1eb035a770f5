"""Keys under which a mark that was read in the field is found by many marks at once.

Of guns of the licit trade alone what was read in the field, or is missed, is compared by what is
near. There are few such marks, so these are kept without each two of their glyphs too: whoever asks
leaves out as much of his own, and two marks that are two errors apart meet (symmetric deletion).
A question is a tenth as long as one over `neighbours`; what meets need not be near, and is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from salsa_ext.matching.marks import UNREADABLE, skeleton
from salsa_ext.matching.neighbours import LONGEST, PIECE, SHORTEST, cores, pack

SIGHTED: Final = "6"  # what a form is; those of `neighbours` come before it
LEAST: Final = 2  # glyphs that are left
MOST: Final = (
    LONGEST + 2
)  # glyphs of a mark that can be two errors from one that is searched for two


def kept(norm: str) -> set[int]:
    """Return the keys under which a mark is kept beside those of `neighbours.kept`."""
    return {pack(SIGHTED, form) for form in _forms(norm)}


def own(norm: str) -> int:
    """Return that of the kept keys which tells a mark best from others."""
    return pack(SIGHTED, _legible(norm))


def sought(norm: str) -> set[int]:
    """Return the keys by which whatever is near a mark is found; each glyph of it was read."""
    folded = skeleton(norm)
    pieces = (folded[a:b] for a in range(len(folded)) for b in range(a + SHORTEST, len(folded) + 1))
    return kept(norm) | {pack(PIECE, piece) for piece in pieces}


def _forms(norm: str) -> Iterator[str]:
    legible = _legible(norm)
    yield legible
    yield from cores(norm)
    for count in (1, 2) if len(legible) <= MOST else (1,):
        if len(legible) - count >= LEAST:
            for places in combinations(range(len(legible)), len(legible) - count):
                yield "".join(map(legible.__getitem__, places))


def _legible(norm: str) -> str:
    """Return a mark without what cannot be read of it: that counts as an error."""
    return skeleton(norm).translate(dict.fromkeys(map(ord, UNREADABLE)))
