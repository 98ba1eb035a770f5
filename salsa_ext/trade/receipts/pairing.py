"""Pairing of shipped and received serials.

Pure. Equal serials are paired first, which is cheap for 100,000 of them; only the rest is compared
for mis-keyed ones. Callers that already paired some pass the rest with its positions in the whole
list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract_iter

from salsa_ext.firearms.marks.keys import normalise, skeleton

MAX_EDITS: Final = 2
MAX_TYPED: Final = 2
MAX_PAIRS: Final = 4_000_000
"""Of more pairs than this nothing is mis-keyed: these are other goods."""


@dataclass(frozen=True)
class ShippedSerial:
    """A gun of the manifest.

    `key` is the caller's identifier, `place` its position in the whole list.
    """

    key: Any
    serial: str
    line: int = 1
    make: str | None = None
    place: int | None = None


@dataclass(frozen=True)
class ReceivedSerial:
    """A serial as read at the receipt; line and make if given.

    In the rest of a list, `place` is its position in the whole list, and `after` the positions
    (receipt, manifest) of the last pair before it.
    """

    serial: str
    line: int | None = None
    make: str | None = None
    place: int | None = None
    after: tuple[int, int] = (-1, -1)


@dataclass
class SerialComparison:
    """Result: guns that arrived, were mis-keyed, are missing, and surplus serials.

    `equal` counts guns that arrived under their own serial; `sent` and `received` count both lists.
    """

    arrived: list[ShippedSerial] = field(default_factory=list)
    miskeyed: list[tuple[ShippedSerial, str]] = field(default_factory=list)
    missing: list[ShippedSerial] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    equal: int = 0
    sent: int = 0
    received: int = 0

    @property
    def is_of_other_goods(self) -> bool:
        """Return whether the list has no serial in common with the manifest.

        A look-alike serial (0 and O) is in common. A misspelt one counts only in a list of at most
        MAX_TYPED serials: in a longer list, near serials are the next numbers of a series, of
        another shipment.
        """
        if not self.received or self.equal:
            return False
        alike = (
            skeleton(normalise(gun.serial)) == skeleton(normalise(read))
            for gun, read in self.miskeyed
        )
        return not (any(alike) or (self.miskeyed and self.received <= MAX_TYPED))


def pair_serials(
    sent: Sequence[ShippedSerial], received: Sequence[ReceivedSerial]
) -> SerialComparison:
    """Pair received with shipped serials, each once.

    First equal serials, compatible in line and make if given; then look-alikes or serials at most
    two edits apart (insertion, deletion, substitution, transposition), nearest first. Ties are
    decided by the positions in both lists: a receipt mostly follows the order of its manifest.
    """
    found = SerialComparison(sent=len(sent), received=len(received))
    left, over = _pair_equal(sent, received, found)
    pairs = _pair_similar(
        [sent[at] for at, _ in left],
        [item for item, _ in over],
        [place for _, place in left],
        [place for _, place in over],
    )
    for ours, theirs in pairs:
        found.miskeyed.append((sent[left[ours][0]], over[theirs][0].serial))
    taken = {ours for ours, _ in pairs}, {theirs for _, theirs in pairs}
    found.missing = [sent[at] for n, (at, _) in enumerate(left) if n not in taken[0]]
    found.surplus = [item.serial for n, (item, _) in enumerate(over) if n not in taken[1]]
    return found


Unpaired = tuple[list[tuple[int, int]], list[tuple[ReceivedSerial, int]]]


def _pair_equal(
    sent: Sequence[ShippedSerial], received: Sequence[ReceivedSerial], found: SerialComparison
) -> Unpaired:
    """Pair equal serials; return the rest of both lists with positions."""
    by_serial: dict[str, list[int]] = defaultdict(list)
    for at, gun in enumerate(sent):
        by_serial[normalise(gun.serial)].append(at)
    place = [-1] * len(received)
    exact_first = sorted(range(len(received)), key=lambda n: _is_serial_only(received[n]))
    for n in exact_first:
        candidates = by_serial.get(normalise(received[n].serial), [])
        for at in candidates:
            if _is_compatible(sent[at], received[n]):
                place[n] = at
                candidates.remove(at)
                break
    arrived = {at for at in place if at >= 0}
    found.arrived = [gun for at, gun in enumerate(sent) if at in arrived]
    found.equal = len(arrived)
    left = [(at, _position(gun, at)) for at, gun in enumerate(sent) if at not in arrived]
    pairs = [_position(sent[at], at) if at >= 0 else None for at in place]
    return left, list(_expected_positions(received, pairs))


def _position(item: ShippedSerial | ReceivedSerial, index: int) -> int:
    return index if item.place is None else item.place


def _expected_positions(
    received: Sequence[ReceivedSerial], pairs: Sequence[int | None]
) -> Iterator[tuple[ReceivedSerial, int]]:
    """Yield unpaired serials with their expected position in the manifest."""
    last = (-1, -1)
    for index, (item, at) in enumerate(zip(received, pairs, strict=True)):
        own = _position(item, index)
        if at is not None:
            last = (own, at)
        else:
            read, stood = max(last, item.after)
            yield item, stood + own - read


def _is_serial_only(item: ReceivedSerial) -> bool:
    return item.line is None and item.make is None


def _is_compatible(gun: ShippedSerial, item: ReceivedSerial) -> bool:
    return item.line in (None, gun.line) and item.make in (None, gun.make)


def _pair_similar(
    sent: Sequence[ShippedSerial],
    received: Sequence[ReceivedSerial],
    places: Sequence[int],
    expected: Sequence[int],
) -> list[tuple[int, int]]:
    """Return pairs of indexes, nearest first, each index once."""
    if not sent or not received or len(sent) * len(received) > MAX_PAIRS:
        return []
    norms = [normalise(gun.serial) for gun in sent]
    folded = [skeleton(norm) for norm in norms]
    rated = []
    for theirs, item in enumerate(received):
        norm = normalise(item.serial)
        for ours, look, edits in _similar_serials(norm, norms, folded):
            if _is_compatible(sent[ours], item):
                rated.append((look, edits, abs(places[ours] - expected[theirs]), ours, theirs))
    return _best_pairs(sorted(rated))


def _similar_serials(
    norm: str, norms: Sequence[str], folded: Sequence[str]
) -> Iterator[tuple[int, int, int]]:
    """Yield possible originals: index, edits of the folded serial, edits."""
    fold = skeleton(norm)
    for _, look, index in extract_iter(
        fold, folded, scorer=OSA.distance, processor=None, score_cutoff=MAX_EDITS
    ):
        edits = OSA.distance(norm, norms[index])
        if edits <= MAX_EDITS or look == 0:
            yield index, int(look), edits


def _best_pairs(rated: Sequence[tuple[int, int, int, int, int]]) -> list[tuple[int, int]]:
    ours_taken: set[int] = set()
    theirs_taken: set[int] = set()
    pairs = []
    for *_, ours, theirs in rated:
        if ours not in ours_taken and theirs not in theirs_taken:
            ours_taken.add(ours)
            theirs_taken.add(theirs)
            pairs.append((ours, theirs))
    return sorted(pairs)
