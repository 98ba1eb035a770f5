"""Keys under which a mark is found though some of its glyphs were misread, lost or cannot be read.

A mark of n glyphs is kept as it is and under the n forms that lack one glyph, under its halves, and
under its digits. Whoever asks generates the forms that his mark can have come from; equal keys meet.
So one wrong, lost, added or swapped glyph is found by a handful of keys, two by some hundred, and
no search goes through more rows than there are marks that look alike.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Final

from salsa_ext.matching import halves
from salsa_ext.matching.marks import UNREADABLE, skeleton

LACKING, HEAD, TAIL, CORE, PIECE = "12345"  # what a form is; it stands before it in the key
LONGEST: Final = 14  # glyphs of a mark that is searched for two errors; longer ones by their parts
SHORTEST: Final = halves.SHORTEST  # glyphs of a piece; fewer are on every gun
MOST_ZEROS: Final = 3  # before a number: spreadsheets take them away, and columns put them there
MOST_UNREAD: Final = 3  # unreadable glyphs at known places; more are searched by a part
_PRIME: Final = 2**63 - 25
_DIGITS: Final = tuple(range(10))
_LETTERS: Final = tuple(int(glyph, 36) for glyph in "ACEFHJKMNPRTUVWXY")  # what no fold takes away
_RUN: Final = re.compile(r"\d+")
_LEGIBLE: Final = re.compile(r"[^?*]+")


@dataclass(frozen=True)
class Forms:
    """Keys of forms to search by.

    `one` finds what differs by one error or only in what cannot be read, `two` what differs by two
    errors, `part` what shares a half or the digits alone; the parts that tell most come first.
    `can_find` tells whether whole marks are found by them: pieces find what was read in part alone.
    """

    one: frozenset[int] = frozenset()
    two: frozenset[int] = frozenset()
    part: tuple[int, ...] = ()
    can_find: bool = True


def kept(norm: str) -> set[int]:
    """Return the keys under which a mark is kept beside its own; `norm` as `marks.normalise` says."""
    folded = skeleton(norm)
    if any(sign in folded for sign in UNREADABLE):
        return set(_kept_in_part(folded))
    found = {pack(LACKING, form) for form in (folded, *_lacking(folded))}
    found |= _cut(folded, len(folded) // 2) | larger_halves(norm)
    return found | {pack(CORE, core) for core in {folded} | cores(norm) if core.isdigit()}


def larger_halves(norm: str) -> set[int]:
    """Return the keys of the two halves that share the glyph in the middle; none of an even number."""
    folded = skeleton(norm)
    is_odd = len(folded) % 2 and not any(sign in folded for sign in UNREADABLE)
    return _cut(folded, len(folded) // 2 + 1) if is_odd else set()


def _cut(folded: str, half: int) -> set[int]:
    if half < SHORTEST:
        return set()
    return {pack(HEAD, folded[:half]), pack(TAIL, folded[-half:])}


def own(norm: str) -> int:
    """Return that of the kept keys which tells a mark best from others: halves are shared by thousands."""
    folded = skeleton(norm)
    is_whole = not any(sign in folded for sign in UNREADABLE)
    return pack(LACKING, folded) if is_whole else max(_kept_in_part(folded), default=0)


def sought(norm: str) -> Forms:
    """Return the forms that a mark can have come from; `norm` may hold glyphs that cannot be read."""
    folded = skeleton(norm)
    if any(sign in folded for sign in UNREADABLE):
        return _sought_in_part(folded)
    swapped = set(_swapped(folded))
    one = frozenset(pack(LACKING, form) for form in (folded, *_lacking(folded), *swapped))
    # The digits of a longer mark have to tell more than a mark that is nothing but digits.
    digits = [folded, *(core for core in cores(norm) if len(core) > SHORTEST)]
    digits += [form for core in digits for form in _with_other_zeros(core)]
    part = (pack(kind, form) for kind, forms in ((CORE, digits), (PIECE, _pieces(folded)))
            for form in forms)  # fmt: skip
    return Forms(one, frozenset(_two_errors(folded, swapped)) - one, tuple(dict.fromkeys(part)))


def pattern(norm: str) -> str | None:
    """Return what a mark that was read in part fits, as LIKE has it, over skeletons; None for others."""
    folded = skeleton(norm)
    if not any(sign in folded for sign in UNREADABLE):
        return None
    return re.sub(r"([\\%_])", r"\\\1", folded).replace("?", "_").replace("*", "_%")


def _with_other_zeros(digits: str) -> Iterator[str]:
    """Return a number with up to three zeros more, or fewer, before it; of short ones none."""
    bare = digits.lstrip("0")
    if digits.isdigit() and len(bare) > SHORTEST:
        had = len(digits) - len(bare)
        for zeros in range(max(had - MOST_ZEROS, 0), had + MOST_ZEROS + 1):
            if zeros != had:
                yield "0" * zeros + bare


def _pieces(folded: str) -> Iterator[str]:
    """Return all pieces of a text, the longest first."""
    for count in range(len(folded), SHORTEST - 1, -1):
        yield from (folded[at : at + count] for at in range(len(folded) - count + 1))


def pack(kind: str, form: str) -> int:
    """Return the key of a form: up to 11 glyphs are packed as they are, so that alike ones lie close."""
    try:
        return int(kind + form, 36) % _PRIME
    except ValueError:  # a glyph of another script, or a sign
        digest = hashlib.blake2b(f"{kind}{form}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % _PRIME


def _lacking(folded: str) -> Iterator[str]:
    return (folded[:at] + folded[at + 1 :] for at in range(len(folded)) if len(folded) > 2)


def _without(folded: str, count: int) -> Iterator[str]:
    """Return the mark without `count` of its glyphs, where enough are left to tell something."""
    if not SHORTEST + count <= len(folded) <= LONGEST:
        return
    for places in combinations(range(len(folded)), count):
        yield "".join(glyph for at, glyph in enumerate(folded) if at not in places)


def _swapped(folded: str) -> Iterator[str]:
    for at in range(len(folded) - 1):
        if folded[at] != folded[at + 1]:
            yield folded[:at] + folded[at + 1] + folded[at] + folded[at + 2 :]


def _two_errors(folded: str, swapped: Iterable[str]) -> Iterator[int]:
    """Return the keys that are shared with marks two errors away.

    A glyph that took the place of another is sought among its kind, digits or letters: what turned
    one into the other is folded away already, or counts as the error for which a glyph is left out.
    """
    if not SHORTEST < len(folded) <= LONGEST:
        return
    for form in chain(_without(folded, 2), *map(_lacking, swapped), *map(_swapped, swapped)):
        yield pack(LACKING, form)
    if not _is_plain(folded):
        return
    yield from _replaced(folded, 0)
    for at in range(len(folded) - 1):
        yield from _replaced(folded[:at] + folded[at + 1 :], at)
    for at in range(len(folded) + 1):
        beside = {_kind(glyph) for glyph in folded[max(at - 1, 0) : at + 1]}
        yield from _inserted(folded, at, chain.from_iterable(beside))


def _replaced(form: str, since: int) -> Iterator[int]:
    """Return the keys of the form with one glyph from place `since` on replaced by others of its kind.

    The keys are reckoned and not made of texts: there are hundreds of them in every search.
    """
    value, weight = int(LACKING + form, 36), 36 ** (len(form) - since)
    for glyph in form[since:]:
        weight //= 36
        own = int(glyph, 36)
        for other in _kind(glyph):
            if other != own:
                yield (value + (other - own) * weight) % _PRIME


def _inserted(form: str, at: int, glyphs: Iterable[int]) -> Iterator[int]:
    weight = 36 ** (len(form) - at)
    rest = int(form[at:] or "0", 36)
    base = int(LACKING + form[:at], 36) * 36 * weight + rest
    return ((base + glyph * weight) % _PRIME for glyph in glyphs)


def _is_plain(form: str) -> bool:
    return form.isascii() and form.isalnum()


def _kind(glyph: str) -> tuple[int, ...]:
    return _DIGITS if glyph in "0123456789" else _LETTERS


def cores(norm: str) -> set[str]:
    """Return the digits of a mark without the letters before, behind and between them.

    NCIC ignores embedded letters, and people leave out a prefix or a suffix. Fewer than three digits
    stand on too many guns.
    """
    runs = _RUN.findall(norm)
    if not runs or any(sign in norm for sign in "?*["):
        return set()
    found = {"".join(runs), max(runs, key=len)}
    return {core for core in found if len(core) >= SHORTEST}


def _kept_in_part(folded: str) -> Iterator[int]:
    """Return the keys of a mark of which something cannot be read: its longest legible piece."""
    if "*" not in folded and folded.count("?") <= 2:
        yield pack(LACKING, folded.replace("?", ""))
    longest = max(_LEGIBLE.findall(folded), key=len, default="")
    if len(longest) >= SHORTEST:
        yield pack(PIECE, longest)


def _sought_in_part(folded: str) -> Forms:
    patterns = list(_of_known_length(folded))
    if "*" in folded and len(folded) == SHORTEST + 1:  # a mark of four glyphs is kept by no half
        patterns = [folded.replace("*", "?")]
    one = frozenset(chain.from_iterable(map(_filled, patterns)))
    lacking = [pattern.replace("?", "") for pattern in patterns if pattern.count("?") == 1]
    two = frozenset(key for form in lacking if _is_plain(form) for key in _replaced(form, 0))
    whole = [] if one and "*" not in folded else list(_whole(folded))
    pieces = (
        pack(PIECE, piece) for legible in _LEGIBLE.findall(folded) for piece in _pieces(legible)
    )
    finds = bool(whole or (one and "*" not in folded))
    return Forms(one, two - one, tuple(dict.fromkeys((*whole, *pieces))), can_find=finds)


def _of_known_length(folded: str) -> Iterator[str]:
    """Return the patterns with a run of unknown length taken for one to three glyphs."""
    if folded.count("*") > 1 or folded.startswith("*") or folded.endswith("*"):
        return
    for count in range(1, MOST_UNREAD + 1) if "*" in folded else (0,):
        pattern = folded.replace("*", "?" * count)
        if pattern.count("?") <= MOST_UNREAD and len(pattern) > MOST_UNREAD:
            yield pattern


def _filled(pattern: str) -> Iterator[int]:
    """Return the keys of the pattern without its first unreadable glyph, all others filled in."""
    return _each(LACKING, pattern.replace("?", "", 1))


def _each(kind: str, form: str) -> Iterator[int]:
    """Return the keys of a form of which unreadable glyphs are filled in by all that they can be."""
    if not _is_plain(form.replace("?", "")):
        return iter(() if "?" in form else (pack(kind, form),))
    sums = [int(kind + form.replace("?", "0"), 36)]
    for at in (place for place, glyph in enumerate(form) if glyph == "?"):
        weight = 36 ** (len(form) - 1 - at)
        sums = [before + glyph * weight for before in sums for glyph in _DIGITS + _LETTERS]
    return (value % _PRIME for value in sums)


def _whole(folded: str) -> Iterator[int]:
    """Return the keys of the halves of whole marks that fit what was read, the surest first."""
    heads, tails = halves.ends(folded)
    for kind, found in ((HEAD, heads), (TAIL, tails)):
        yield from chain.from_iterable(_each(kind, half) for half in found)


def make_code(make: str | None) -> int:
    """Return the 15 bits that stand for a make in a form; 0 where it is not known."""
    return zlib.crc32(make.encode()) & 0x7FFF if make else 0
