"""Variants of a mark, by which misread or partly read marks are found.

A mark of n glyphs is stored under its own key and those of its variants: without one glyph, its
halves, its digits. A search generates the variants that the searched mark can come from; equal keys
meet. One wrong, lost, added or swapped glyph needs a handful of keys, two some hundred.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Final

from salsa_ext.firearms.marks.keys import UNREADABLE, is_partly_read, skeleton

MIN_HALF: Final = 3  # glyphs of a half that can be read; fewer are on every gun
MIN_INNER_PIECE: Final = 4  # glyphs of a piece that is searched anywhere in a mark
MAX_FILLED: Final = 2  # unreadable glyphs of a half: each is filled in by all that it can be
MAX_INNER_HALF: Final = 6  # glyphs of a half that a piece within a mark is sought by
_FILLED_GLYPHS: Final = "?" * MAX_FILLED
_INNER_PIECE: Final = re.compile(rf"[^?*]{{{MIN_INNER_PIECE},}}")

Halves = tuple[list[str], list[str]]


def possible_halves(folded: str) -> Halves:
    """Return first and last halves that fit a skeleton, best first.

    `?` is to be filled in. Both are empty if less than three glyphs at an end or four adjacent ones
    were read. A beginning or end of n glyphs is searched in marks of up to 2 n + 5 glyphs, a piece
    in marks that have it within two glyphs of an end.
    """
    if "*" not in folded:
        halves = {len(folded) // 2, (len(folded) + 1) // 2}
        return _best_halves((folded[:half], folded[-half:]) for half in halves if half >= MIN_HALF)
    from_ends = _best_halves(_halves_from_ends(folded))
    if any(from_ends):
        return from_ends
    return _best_halves(_halves_from_inner_piece(folded), MIN_HALF - 1)


def searched_length(norm: str) -> int | None:
    """Return the glyphs of the longest marks that a search finds; None for all, 0 for some."""
    folded = skeleton(norm)
    if "*" not in folded:
        return None
    lengths = {len(half) for half in chain(*_best_halves(_halves_from_ends(folded)))}
    half = _shortest_half(folded)
    while half in lengths:
        half += 1
    return 2 * half - 1 if half in {length + 1 for length in lengths} else 0


def _shortest_half(folded: str) -> int:
    """Return the glyphs of a half of the shortest mark that fits: a run can be of none."""
    return max((len(folded) - folded.count("*")) // 2, MIN_HALF)


def _halves_from_ends(folded: str) -> Iterator[tuple[str, str]]:
    head, *_, tail = folded.split("*")
    shortest = _shortest_half(folded)
    for half in range(shortest, max(len(head), len(tail)) + MAX_FILLED + 1):
        first, last = (head + _FILLED_GLYPHS)[:half], (_FILLED_GLYPHS + tail)[-half:]
        yield first if len(first) == half else "", last if len(last) == half else ""


def _halves_from_inner_piece(folded: str) -> Iterator[tuple[str, str]]:
    """Yield halves with the longest piece at most two glyphs from an end."""
    shortest = _shortest_half(folded)
    piece = max(_INNER_PIECE.findall(folded), key=len, default="")
    for before in range(MAX_FILLED + 1) if piece else ():
        head, tail = "?" * before + piece + _FILLED_GLYPHS, _FILLED_GLYPHS + piece + "?" * before
        for half in range(shortest, min(MAX_INNER_HALF, len(head)) + 1):
            yield head[:half], tail[-half:]


def _best_halves(halves: Iterable[tuple[str, str]], least: int = MIN_HALF) -> Halves:
    """Return sufficiently read halves: complete and longest first."""
    firsts, lasts = set[str](), set[str]()
    for pair in halves:
        for half, readable in zip(pair, (firsts, lasts), strict=True):
            count = sum(glyph not in UNREADABLE for glyph in half)
            if count >= least and half.count("?") <= MAX_FILLED:
                readable.add(half)
    first, last = (
        sorted(readable, key=lambda half: (half.count("?"), -len(half), half))
        for readable in (firsts, lasts)
    )
    return first, last


LACKING, HEAD, TAIL, CORE, PIECE = "12345"  # what a form is; the key begins with it
MAX_TWO_ERROR_GLYPHS: Final = 14  # glyphs searched for two errors; longer marks by their parts
MIN_PIECE: Final = MIN_HALF  # glyphs of a piece; fewer are on every gun
MAX_LEADING_ZEROS: Final = 3  # before a number: spreadsheets remove them, and columns add them
MAX_UNREAD: Final = 3  # unreadable glyphs at known places; more are searched by a part
_PRIME: Final = 2**63 - 25
_DIGITS: Final = tuple(range(10))
_LETTERS: Final = tuple(int(glyph, 36) for glyph in "ACEFHJKMNPRTUVWXY")  # what no fold takes away
_DIGIT_RUN: Final = re.compile(r"\d+")
_LEGIBLE_RUN: Final = re.compile(r"[^?*]+")


@dataclass(frozen=True)
class SearchKeys:
    """Variant keys to search by.

    `single` finds marks with one error or with unreadable glyphs only, `two` marks with two errors,
    `part` marks that share a half or the digits, most specific first. `can_find` is False if only
    pieces are searched, which find partly read marks but no whole ones.
    """

    single: frozenset[int] = frozenset()
    two: frozenset[int] = frozenset()
    part: tuple[int, ...] = ()
    can_find: bool = True


def index_keys(norm: str) -> set[int]:
    """Return the variant keys to store for a normalised mark."""
    folded = skeleton(norm)
    if is_partly_read(folded):
        return set(_partial_index_keys(folded))
    keys = _pack_keys(LACKING, (folded, *_without_one_glyph(folded)))
    # of an odd number both halves that include the middle glyph
    for half in {len(folded) // 2, (len(folded) + 1) // 2}:
        if half >= MIN_PIECE:
            keys |= {pack_key(HEAD, folded[:half]), pack_key(TAIL, folded[-half:])}
    return keys | {pack_key(CORE, core) for core in {folded} | digit_cores(norm) if core.isdigit()}


def own_key(norm: str) -> int:
    """Return the most specific of the stored keys of a mark. Halves are shared by thousands of marks."""
    folded = skeleton(norm)
    if is_partly_read(folded):
        return max(_partial_index_keys(folded), default=0)
    return pack_key(LACKING, folded)


def search_keys(norm: str) -> SearchKeys:
    """Return the variant keys to search a normalised mark by. The mark may have unreadable glyphs."""
    folded = skeleton(norm)
    if is_partly_read(folded):
        return _partial_search_keys(folded)
    swapped = set(_with_swapped_glyphs(folded))
    single = frozenset(
        pack_key(LACKING, form) for form in (folded, *_without_one_glyph(folded), *swapped)
    )
    # The digits of a longer mark must be more than the least of a mark of digits alone.
    digits = [folded, *(core for core in digit_cores(norm) if len(core) > MIN_PIECE)]
    digits += [form for core in digits for form in _with_other_leading_zeros(core)]
    part = (
        pack_key(kind, form)
        for kind, forms in ((CORE, digits), (PIECE, _pieces(folded)))
        for form in forms
    )
    return SearchKeys(
        single, frozenset(_two_error_keys(folded, swapped)) - single, tuple(dict.fromkeys(part))
    )


def like_pattern(norm: str) -> str | None:
    """Return the LIKE pattern over skeletons for a partly read mark, else None."""
    folded = skeleton(norm)
    if not is_partly_read(folded):
        return None
    return re.sub(r"([\\%_])", r"\\\1", folded).replace("?", "_").replace("*", "%")


def _with_other_leading_zeros(digits: str) -> Iterator[str]:
    """Yield a number with up to three leading zeros more or fewer."""
    bare = digits.lstrip("0")
    if digits.isdigit() and len(bare) > MIN_PIECE:
        had = len(digits) - len(bare)
        for zeros in range(max(had - MAX_LEADING_ZEROS, 0), had + MAX_LEADING_ZEROS + 1):
            if zeros != had:
                yield "0" * zeros + bare


def _pieces(folded: str) -> Iterator[str]:
    """Yield all pieces of a text, longest first."""
    for count in range(len(folded), MIN_PIECE - 1, -1):
        yield from (folded[at : at + count] for at in range(len(folded) - count + 1))


def pack_key(kind: str, form: str) -> int:
    """Return the key of a variant."""
    try:
        return int(kind + form, 36) % _PRIME
    except ValueError:  # a glyph of another script, or a sign
        digest = hashlib.blake2b(f"{kind}{form}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % _PRIME


def _pack_keys(kind: str, forms: Sequence[str]) -> set[int]:
    """Return the keys of several variants."""
    try:
        return {int(kind + form, 36) % _PRIME for form in forms}
    except ValueError:
        return {pack_key(kind, form) for form in forms}


def _without_one_glyph(folded: str) -> Iterator[str]:
    count = len(folded)
    return (folded[:at] + folded[at + 1 :] for at in range(count if count > 2 else 0))


def _without_glyphs(folded: str, count: int) -> Iterator[str]:
    """Yield the mark without `count` glyphs, if enough are left."""
    if not MIN_PIECE + count <= len(folded) <= MAX_TWO_ERROR_GLYPHS:
        return
    for places in combinations(range(len(folded)), count):
        yield "".join(glyph for at, glyph in enumerate(folded) if at not in places)


def _with_swapped_glyphs(folded: str) -> Iterator[str]:
    for at in range(len(folded) - 1):
        if folded[at] != folded[at + 1]:
            yield folded[:at] + folded[at + 1] + folded[at] + folded[at + 2 :]


def _two_error_keys(folded: str, swapped: Iterable[str]) -> Iterator[int]:
    """Yield keys shared with marks two errors away."""
    if not MIN_PIECE < len(folded) <= MAX_TWO_ERROR_GLYPHS:
        return
    for form in chain(
        _without_glyphs(folded, 2),
        *map(_without_one_glyph, swapped),
        *map(_with_swapped_glyphs, swapped),
    ):
        yield pack_key(LACKING, form)
    if not _is_plain(folded):
        return
    yield from _replacement_keys(folded, 0)
    for at in range(len(folded) - 1):
        yield from _replacement_keys(folded[:at] + folded[at + 1 :], at)
    yield from _insertion_keys(folded)


def _insertion_keys(form: str) -> Iterator[int]:
    """Yield keys with one glyph more, of the kind of its neighbours."""
    for at in range(len(form) + 1):
        weight = 36 ** (len(form) - at)
        base = int(LACKING + form[:at], 36) * 36 * weight + int(form[at:] or "0", 36)
        neighbours = {_glyphs_of_kind(glyph) for glyph in form[max(at - 1, 0) : at + 1]}
        for inserted in chain.from_iterable(neighbours):
            yield (base + inserted * weight) % _PRIME


def _replacement_keys(form: str, since: int) -> Iterator[int]:
    """Yield keys with one glyph from `since` replaced by others of its kind."""
    value, weight = int(LACKING + form, 36), 36 ** (len(form) - since)
    for glyph in form[since:]:
        weight //= 36
        own = int(glyph, 36)
        for other in _glyphs_of_kind(glyph):
            if other != own:
                yield (value + (other - own) * weight) % _PRIME


def _is_plain(form: str) -> bool:
    return form.isascii() and form.isalnum()


def _glyphs_of_kind(glyph: str) -> tuple[int, ...]:
    return _DIGITS if glyph in "0123456789" else _LETTERS


def digit_cores(norm: str) -> set[str]:
    """Return the digits of a mark without its letters."""
    runs = _DIGIT_RUN.findall(norm)
    if not runs or any(sign in norm for sign in "?*["):
        return set()
    return {core for core in ("".join(runs), max(runs, key=len)) if len(core) >= MIN_PIECE}


def _partial_index_keys(folded: str) -> Iterator[int]:
    """Yield keys of a partly read mark: its longest legible piece."""
    if "*" not in folded and folded.count("?") <= 2:
        yield pack_key(LACKING, folded.replace("?", ""))
    longest = max(_LEGIBLE_RUN.findall(folded), key=len, default="")
    if len(longest) >= MIN_PIECE:
        yield pack_key(PIECE, longest)


def _partial_search_keys(folded: str) -> SearchKeys:
    patterns = list(_fixed_length_patterns(folded))
    if "*" in folded and len(folded) == MIN_PIECE + 1:  # no half is stored of a mark of four glyphs
        patterns.append(folded.replace("*", "?"))
    # without the first unreadable glyph, the others filled in
    shorter = (pattern.replace("?", "", 1) for pattern in patterns)
    single = frozenset(key for form in shorter for key in _filled_keys(LACKING, form))
    lacking = [pattern.replace("?", "") for pattern in patterns if pattern.count("?") == 1]
    double = frozenset(
        key
        for form in filter(_is_plain, lacking)
        for key in chain(
            _replacement_keys(form, 0),
            _insertion_keys(form),
            (pack_key(LACKING, shorter) for shorter in _without_one_glyph(form)),
        )
    )
    whole = [] if single and "*" not in folded else list(_possible_half_keys(folded))
    pieces = (
        pack_key(PIECE, piece)
        for legible in _LEGIBLE_RUN.findall(folded)
        for piece in _pieces(legible)
    )
    finds = bool(whole or (single and "*" not in folded))
    return SearchKeys(
        single, double - single, tuple(dict.fromkeys((*whole, *pieces))), can_find=finds
    )


def _fixed_length_patterns(folded: str) -> Iterator[str]:
    """Yield the patterns, with `*` as no glyph; one within as one to three glyphs, too."""
    is_within = folded.strip("*").count("*") == folded.count("*") == 1
    for count in range(MAX_UNREAD + 1) if is_within else (0,):
        pattern = folded.replace("*", "?" * count)
        if pattern.count("?") <= MAX_UNREAD and len(pattern) > MAX_UNREAD:
            yield pattern


def _filled_keys(kind: str, form: str) -> Iterator[int]:
    """Return the keys of a variant with unreadable glyphs filled in."""
    if not _is_plain(form.replace("?", "")):
        return iter(() if "?" in form else (pack_key(kind, form),))
    sums = [int(kind + form.replace("?", "0"), 36)]
    for at in (place for place, glyph in enumerate(form) if glyph == "?"):
        weight = 36 ** (len(form) - 1 - at)
        sums = [before + glyph * weight for before in sums for glyph in _DIGITS + _LETTERS]
    return (value % _PRIME for value in sums)


def _possible_half_keys(folded: str) -> Iterator[int]:
    """Yield keys of possible halves of the whole mark, best first."""
    heads, tails = possible_halves(folded)
    for kind, halves in ((HEAD, heads), (TAIL, tails)):
        yield from chain.from_iterable(_filled_keys(kind, half) for half in halves)


def make_code(make: str | None) -> int:
    """Return 15 bits for a make in a variant row; 0 if unknown."""
    return zlib.crc32(make.encode()) & 0x7FFF if make else 0


FIELD_READ: Final = "6"  # what a form is; those of `neighbours` come before it
MIN_FIELD_GLYPHS: Final = 2  # glyphs that are left
MAX_FIELD_GLYPHS: Final = MAX_TWO_ERROR_GLYPHS + 2
"""Glyphs of a mark that can be two errors from one that is searched for two."""


def field_index_keys(norm: str) -> set[int]:
    """Return the extra keys to store for a mark read in the field.

    Few marks are read in the field, so these are also stored without each two of their glyphs; a
    search leaves out as many of its own, and marks two errors apart meet (symmetric deletion). Ten
    times shorter queries than with `search_keys`; a meeting need not be near and is compared.
    """
    return {pack_key(FIELD_READ, form) for form in _field_variants(norm)}


def field_own_key(norm: str) -> int:
    """Return the most specific of a mark's field keys."""
    return pack_key(FIELD_READ, _legible_skeleton(norm))


def field_search_keys(norm: str) -> set[int]:
    """Return keys that find field readings near a fully read mark."""
    folded = skeleton(norm)
    pieces = (
        folded[a:b] for a in range(len(folded)) for b in range(a + MIN_PIECE, len(folded) + 1)
    )
    return field_index_keys(norm) | {pack_key(PIECE, piece) for piece in pieces}


def _field_variants(norm: str) -> Iterator[str]:
    legible = _legible_skeleton(norm)
    yield legible
    yield from digit_cores(norm)
    for count in (1, 2) if len(legible) <= MAX_FIELD_GLYPHS else (1,):
        if len(legible) - count >= MIN_FIELD_GLYPHS:
            for places in combinations(range(len(legible)), len(legible) - count):
                yield "".join(map(legible.__getitem__, places))


def _legible_skeleton(norm: str) -> str:
    """Return the skeleton without unreadable glyphs; each counts as an error."""
    return skeleton(norm).translate(dict.fromkeys(map(ord, UNREADABLE)))
