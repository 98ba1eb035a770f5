"""Normal form, skeleton and search key of a mark."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import NamedTuple

from salsa_ext.firearms.marks.marking_words import marking_of

# Marks that distinguish guns; an import or proof mark is shared by all that came with it.
IDENTIFYING_KINDS = frozenset(("manufacture", "confiscation", "state", "other", "lot"))
LOT_SIGN = "#"
"""Before the normal form of a lot, so that none is that of a serial."""
UNREADABLE = "?*"
UNRELIABLE_MARKINGS = frozenset(("altered", "obliterated"))  # a serial proves nothing
MIN_DIGITS = 3  # digits; fewer are a year or a class
MAX_READINGS = 16  # of a mark with alternatives that are looked up
MAX_COMMON_DIGITS = 7  # digits that several makers give out; longer ones are rare
_YEAR = re.compile(r"[^\W\d]*(1[89]|20)\d\d")
_SEPARATORS = re.compile(r"[\s\-_./\\,;:'\"·–—]+")
# what Cyrillic and Greek letters look like; many guns bear the former, and keyboards write Latin
_CONFUSED_GLYPHS = str.maketrans(
    "OQDILZSGBАВЕКМНОРСТУХЗІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "000112568A8EKMH0PCTYX315JA8E2H1KMN0PTYX"
)
_LATIN_GLYPHS = str.maketrans(
    "АВЕКМНОРСТУХІЅЈаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧ\xa0", "ABEKMHOPCTYXISJaeopcyxisjABEZHIKMNOPTYX "
)
_ALTERNATIVES = re.compile(r"\[([^\[\]]+)\]")
_STRAY_BRACKET = re.compile(r"(?<![^\W_])([^\W_]*)[\[\]](?=([^\W_]*))")
_GLYPH_PATTERN = re.compile(rf"{_ALTERNATIVES.pattern}|.", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """Search key: `norm`, `skeleton` (look-alike glyphs folded), and `value`, a 64-bit hash."""

    norm: str
    skeleton: str
    value: int


@lru_cache(maxsize=4_000)  # of one mark several steps ask
def normalise(text: str) -> str:
    """Return upper case, NFKC, without separators; `?`, `*`, `[8B]` stay."""
    return _nfkc(_SEPARATORS.sub("", _nfkc(text).upper()))


def latin_letters(text: str) -> str:
    """Return a text with Cyrillic and Greek letters that look Latin as such, if it has no others."""
    latin = text.translate(_LATIN_GLYPHS)
    return latin if latin.isascii() else text


@lru_cache(maxsize=4_000)  # of one search a mark is compared with hundreds
def skeleton(norm: str) -> str:
    """Fold glyphs that people and cameras confuse.

    0 O Q D, 1 I L, 2 Z, 5 S, 6 G, 8 B, and Cyrillic and Greek look-alikes. `[8B]` becomes its fold
    if all alternatives share one, else one unreadable glyph.
    """
    return _ALTERNATIVES.sub(_fold_alternatives, norm).translate(_CONFUSED_GLYPHS)


def glyph_options(norm: str) -> list[frozenset[str]]:
    """Return the possible values of each glyph; `[8B]` is one of two. The list is as long as the skeleton."""
    return [frozenset(match[1] or match[0]) for match in _GLYPH_PATTERN.finditer(norm)]


class StrayBracket(NamedTuple):
    """A bracket outside any `[8B]`: its place (from one) and its neighbours."""

    place: int
    neighbours: tuple[str, str]


def stray_brackets(text: str) -> list[StrayBracket]:
    """Return the stray brackets of a text, with neighbouring letters and digits."""
    if text.isascii() and "[" not in text and "]" not in text:
        return []
    glyphs = [(glyph, at) for at, typed in enumerate(text, 1) for glyph in _nfkc(typed)]
    folded = "".join(glyph for glyph, _ in glyphs)
    left = _ALTERNATIVES.sub(lambda match: " " * len(match[0]), folded)
    return [
        StrayBracket(glyphs[match.end() - 1][1], (match[1], match[2]))
        for match in _STRAY_BRACKET.finditer(left)
    ]


def count_readable(norm: str) -> int:
    """Count the readable glyphs."""
    if norm.isalnum():
        return len(norm)
    return sum(glyph.isalnum() for glyph in _ALTERNATIVES.sub("?", norm))


def is_partly_read(text: str) -> bool:
    """Return whether a mark has unreadable glyphs."""
    return "?" in text or "*" in text


def storage_key(text: str) -> Key | None:
    """Return the key to store a mark under; None for words, or too few readable glyphs."""
    norm = normalise(text)
    folded = skeleton(norm)
    if not is_partly_read(folded):
        return whole_key(text)
    if marking_of(text) or count_readable(norm) < MIN_DIGITS:
        return None
    return Key(norm, folded, hash_skeleton(folded))


def is_lot(norm: str) -> bool:
    """Return whether the normal form of a mark is that of a lot."""
    return norm.startswith(LOT_SIGN)


def mark_key(kind: str, text: str) -> Key | None:
    """Return the key to store a mark of a kind under, as `storage_key`."""
    if kind != "lot":
        return storage_key(text)
    if (key := whole_key(text)) is None:
        return None
    folded = LOT_SIGN + key.skeleton
    return Key(LOT_SIGN + key.norm, folded, hash_skeleton(folded))


@lru_cache(maxsize=4_000)
def whole_key(text: str) -> Key | None:
    """Return the key of a fully read mark, else None: unreadable glyphs may differ."""
    norm = normalise(text)
    folded = skeleton(norm)
    if marking_of(text) or not count_readable(norm) or is_partly_read(folded):
        return None
    return Key(norm, folded, hash_skeleton(folded))


def lookup_keys(text: str) -> set[int]:
    """Return the keys of marks that may be this text; compare finds with `may_be_equal`."""
    norm = normalise(text)
    if marking_of(text) or not count_readable(norm):
        return set()
    options = glyph_options(norm)
    readings = [norm]
    if prod(map(len, options)) <= MAX_READINGS:
        readings += map("".join, product(*options))
    folded = {skeleton(reading) for reading in readings}
    folded |= {each[:at] + "?" + each[at + 1 :] for each in folded for at in range(len(each))}
    if lot := mark_key("lot", text):
        folded.add(lot.skeleton)
    return set(map(hash_skeleton, folded))


def may_be_equal(norm: str, other: str) -> bool:
    """Return whether two marks agree glyph by glyph, each with its alternatives."""
    pairs = zip(glyph_options(norm), glyph_options(other), strict=False)
    return len(skeleton(norm)) == len(skeleton(other)) and all(
        left & right for left, right in pairs
    )


def serial_key(text: str, marking: str) -> Key | None:
    """Return the key of a readable, original serial, else None."""
    key = None if marking in UNRELIABLE_MARKINGS else whole_key(text)
    return key if key and count_readable(key.norm) >= MIN_DIGITS else None


def is_identifying(kind: str, text: str) -> bool:
    """Return whether a mark other than the serial identifies one gun, as no crest does."""
    if kind not in IDENTIFYING_KINDS or whole_key(text) is None:
        return False
    norm = normalise(text)
    if kind == "manufacture":
        return count_readable(norm) >= MIN_DIGITS
    digits = sum(glyph.isdigit() for glyph in norm)
    return digits >= MIN_DIGITS and not _YEAR.fullmatch(norm)


@lru_cache(maxsize=4_000)
def specificity(norm: str) -> str:
    """Return `words` (hardly a digit), `number` (seven digits at most) or `mark`."""
    glyphs = [glyph for glyph in norm if glyph.isalnum()]
    digits = sum(map(str.isdigit, glyphs))
    if digits < MIN_DIGITS:
        return "words"
    return "number" if digits == len(glyphs) <= MAX_COMMON_DIGITS else "mark"


def _fold_alternatives(match: re.Match[str]) -> str:
    folds = set(match[1].translate(_CONFUSED_GLYPHS))
    return folds.pop() if len(folds) == 1 else "?"


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def hash_skeleton(folded: str) -> int:
    """Return a skeleton's key: a 64-bit digest as a signed bigint."""
    digest = hashlib.blake2b(folded.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
