"""Compare two marks: same, confusable, one or two errors apart, partly unread."""

import re
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks.keys import (
    count_readable,
    glyph_options,
    is_partly_read,
    normalise,
    skeleton,
)
from salsa_ext.firearms.marks.variants import MAX_LEADING_ZEROS, MIN_PIECE, digit_cores

# Glyphs that are confused with each other, though not so often that they are folded together.
_SIMILAR_GLYPHS: Final = frozenset(
    map(
        frozenset,
        "UV VY MN MW CG C6 C0 17 1T 7T 38 3B 4A 94 96 68 83 EF HN KX PR R8 P8 27 53 56 XY JU J1 VW"
        " EB 08 09 06 69 89 35 49 14 47".split(),
    )
)
MIN_TELLING_GLYPHS: Final = 6
"""Readable glyphs of a partly read mark that are more than those of a family."""
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True)
class MarkComparison:
    """Result of comparing two marks.

    `kind`: `same` (`count` glyphs were read as one of several, one of which fits), `confusable`
    (`count` glyphs are often confused), `one` or `two` errors, `unread` (same as far as read, all
    but `count` glyphs; 0 if it is not known how many),
    `unread_one` (the same, but one glyph differs), `core` (same digits, other letters, or `count`
    leading zeros). `glyphs` counts the readable glyphs that agree. `read` and `recorded` are the glyphs
    of a single error, one of them empty if a glyph is lost or added; for `core` they are the
    letters. `is_of_series`: they differ in digits alone, as two guns that are numbered on.
    """

    kind: str
    glyphs: int
    count: int = 0
    read: str = ""
    recorded: str = ""
    is_of_series: bool = False

    @property
    def is_alike(self) -> bool:
        """Return whether the single error is a frequent misreading."""
        return frozenset(skeleton(self.read + self.recorded)) in _SIMILAR_GLYPHS

    @property
    def is_hard_to_read(self) -> bool:
        """Return whether a glyph that differs is easily misread, lost or unread."""
        if self.kind in ("one", "unread_one"):
            return self.is_alike or self.is_swap or not (self.read and self.recorded)
        if self.kind == "unread":
            return self.glyphs >= MIN_TELLING_GLYPHS
        if self.kind == "core":
            return self.read in self.recorded or self.recorded in self.read
        return self.kind != "two"

    @property
    def has_one_unread(self) -> bool:
        """Return whether all but one glyph were read, and agree."""
        return self.kind == "unread" and self.count == 1

    @property
    def is_swap(self) -> bool:
        """Return whether two adjacent glyphs are swapped."""
        return len(skeleton(self.read)) == 2


def compare(read: str, recorded: str) -> MarkComparison | None:
    """Compare two normalised marks; None if they are not near."""
    mine, theirs = skeleton(read), skeleton(recorded)
    if is_partly_read(mine + theirs):
        near = _compare_partly_read(mine, theirs)
        return _check_alternatives(near, read, recorded) if "[" in read + recorded else near
    if mine != theirs:
        errors, core = (
            _compare_by_errors(mine, theirs, read, recorded),
            _compare_digits(read, recorded),
        )
        return core if core and (errors is None or errors.glyphs <= core.glyphs + 1) else errors
    if read == recorded and "[" not in read:
        return MarkComparison("same", count_readable(mine))
    # of alternatives the best one counts
    pairs = list(zip(glyph_options(read), glyph_options(recorded), strict=True))
    if differing := sum(glyph.isdisjoint(other) for glyph, other in pairs):
        return MarkComparison("confusable", len(mine), differing)
    unsure = sum(len(glyph | other) > 1 for glyph, other in pairs)
    return MarkComparison("same", count_readable(mine), unsure)


def can_be_same(read: str, recorded: str) -> bool:
    """Return whether two marks agree as far as both can be read. Takes the marks as written."""
    near = compare(normalise(read), normalise(recorded))
    return near is not None and near.kind in ("same", "confusable", "unread")


