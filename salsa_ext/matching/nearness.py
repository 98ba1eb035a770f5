"""How near two marks are: the same, confused, one or two errors apart, alike in what can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from salsa_ext.matching.marks import UNREADABLE, glyphs, normalise, readable, skeleton
from salsa_ext.matching.neighbours import MOST_ZEROS, SHORTEST, cores

# Glyphs that are taken for each other, though not so often that they are folded together.
_ALIKE: Final = frozenset(
    frozenset(pair) for pair in (
        "UV", "VY", "MN", "MW", "CG", "C6", "C0", "17", "1T", "7T", "38", "3B", "4A", "94", "96", "68",
        "83", "EF", "HN", "KX", "PR", "R8", "P8", "27", "53", "56", "XY", "JU", "J1", "VW", "EB",
        "08", "09", "06", "69", "89", "35", "49", "14", "47",
    )
)  # fmt: skip
_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True)
class Nearness:
    """In what way two marks are near, and what differs.

    `kind` is `same` (`count` glyphs were read as one of several, of which one fits), `confusable`
    (`count` glyphs are often confused), `one` or `two` errors, `unread` (the same as far as it can
    be read), `unread_one` (but for one glyph that differs), or `core` (the same digits, other
    letters, or `count` zeros before them). `glyphs` is how many readable glyphs agree. `read` and
    `held` are the glyphs of a single error, of which one is empty where a glyph is lost or added; of
    a core they are the letters.
    """

    kind: str
    glyphs: int
    count: int = 0
    read: str = ""
    held: str = ""

    @property
    def is_alike(self) -> bool:
        """Tell a single error that eyes and cameras make often."""
        return frozenset(skeleton(self.read + self.held)) in _ALIKE

    @property
    def is_swap(self) -> bool:
        """Tell two neighbours that changed places."""
        return len(skeleton(self.read)) == 2


def compare(asked: str, held: str) -> Nearness | None:
    """Compare two marks as `marks.normalise` returns them; None where they are not near."""
    mine, theirs = skeleton(asked), skeleton(held)
    if _unread(mine) or _unread(theirs):
        near = _as_far_as_read(mine, theirs)
        return _but_for_one(near, asked, held) if "[" in asked + held else near
    if mine == theirs:
        return _alike(mine, asked, held)
    errors, core = _errors(mine, theirs, asked, held), _core(asked, held)
    if core and (errors is None or errors.glyphs <= core.glyphs + 1):
        return core
    return errors


def fits(asked: str, held: str) -> bool:
    """Tell whether two marks as they are written can be one: the same as far as both can be read."""
    near = compare(normalise(asked), normalise(held))
    return near is not None and near.kind in ("same", "confusable", "unread")


def _alike(folded: str, asked: str, held: str) -> Nearness:
    """Compare two marks of one skeleton; a glyph that was read as one of several is the best of them."""
    if asked == held and "[" not in asked:
        return Nearness("same", readable(folded))
    pairs = list(zip(glyphs(asked), glyphs(held), strict=True))
    if apart := sum(one.isdisjoint(other) for one, other in pairs):
        return Nearness("confusable", len(folded), apart)
    return Nearness("same", readable(folded), sum(len(one | other) > 1 for one, other in pairs))


def _but_for_one(near: Nearness | None, asked: str, held: str) -> Nearness | None:
    """Heed that `[83]` is no 9, though it is compared as a glyph that cannot be read."""
    read, kept = glyphs(asked), glyphs(held)
    if near is None or near.kind != "unread" or len(read) != len(kept) or "*" in asked + held:
        return near
    folds = [(set(map(skeleton, one)), set(map(skeleton, other)))
             for one, other in zip(read, kept, strict=True)]  # fmt: skip
    apart = [at for at, (one, other) in enumerate(folds)
             if one.isdisjoint(other) and "?" not in one | other]  # fmt: skip
    if not apart:
        return near
    at = apart[0]
    one = Nearness(
        "unread_one", near.glyphs, 1, "/".join(sorted(read[at])), "/".join(sorted(kept[at]))
    )
    return one if len(apart) == 1 else None


def _errors(mine: str, theirs: str, asked: str, held: str) -> Nearness | None:
    distance = OSA.distance(mine, theirs, score_cutoff=2)
    glyphs = max(len(mine), len(theirs)) - distance
    if distance == 1:
        read, other = _difference(asked, held, mine, theirs)
        return Nearness("one", glyphs, 1, read, other)
    return Nearness("two", glyphs, 2) if distance == 2 and glyphs > 2 else None


def _difference(asked: str, held: str, mine: str, theirs: str) -> tuple[str, str]:
    """Return the glyphs between the longest equal head and tail, as they were written."""
    head = next((at for at, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b),
                min(len(mine), len(theirs)))  # fmt: skip
    short = min(len(mine), len(theirs)) - head
    tail = next((at for at in range(short) if mine[-1 - at] != theirs[-1 - at]), short)
    return _written(asked, head, len(mine) - tail), _written(held, head, len(theirs) - tail)


def _written(norm: str, start: int, end: int) -> str:
    """Return some glyphs as they are written, of which one can be `[8B]`."""
    said = ("".join(sorted(glyph)) for glyph in glyphs(norm)[start:end])
    return "".join(f"[{one}]" if len(one) > 1 else one for one in said)


def _core(asked: str, held: str) -> Nearness | None:
    """Compare without letters: NCIC ignores embedded ones, and people leave out those before."""
    mine, theirs = (cores(norm) | {skeleton(norm)} for norm in (asked, held))
    said = [_DIGIT.sub("", norm) for norm in (asked, held)]
    if shared := mine & theirs:
        return Nearness("core", max(map(len, shared)), 0, *said)
    zeros = [found for one in mine for other in theirs if (found := _but_for_zeros(one, other))]
    return Nearness("core", *max(zeros), *said) if zeros else None


def _but_for_zeros(one: str, other: str) -> tuple[int, int] | None:
    """Return how many digits two numbers share behind zeros, and by how many zeros they differ."""
    bare, zeros = one.lstrip("0"), abs(len(one) - len(other))
    is_same = bare == other.lstrip("0") and bare.isdigit() and len(bare) > SHORTEST
    return (len(bare), zeros) if is_same and zeros <= MOST_ZEROS else None


def _as_far_as_read(mine: str, theirs: str) -> Nearness | None:
    if _fits(mine, theirs):
        unknown = sum(text.count("?") for text in (mine, theirs))
        return Nearness("unread", min(readable(mine), readable(theirs)), unknown)
    if len(mine) != len(theirs) or "*" in mine + theirs:
        return None
    pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if "?" not in (a, b)]
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    ((read, held),) = differing
    return Nearness("unread_one", len(pairs) - 1, 1, read, held)


def _fits(mine: str, theirs: str) -> bool:
    """Tell whether one mark can be the other; where both have runs, by what stands beside them."""
    if "*" in mine and "*" in theirs:
        heads, tails = zip(
            *(re.split(r"[*]", text, maxsplit=1) for text in (mine, theirs)), strict=True
        )
        return _agree(*heads) and _agree(*(tail.split("*")[-1][::-1] for tail in tails))
    if "*" in theirs:
        mine, theirs = theirs, mine
    if "*" in mine:
        return _has_pieces(mine.split("*"), theirs)
    return len(mine) == len(theirs) and _agree(mine, theirs)


def _has_pieces(pieces: list[str], whole: str) -> bool:
    """Tell whether pieces stand in a mark in order, the first and last at its ends, something between.

    The first place where a piece fits is as good as any later one, so no way is tried twice.
    """
    head, *middle, tail = pieces
    last = len(whole) - len(tail)
    if last <= len(head) or not (_agree(head, whole) and _agree(tail, whole[last:])):
        return False
    at = len(head) + 1
    for piece in middle:
        fits = (start for start in range(at, last - len(piece)) if _agree(piece, whole[start:]))
        if (start := next(fits, None)) is None:
            return False
        at = start + len(piece) + 1
    return at <= last


def _agree(one: str, other: str) -> bool:
    return all(a == b or "?" in (a, b) for a, b in zip(one, other, strict=False))


def _unread(text: str) -> bool:
    return any(sign in text for sign in UNREADABLE)
