"""What was shipped beside what was received, serial by serial; pure.

Equal serials are set aside first, so that a hundred thousand of them cost little; only what is
left on both sides is compared for mis-keyed ones. Who has set some aside already gives the rest,
each with its place in the whole list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract_iter

from salsa_ext.matching.marks import normalise, skeleton

FURTHEST: Final = 2
TYPED: Final = 2
MOST_PAIRS: Final = 4_000_000
"""Of more pairs than this nothing is mis-keyed: these are other goods."""


@dataclass(frozen=True)
class Sent:
    """A gun of the manifest; `key` is the caller's own name of it, `place` that in the whole list."""

    key: Hashable
    serial: str
    line: int = 1
    make: str | None = None
    place: int | None = None


@dataclass(frozen=True)
class Arrived:
    """A serial as it was read at the receipt; line and make where the reader gives them.

    Of the rest of a list, `place` is that in the whole of it, and `after` names the places (of the
    receipt, of the manifest) of the last pair before it that was set aside.
    """

    serial: str
    line: int | None = None
    make: str | None = None
    place: int | None = None
    after: tuple[int, int] = (-1, -1)


@dataclass
class Comparison:
    """What became of a manifest: every gun of it arrived or is missing, mis-keyed ones arrived.

    `equal` counts the guns that arrived under their own serial, `sent` and `received` both lists.
    """

    arrived: list[Sent] = field(default_factory=list)
    miskeyed: list[tuple[Sent, str]] = field(default_factory=list)
    missing: list[Sent] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    equal: int = 0
    sent: int = 0
    received: int = 0

    @property
    def is_of_other_goods(self) -> bool:
        """Tell whether the list has no serial in common with the manifest.

        A serial that only looks alike (0 and O) is in common. One that is misspelt is so in a list
        that was typed, of a gun or two: the next numbers of a series are as near, and a longer
        list of them is that of another shipment.
        """
        if not self.received or self.equal:
            return False
        alike = (skeleton(normalise(gun.serial)) == skeleton(normalise(read))
                 for gun, read in self.miskeyed)  # fmt: skip
        return not (any(alike) or (self.miskeyed and self.received <= TYPED))


def compare(sent: Sequence[Sent], received: Sequence[Arrived]) -> Comparison:
    """Pair what arrived with what was sent, each once.

    First by equal serials, where line and make agree if they are given; then what is left by
    serials that look alike or are at most two edits apart (insertion, deletion, substitution,
    transposition), the nearest first. Among equally near ones the place in both lists decides:
    a receipt is mostly written in the order of its manifest.
    """
    found = Comparison(sent=len(sent), received=len(received))
    left, over = _by_equality(sent, received, found)
    pairs = _by_nearness([sent[at] for at, _ in left], [item for item, _ in over],
                         [place for _, place in left], [place for _, place in over])  # fmt: skip
    for ours, theirs in pairs:
        found.miskeyed.append((sent[left[ours][0]], over[theirs][0].serial))
    taken = {ours for ours, _ in pairs}, {theirs for _, theirs in pairs}
    found.missing = [sent[at] for n, (at, _) in enumerate(left) if n not in taken[0]]
    found.over = [item.serial for n, (item, _) in enumerate(over) if n not in taken[1]]
    return found


Left = tuple[list[tuple[int, int]], list[tuple[Arrived, int]]]


def _by_equality(sent: Sequence[Sent], received: Sequence[Arrived], found: Comparison) -> Left:
    """Set equal serials aside; returns the rest of both, each with its place among the equal."""
    by_serial: dict[str, list[int]] = defaultdict(list)
    for at, gun in enumerate(sent):
        by_serial[normalise(gun.serial)].append(at)
    place = [-1] * len(received)
    exact_first = sorted(range(len(received)), key=lambda n: _is_bare(received[n]))
    for n in exact_first:
        candidates = by_serial.get(normalise(received[n].serial), [])
        for at in candidates:
            if _fits(sent[at], received[n]):
                place[n] = at
                candidates.remove(at)
                break
    arrived = {at for at in place if at >= 0}
    found.arrived = [gun for at, gun in enumerate(sent) if at in arrived]
    found.equal = len(arrived)
    left = [(at, _place(gun, at)) for at, gun in enumerate(sent) if at not in arrived]
    pairs = [_place(sent[at], at) if at >= 0 else None for at in place]
    return left, list(_places(received, pairs))


def _place(item: Sent | Arrived, index: int) -> int:
    return index if item.place is None else item.place


def _places(
    received: Sequence[Arrived], pairs: Sequence[int | None]
) -> Iterator[tuple[Arrived, int]]:
    """Yield what equals nothing, with the place in the manifest where it would stand."""
    last = (-1, -1)
    for index, (item, at) in enumerate(zip(received, pairs, strict=True)):
        own = _place(item, index)
        if at is not None:
            last = (own, at)
        else:
            read, stood = max(last, item.after)
            yield item, stood + own - read


def _is_bare(item: Arrived) -> bool:
    return item.line is None and item.make is None


def _fits(gun: Sent, item: Arrived) -> bool:
    return item.line in (None, gun.line) and item.make in (None, gun.make)


def _by_nearness(
    sent: Sequence[Sent], received: Sequence[Arrived],
    places: Sequence[int], expected: Sequence[int],
) -> list[tuple[int, int]]:  # fmt: skip
    """Return pairs of indexes, the nearest first, each index once."""
    if not sent or not received or len(sent) * len(received) > MOST_PAIRS:
        return []
    norms = [normalise(gun.serial) for gun in sent]
    folded = [skeleton(norm) for norm in norms]
    rated = []
    for theirs, item in enumerate(received):
        norm = normalise(item.serial)
        for ours, look, edits in _near(norm, norms, folded):
            if _fits(sent[ours], item):
                rated.append((look, edits, abs(places[ours] - expected[theirs]), ours, theirs))
    return _once(sorted(rated))


def _near(norm: str, norms: Sequence[str], folded: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield what a serial may be mis-keyed from: its index, edits of the folds, edits."""
    fold = skeleton(norm)
    for _, look, index in extract_iter(
        fold, folded, scorer=OSA.distance, processor=None, score_cutoff=FURTHEST
    ):
        edits = OSA.distance(norm, norms[index])
        if edits <= FURTHEST or look == 0:
            yield index, int(look), edits


def _once(rated: Sequence[tuple[int, int, int, int, int]]) -> list[tuple[int, int]]:
    ours_taken: set[int] = set()
    theirs_taken: set[int] = set()
    pairs = []
    for *_, ours, theirs in rated:
        if ours not in ours_taken and theirs not in theirs_taken:
            ours_taken.add(ours)
            theirs_taken.add(theirs)
            pairs.append((ours, theirs))
    return sorted(pairs)