def _check_alternatives(
    near: MarkComparison | None, read: str, recorded: str
) -> MarkComparison | None:
    """Correct the result where `[83]` was compared as an unreadable glyph."""
    mine, theirs = glyph_options(read), glyph_options(recorded)
    if near is None or near.kind != "unread" or len(mine) != len(theirs) or "*" in read + recorded:
        return near
    differing = []
    for glyphs, others in zip(mine, theirs, strict=True):
        folded, folded_others = {*map(skeleton, glyphs)}, {*map(skeleton, others)}
        if folded.isdisjoint(folded_others) and "?" not in folded | folded_others:
            differing.append(("/".join(sorted(glyphs)), "/".join(sorted(others))))
    if len(differing) == 1:
        return MarkComparison("unread_one", near.glyphs, 1, *differing[0])
    return None if differing else near


def _compare_by_errors(mine: str, theirs: str, read: str, recorded: str) -> MarkComparison | None:
    """Return a comparison of one or two errors; the glyphs of one, as written."""
    distance = OSA.distance(mine, theirs, score_cutoff=2)
    glyphs = max(len(mine), len(theirs)) - distance
    if distance > 2 or (distance == 2 and glyphs <= 2):
        return None
    is_of_series = _differ_in_digits(mine, theirs, read, recorded)
    if distance == 2:
        return MarkComparison("two", glyphs, 2, is_of_series=is_of_series)
    # between the longest equal head and tail
    shorter = min(len(mine), len(theirs))
    pairs = enumerate(zip(mine, theirs, strict=False))
    head = next((at for at, (glyph, other) in pairs if glyph != other), shorter)
    short = shorter - head
    tail = next((at for at in range(short) if mine[-1 - at] != theirs[-1 - at]), short)
    return MarkComparison(
        "one",
        glyphs,
        1,
        _glyphs_as_written(read, head, len(mine) - tail),
        _glyphs_as_written(recorded, head, len(theirs) - tail),
        is_of_series=is_of_series,
    )


def _differ_in_digits(mine: str, theirs: str, read: str, recorded: str) -> bool:
    """Return whether two skeletons differ in glyphs that are digits as written, place by place."""
    if len(mine) != len(theirs):
        return False
    written = zip(mine, theirs, glyph_options(read), glyph_options(recorded), strict=True)
    return all(
        glyph == other or all(map(str.isdigit, options | others))
        for glyph, other, options, others in written
    )


def _glyphs_as_written(norm: str, start: int, end: int) -> str:
    """Return some glyphs as written; one may be `[8B]`."""
    options = ("".join(sorted(glyph)) for glyph in glyph_options(norm)[start:end])
    return "".join(f"[{each}]" if len(each) > 1 else each for each in options)


def _compare_digits(read: str, recorded: str) -> MarkComparison | None:
    """Compare the digits: NCIC ignores embedded letters, people omit prefixes."""
    mine, theirs = (digit_cores(norm) | {skeleton(norm)} for norm in (read, recorded))
    letters = _DIGIT.sub("", read), _DIGIT.sub("", recorded)
    if shared := mine & theirs:
        return MarkComparison("core", max(map(len, shared)), 0, *letters)
    agreeing = []
    for digits in mine:
        for other in theirs:
            bare, zeros = digits.lstrip("0"), abs(len(digits) - len(other))
            is_same = bare == other.lstrip("0") and bare.isdigit() and len(bare) > MIN_PIECE
            if is_same and zeros <= MAX_LEADING_ZEROS:
                agreeing.append((len(bare), zeros))
    return MarkComparison("core", *max(agreeing), *letters) if agreeing else None


def _compare_partly_read(mine: str, theirs: str) -> MarkComparison | None:
    if _is_compatible(mine, theirs):
        unknown = (mine + theirs).count("?") if "*" not in mine + theirs else 0
        return MarkComparison("unread", min(count_readable(mine), count_readable(theirs)), unknown)
    if "*" in mine + theirs:
        return None
    if len(mine) != len(theirs):
        return _compare_with_one_glyph_more(mine, theirs)
    pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if "?" not in (a, b)]
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    ((read, recorded),) = differing
    return MarkComparison("unread_one", len(pairs) - 1, 1, read, recorded)


def _compare_with_one_glyph_more(mine: str, theirs: str) -> MarkComparison | None:
    """Compare marks of which one has a readable glyph that the other lacks."""
    longer, shorter = sorted((mine, theirs), key=len, reverse=True)
    if len(longer) != len(shorter) + 1:
        return None
    for at, glyph in enumerate(longer):
        if glyph != "?" and _glyphs_agree(longer[:at] + longer[at + 1 :], shorter):
            glyphs = min(count_readable(mine), count_readable(theirs))
            is_mine = longer == mine
            return MarkComparison(
                "unread_one", glyphs, 1, glyph if is_mine else "", "" if is_mine else glyph
            )
    return None


