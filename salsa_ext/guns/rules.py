"""Which records are of one gun; pure.

Certain are links and confirmed matches. `same_gun` adds records that bear the same rare serial of
one make, unless something that is known contradicts it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import combinations, product
from types import MappingProxyType
from typing import Final, TypeVar
from uuid import UUID

from salsa_ext.core.dates import is_before
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS, event_rank
from salsa_ext.firearms.search.evidence import (
    CONTRADICTING_FIELDS,
    EQUAL_KINDS,
    WEIGHTS,
    Description,
    is_too_early,
    weigh,
    weights_for,
)

RARE_BITS: Final = 20.0
"""Bits of a serial and its make from which on hardly two guns share them.

Seven glyphs are enough for any make, six if it made less than a quarter of all guns, five for
a rare one.
"""
MAX_HOLDERS: Final = 50
"""Records with one mark of one make; of more it is known not to be of one gun."""
MakeShares = Mapping[tuple[str, str], float]
"""Share of each make in all records, by `("make", code)` (`records.frequencies`)."""
JOIN_KINDS: Final = ("link", "match", "mark")
NO_SHARES: Final[MakeShares] = MappingProxyType({})
CONTRADICTING_WEIGHTS: Final = tuple(each for each in WEIGHTS if each.name in CONTRADICTING_FIELDS)
Node = TypeVar("Node", bound=Hashable)
RecordPair = tuple[UUID, UUID]


@dataclass(frozen=True)
class GunFacts:
    """Facts of a record that decide which gun it is about.

    `serials` are its whole original serials, normalised; none if the event did not happen. The
    description is compared without its mark.
    """

    id: UUID
    event: str
    on: date
    description: Description
    serials: frozenset[str] = frozenset()

    @property
    def sort_key(self) -> tuple[date, int, UUID]:
        """Return the order in a gun's life: by day and kind of event."""
        return self.on, event_rank(self.event), self.id

    @property
    def is_read_afield(self) -> bool:
        """Return whether the mark was read on the gun, where it may be misread."""
        return self.event in FIELD_EVENTS


@dataclass(frozen=True)
class Join:
    """Why two records are of one gun: a `link`, a confirmed `match`, or the same `mark`."""

    first: UUID
    second: UUID
    kind: str
    match_id: UUID | None = None

    @property
    def is_certain(self) -> bool:
        """Return whether it is a link or a confirmed match."""
        return self.kind != "mark"

    @property
    def is_confirmed(self) -> bool:
        """Return whether it is a confirmed match."""
        return self.kind == "match"

    def other(self, record_id: UUID) -> UUID:
        """Return the other record."""
        return self.second if record_id == self.first else self.first


def join(record: UUID, other: UUID, kind: str, match_id: UUID | None = None) -> Join:
    """Return the join of two records in any order."""
    return Join(min(record, other), max(record, other), kind, match_id)


@dataclass(frozen=True)
class Gun:
    """Records of one gun in order of events, and what joins them."""

    records: tuple[UUID, ...]
    joins: tuple[Join, ...] = ()

    @cached_property
    def joins_by_record(self) -> Mapping[UUID, Sequence[Join]]:
        """Return the joins of each record, in order of the other record's event."""
        at = {record: number for number, record in enumerate(self.records)}
        joins: dict[UUID, list[Join]] = defaultdict(list)
        for each in self.joins:
            joins[each.first].append(each)
            joins[each.second].append(each)
        return {
            record: sorted(some, key=lambda each: at[each.other(record)])
            for record, some in joins.items()
        }

    def paths_from(self, start: UUID) -> dict[UUID, Join]:
        """Return by which join each other record is reached; certain ones go before marks."""
        paths: dict[UUID, Join] = {}

        def reach(record: UUID) -> Iterator[UUID]:
            yield record
            for each in self.joins_by_record.get(record, ()):
                other = each.other(record)
                if each.is_certain and other != start and other not in paths:
                    paths[other] = each
                    yield from reach(other)

        front = [*reach(start)]
        for record in front:  # which grows
            for each in self.joins_by_record.get(record, ()):
                other = each.other(record)
                if other != start and other not in paths:
                    paths[other] = each
                    front += reach(other)
        return paths


def same_gun(record: GunFacts, other: GunFacts, shares: MakeShares) -> bool:
    """Return whether two records are of one gun by their mark alone.

    The same whole serial, rare for its make, and no contradiction. Glyphs that look alike count as
    the same only where the mark was read on the gun: registers copy it.
    """
    make = record.description.make
    if record.id == other.id or make is None or make != other.description.make:
        return False
    is_afield = record.is_read_afield or other.is_read_afield
    return any(
        is_rare(make, shares, serial, theirs) and (is_afield or _is_equal(serial, theirs))
        for serial, theirs in product(record.serials, other.serials)
        if skeleton(serial) == skeleton(theirs)
    ) and not contradict(record, other)


def is_rare(make: str, shares: MakeShares, serial: str, other: str | None = None) -> bool:
    """Return whether hardly two guns of a make bear a serial. `other` is how another record reads it."""
    return _is_rare(shares.get(("make", make)), serial, other or serial)


