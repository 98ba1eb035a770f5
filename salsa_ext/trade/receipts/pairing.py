"""Pairing of shipped and received serials.

Pure. Equal serials are paired first, which is cheap for 100,000 of them; only the rest is compared
for mis-keyed ones. Callers that already paired some pass the rest with its positions in the whole
list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
    comparison = SerialComparison(sent=len(sent), received=len(received))
    missing, surplus = _pair_equal(sent, received, comparison)
    pairs = _pair_similar(missing, surplus)
    comparison.miskeyed = [(missing[ours][0], surplus[theirs][0].serial) for ours, theirs in pairs]
    paired, paired_received = {ours for ours, _ in pairs}, {theirs for _, theirs in pairs}
    comparison.missing = [gun for n, (gun, _) in enumerate(missing) if n not in paired]
    comparison.surplus = [
        item.serial for n, (item, _) in enumerate(surplus) if n not in paired_received
    ]
    return comparison


Missing = list[tuple[ShippedSerial, int]]
"""Guns without an equal serial received, with their positions in the manifest."""
Surplus = list[tuple[ReceivedSerial, int]]
"""Serials without an equal one shipped, with the positions expected of them in the manifest."""


def _pair_equal(
    sent: Sequence[ShippedSerial], received: Sequence[ReceivedSerial], comparison: SerialComparison
) -> tuple[Missing, Surplus]:
    """Pair equal serials, those with line or make first; return the rest of both lists."""
    by_serial: dict[str, list[int]] = defaultdict(list)
    for index, gun in enumerate(sent):
        by_serial[normalise(gun.serial)].append(index)
    pairs: dict[int, int] = {}
    for n in sorted(
        range(len(received)), key=lambda n: (received[n].line, received[n].make) == (None, None)
    ):
        candidates = by_serial.get(normalise(received[n].serial), [])
        for index in candidates:
            if _is_compatible(sent[index], received[n]):
                pairs[n] = index
                candidates.remove(index)
                break
    paired = set(pairs.values())
    comparison.arrived = [gun for index, gun in enumerate(sent) if index in paired]
    comparison.equal = len(paired)
    missing = [(gun, _position(gun, n)) for n, gun in enumerate(sent) if n not in paired]
    surplus, last_pair = [], (-1, -1)
    for n, item in enumerate(received):
        position = _position(item, n)
        if n in pairs:
            last_pair = position, _position(sent[pairs[n]], pairs[n])
        else:
            at_receipt, at_manifest = max(last_pair, item.after)
            surplus.append((item, at_manifest + position - at_receipt))
    return missing, surplus


def _position(item: ShippedSerial | ReceivedSerial, index: int) -> int:
    return index if item.place is None else item.place


def _is_compatible(gun: ShippedSerial, item: ReceivedSerial) -> bool:
    return item.line in (None, gun.line) and item.make in (None, gun.make)


def _pair_similar(missing: Missing, surplus: Surplus) -> list[tuple[int, int]]:
    """Return pairs of indexes, nearest first, each index once."""
    if not missing or not surplus or len(missing) * len(surplus) > MAX_PAIRS:
        return []
    norms = [normalise(gun.serial) for gun, _ in missing]
    skeletons = [skeleton(norm) for norm in norms]
    rated = []
    for theirs, (item, expected) in enumerate(surplus):
        norm = normalise(item.serial)
        for _, look_edits, ours in extract_iter(
            skeleton(norm), skeletons, scorer=OSA.distance, processor=None, score_cutoff=MAX_EDITS
        ):
            gun, position = missing[ours]
            edits = OSA.distance(norm, norms[ours])
            if (edits <= MAX_EDITS or look_edits == 0) and _is_compatible(gun, item):
                rated.append((int(look_edits), edits, abs(position - expected), ours, theirs))
    pairs: dict[int, int] = {}
    paired_received: set[int] = set()
    for *_, ours, theirs in sorted(rated):
        if ours not in pairs and theirs not in paired_received:
            pairs[ours] = theirs
            paired_received.add(theirs)
    return sorted(pairs.items())