def _is_compatible(mine: str, theirs: str) -> bool:
    """Return whether two skeletons with `?` and `*` can be the same."""
    if "*" in mine and "*" in theirs:
        heads, tails = zip(
            *((text.split("*")[0], text.split("*")[-1]) for text in (mine, theirs)), strict=True
        )
        return _glyphs_agree(*heads) and _glyphs_agree(*(tail[::-1] for tail in tails))
    if "*" in theirs:
        mine, theirs = theirs, mine
    if "*" in mine:
        return _has_pieces(mine.split("*"), theirs)
    return len(mine) == len(theirs) and _glyphs_agree(mine, theirs)


def _has_pieces(pieces: list[str], whole: str) -> bool:
    """Return whether the pieces occur in the mark in order."""
    head, *middle, tail = pieces
    last = len(whole) - len(tail)
    if last < len(head) or not (_glyphs_agree(head, whole) and _glyphs_agree(tail, whole[last:])):
        return False
    at = len(head)
    for piece in middle:
        fits = (
            start
            for start in range(at, last - len(piece) + 1)
            if _glyphs_agree(piece, whole[start:])
        )
        if (start := next(fits, None)) is None:
            return False
        at = start + len(piece)
    return at <= last


def _glyphs_agree(glyphs: str, others: str) -> bool:
    return all(a == b or "?" in (a, b) for a, b in zip(glyphs, others, strict=False))


_ONE_SIDED: Final = {"one": "", "core": "core_", "unread_one": "unread_"}
"""Kinds whose glyph can be lost or added, with the beginning of those texts."""
_TEXTS: Final = {
    "same": message("The serial is the same."),
    "lot": message("The lot is the same."),
    "options": message(
        "The serial can be the same: {count} of its characters were read as one of several."
    ),
    "confusable": message("The serial agrees but for {count} characters that are often confused."),
    "one": message(
        "The serial agrees but for one character: {read} here, {recorded} in the record."
    ),
    "swap": message(
        "The serial agrees, with two characters in each other's place: {read} here, {recorded} in the record."
    ),
    "added": message("The serial has {read} where the record has nothing."),
    "lost": message("The serial lacks the {recorded} that the record has."),
    "two": message("The serial agrees but for two errors of reading or writing."),
    "unread": message("The serial is the same in the {count} characters that can be read."),
    "unread_one": message(
        "The serial agrees in {count} of the characters that can be read, and one differs: {read}"
        " here, {recorded} in the record."
    ),
    "unread_added": message(
        "The serial agrees in {count} of the characters that can be read, and has {read} where the"
        " record has nothing."
    ),
    "unread_lost": message(
        "The serial agrees in {count} of the characters that can be read, and lacks the {recorded} that"
        " the record has."
    ),
    "zeros": message(
        "The serial has the same {count} digits, with more or fewer zeros before them."
    ),
    "core_lost": message("The serial has the same {count} digits; the record has letters as well."),
    "core_added": message("The serial has the same {count} digits; the record has no letters."),
    "core": message("The serial has the same {count} digits, and other letters."),
    "mark_same": message("Another mark of the gun is the same."),
    "mark": message(
        "Another mark of the firearm differs in {count} characters that are often confused."
    ),
}


def describe(near: MarkComparison, by: str) -> Message:
    """Return a sentence that describes a comparison."""
    text, count = near.kind, near.glyphs
    if by == "lot":
        text = "lot"
    elif by != "serial":
        text, count = "mark_same" if near.kind == "same" else "mark", near.count
    elif near.kind in ("same", "confusable"):
        text, count = "options" if near.kind == "same" and near.count else near.kind, near.count
    elif near.kind == "one" and near.is_swap:
        text = "swap"
    elif near.kind == "core" and near.count:
        text = "zeros"
    elif near.kind in _ONE_SIDED and not (near.read and near.recorded):
        prefix = _ONE_SIDED[near.kind]
        text = prefix + ("added" if near.read else "lost")
    return Message(
        _TEXTS[text].text, {"count": count, "read": near.read, "recorded": near.recorded}
    )