@lru_cache(maxsize=20_000)  # a gun's records are compared in pairs
def _is_rare(share: float | None, serial: str, other: str) -> bool:
    make = Description("", "any")
    shares = {} if share is None else {("make", "any"): share}
    query, record = (replace(make, serial_norm=each) for each in (serial, other))
    evidence = weigh(query, record, weights=weights_for(make, shares)[:1])
    return (
        evidence is not None
        and evidence.near.kind in EQUAL_KINDS
        and evidence.is_of_its_own
        and evidence.bits >= RARE_BITS
    )


def contradict(record: GunFacts, other: GunFacts) -> bool:
    """Return whether two records cannot be of one gun.

    Another make, calibre or type, an event before its manufacture, or after its destruction. Two
    owners at one time contradict nothing: that is what an analyst looks for.
    """
    mine, theirs = record.description, other.description
    first, second = (record, other) if record.on <= other.on else (other, record)
    return (
        (first.event == "destruction" and is_before(first.on, second.on))
        or is_too_early(mine, theirs)
        or is_too_early(theirs, mine)
        or any(
            weight.outcome(mine, theirs) == weight.outcome(theirs, mine) == "other"
            for weight in CONTRADICTING_WEIGHTS
            if getattr(mine, weight.name) != getattr(theirs, weight.name)
        )
    )


def group_by_gun(
    records: Iterable[GunFacts],
    certain: Iterable[Join] = (),
    rejected: Collection[RecordPair] = (),
    shares: MakeShares = NO_SHARES,
) -> list[Gun]:
    """Return the guns of records, each record in one; independent of their order.

    Certain joins hold. By their mark two groups are joined if nothing in one contradicts the other,
    and no third group contradicts only one of them: then it is not known whose the mark is.
    `rejected` are pairs that the reader's state judged to be of two guns.
    """
    known = {record.id: record for record in records}
    joins = {each for each in certain if each.first in known and each.second in known}
    families = components(known, ((each.first, each.second) for each in joins))
    family_of = {key: number for number, family in enumerate(families) for key in family}
    holders: dict[tuple[str | None, str], set[UUID]] = defaultdict(set)
    for record in known.values():
        for serial in record.serials:
            holders[record.description.make, skeleton(serial)].add(record.id)
    shared = [
        {family_of[key] for key in ids}
        for (make, _), ids in holders.items()
        if make and 1 < len(ids) <= MAX_HOLDERS
    ]
    pairs = (pair for numbers in shared for pair in combinations(sorted(numbers), 2))
    for numbers in components({number for each in shared for number in each}, pairs):
        groups = [[known[key] for key in families[number]] for number in sorted(numbers)]
        joins |= {*_mark_joins(groups, {frozenset(pair) for pair in rejected}, shares)}
    guns = components(known, ((each.first, each.second) for each in joins))
    by_record: dict[UUID, set[Join]] = defaultdict(set)
    for each in joins:
        by_record[each.first].add(each)
    return [
        Gun(
            tuple(sorted(ids, key=lambda key: known[key].sort_key)),
            tuple(sorted({each for key in ids for each in by_record[key]}, key=_join_order)),
        )
        for ids in guns
    ]


def _join_order(each: Join) -> tuple[UUID, UUID, str, UUID]:
    return each.first, each.second, each.kind, each.match_id or UUID(int=0)


def components(nodes: Iterable[Node], pairs: Iterable[tuple[Node, Node]]) -> list[set[Node]]:
    """Return the connected sets of nodes."""
    ends: dict[Node, list[Node]] = defaultdict(list)
    for first, second in pairs:
        ends[first].append(second)
        ends[second].append(first)
    parts, placed = [], set()
    for node in nodes:
        if node in placed:
            continue
        part, front = {node}, [node]
        while front:
            reached = [end for end in ends[front.pop()] if end not in part]
            part.update(reached)
            front += reached
        placed |= part
        parts.append(part)
    return parts


def _mark_joins(
    groups: Sequence[Sequence[GunFacts]], rejected: Collection[frozenset[UUID]], shares: MakeShares
) -> Iterator[Join]:
    """Yield the joins by mark between groups that share one."""
    rivals: list[set[int]] = [set() for _ in groups]
    for (at, group), (other_at, other) in combinations(enumerate(groups), 2):
        if _are_rivals(group, other, rejected):
            rivals[at].add(other_at)
            rivals[other_at].add(at)
    for (at, group), (other_at, other) in combinations(enumerate(groups), 2):
        if rivals[at] == rivals[other_at]:
            for record, match in product(group, other):
                if same_gun(record, match, shares):
                    yield join(record.id, match.id, "mark")


def _are_rivals(
    group: Sequence[GunFacts], other: Sequence[GunFacts], rejected: Collection[frozenset[UUID]]
) -> bool:
    """Return whether two groups are of two guns."""
    pairs = [*product(group, other)]
    if any(contradict(*pair) or {pair[0].id, pair[1].id} in rejected for pair in pairs):
        return True
    registered = [
        (serial, theirs)
        for record, match in pairs
        if not record.is_read_afield and not match.is_read_afield
        for serial, theirs in product(record.serials, match.serials)
        if skeleton(serial) == skeleton(theirs)
    ]
    return bool(registered) and not any(_is_equal(*pair) for pair in registered)


def _is_equal(serial: str, other: str) -> bool:
    near = compare(serial, other)
    return near is not None and near.kind == "same"
