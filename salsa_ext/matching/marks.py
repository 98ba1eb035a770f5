"""From the text of a mark to the forms by which it is found; the text itself is never changed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from salsa_ext.matching.prose import marking_of

# Marks that tell one gun from another; an import or proof mark is shared by all that came with it.
IDENTIFYING = frozenset(("manufacture", "confiscation", "state", "other"))
UNREADABLE = "?*"
NOT_ITS_OWN = frozenset(("altered", "obliterated"))  # markings of which a serial proves nothing
NUMBERED = 3  # digits; fewer are a year or a class
LONGEST_NUMBER = 7  # digits that several makers give out; longer ones are rare
_YEAR = re.compile(r"[^\W\d]*(1[89]|20)\d\d")
_SEPARATORS = re.compile(r"[\s\-_./\\,;:'\"·–—]+")
# what Cyrillic and Greek letters look like; many guns bear the former, and keyboards write Latin
_CONFUSED = str.maketrans(
    "OQDILZSGB" "АВЕКМНОРСТУХЗІЅЈ" "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "000112568" "A8EKMH0PCTYX315J" "A8E2H1KMN0PTYX",
)  # fmt: skip
_ALTERNATIVES = re.compile(r"\[([^\[\]]+)\]")
_STRAY = re.compile(r"(?<![^\W_])([^\W_]*)[\[\]](?=([^\W_]*))")
_GLYPH = re.compile(rf"{_ALTERNATIVES.pattern}|.", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """What a mark is found by: `norm` as people write it, `skeleton` with look-alikes folded."""

    norm: str
    skeleton: str
    value: int


def normalise(text: str) -> str:
    """Return upper case, NFKC, without separators; `?`, `*` and `[8B]` stay as they are."""
    return _nfkc(_SEPARATORS.sub("", _nfkc(text).upper()))


@lru_cache(maxsize=4_000)  # of one search a mark is compared with hundreds
def skeleton(norm: str) -> str:
    """Fold glyphs that people and cameras confuse: 0 O Q D, 1 I L, 2 Z, 5 S, 6 G, 8 B; Cyrillic ones too.

    `[8B]` becomes its fold where all alternatives share one, else one unreadable glyph.
    """
    return _ALTERNATIVES.sub(_folded, norm).translate(_CONFUSED)


def glyphs(norm: str) -> list[frozenset[str]]:
    """Return what each glyph of a mark may be, as many as its skeleton has: `[8B]` is one of two."""
    return [frozenset(match[1] or match[0]) for match in _GLYPH.finditer(norm)]


class Stray(NamedTuple):
    """A bracket that is no part of an `[8B]`: its place in the text as typed, and what it touches."""

    place: int
    beside: tuple[str, str]


def stray_brackets(text: str) -> list[Stray]:
    """Return the stray brackets of a text, counted from one; what they touch are letters and digits."""
    typed = [(glyph, at) for at, one in enumerate(text, 1) for glyph in _nfkc(one)]
    left = _ALTERNATIVES.sub(
        lambda match: " " * len(match[0]), "".join(glyph for glyph, _ in typed)
    )
    return [
        Stray(typed[found.end() - 1][1], (found[1], found[2])) for found in _STRAY.finditer(left)
    ]


def readable(norm: str) -> int:
    """Count the glyphs that somebody could read."""
    return sum(glyph.isalnum() for glyph in _ALTERNATIVES.sub("?", norm))


def kept_key(text: str) -> Key | None:
    """Return the key under which a mark is kept, of which some glyphs may be unreadable.

    None where it is prose, or hardly anything of it can be read. What is not read in full is found
    by its forms alone (`matching.neighbours`), since two such marks need not be the same.
    """
    norm = normalise(text)
    partly = any(sign in skeleton(norm) for sign in UNREADABLE)
    if not partly:
        return key(text)
    if marking_of(text) or readable(norm) < NUMBERED:
        return None
    return Key(norm, skeleton(norm), value_of(skeleton(norm)))


def key(text: str) -> Key | None:
    """Return the key of a mark's text, or None where a glyph of it cannot be read or it is prose.

    Such a mark is kept as read; two that cannot be read at the same place are not the same, and
    two that are filed off are not the same either.
    """
    norm = normalise(text)
    folded = skeleton(norm)
    if marking_of(text) or not readable(norm) or any(sign in folded for sign in UNREADABLE):
        return None
    return Key(norm, folded, value_of(folded))


def serial_key(text: str, marking: str) -> Key | None:
    """Return the key of a serial that can be read and is the gun's own; None for any other."""
    found = None if marking in NOT_ITS_OWN else key(text)
    return found if found and readable(found.norm) >= NUMBERED else None


def tells_apart(kind: str, text: str) -> bool:
    """Tell whether a mark beside the serial tells one gun from another, and can be searched.

    A second or restored serial does; another mark where it has a number that is no year, since an
    inscription or a crest stands on thousands of guns.
    """
    if kind not in IDENTIFYING or key(text) is None:
        return False
    norm = normalise(text)
    if kind == "manufacture":
        return readable(norm) >= NUMBERED
    digits = sum(glyph.isdigit() for glyph in norm)
    return digits >= NUMBERED and not _YEAR.fullmatch(norm)


def telling(norm: str) -> str:
    """Tell how far a mark can name one gun: `words` (hardly a digit), `number` alone, or a `mark`.

    A number of seven digits and fewer is given out by many makers; words stand on thousands of guns.
    """
    said = [glyph for glyph in norm if glyph.isalnum()]
    digits = sum(map(str.isdigit, said))
    if digits < NUMBERED:
        return "words"
    return "number" if digits == len(said) <= LONGEST_NUMBER else "mark"


def _folded(match: re.Match[str]) -> str:
    folds = set(match[1].translate(_CONFUSED))
    return folds.pop() if len(folds) == 1 else "?"


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def value_of(folded: str) -> int:
    """Return the key of a skeleton: 64 bits of a digest as PostgreSQL's signed bigint."""
    digest = hashlib.blake2b(folded.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
