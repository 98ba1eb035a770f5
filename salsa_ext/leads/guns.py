"""Records grouped into seized guns by links and matches; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from salsa_ext.firearms.records.values import EVENT_ORDER, SEIZED
from salsa_ext.tracing.chains.rules import first_sales

RecordPair = tuple[UUID, UUID]


@dataclass(frozen=True)
class LeadParty:
    """A person or firm, as far as the reader may know it.

    `key` is equal for the same person or firm; `token` identifies one party of a document and
    reveals nothing. `name` is None if the reader may not see it.
    """

    key: str
    kind: str
    token: str
    state: str
    name: str | None = None


@dataclass(frozen=True)
class ExportPaper:
    """The shipment of an exported item and its permit.

    Numbers only if the reader may see them.
    """

    shipment: UUID
    permit: UUID
    state: str
    number: str | None = None
    permit_number: str | None = None
    consignee: LeadParty | None = None


@dataclass(frozen=True)
class GunRecord:
    """One record of a gun: codes and folded text, `serial` normalised.

    `given` are the field groups that the reader may see, under the owner's `handling` code.
    """

    id: UUID
    state: str
    event: str
    on: date
    document: UUID
    version: int = 1
    counterpart_state: str | None = None
    type: str | None = None
    make: str | None = None
    serial: str | None = None
    lot: str | None = None
    giver: LeadParty | None = None
    receiver: LeadParty | None = None
    paper: ExportPaper | None = None
    visible_groups: tuple[str, ...] = ()
    handling: str | None = None

    @cached_property
    def as_event(self) -> Mapping[str, Any]:
        """Return the record as an event of a chain."""
        sides = {
            name: {"kind": party.kind} if party else None
            for name, party in (("giver", self.giver), ("receiver", self.receiver))
        }
        return {
            "event": self.event,
            "state": self.state,
            "said": self,
            "counterpart_state": self.counterpart_state,
        } | sides


@dataclass(frozen=True)
class Edge:
    """Two records of one gun, by a link or a match.

    A link is certain; a match is strong or confirmed by the reader's state.
    """

    first: UUID
    second: UUID
    match_id: UUID | None = None
    is_confirmed: bool = False

    @property
    def is_certain(self) -> bool:
        """Return whether it is a link or a confirmed match."""
        return self.match_id is None or self.is_confirmed


@dataclass(frozen=True)
class SeizedGun:
    """Records of one gun in order of time, and their edges.

    `is_open` if its mark was sold new more than once: then only conclusions that hold for all these
    sales are drawn from its past.
    """

    records: tuple[GunRecord, ...]
    edges: tuple[Edge, ...] = ()
    is_ambiguous: bool = False

    @cached_property
    def seizures(self) -> Sequence[GunRecord]:
        """Return the records of its seizures."""
        return [said for said in self.records if said.event in SEIZED]

    @cached_property
    def first_sales(self) -> Sequence[GunRecord]:
        """Return its first sales; one, unless the gun is open."""
        return select_first_sales(self.records)

    @cached_property
    def unconfirmed_count(self) -> int:
        """Return the number of unconfirmed matches."""
        return sum(not edge.is_certain for edge in self.edges)


def select_first_sales(records: Iterable[GunRecord]) -> list[GunRecord]:
    """Return the first sales among records in order of time."""
    return [event["said"] for event in first_sales([said.as_event for said in records])]


def group_guns(
    records: Iterable[GunRecord], edges: Iterable[Edge], rejected: Collection[RecordPair] = ()
) -> list[SeizedGun]:
    """Group records into guns with at least one seizure.

    Independent of the order of its arguments. If a mark was sold new several times, several guns
    bear it: then each seizure is a gun of its own, except for links and confirmed matches. Two
    records of a group whose pair is `rejected` leave only these certain edges in the whole group.
    """
    known = {said.id: said for said in records}
    within = [edge for edge in edges if {edge.first, edge.second} <= known.keys()]
    joined = _Grouping(known, within, rejected)
    found = [gun for ids in joined.parts(known) for gun in joined.apart(ids)]
    return sorted((gun for gun in found if gun.seizures), key=lambda gun: gun.seizures[0].id)


@dataclass
class _Grouping:
    known: Mapping[UUID, GunRecord]
    edges: Sequence[Edge]
    rejected: Collection[RecordPair]
    at: dict[UUID, list[Edge]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for edge in self.edges:
            self.at[edge.first].append(edge)
            self.at[edge.second].append(edge)

    def parts(self, ids: Iterable[UUID], *, sure: bool = False) -> Iterator[set[UUID]]:
        """Yield the connected sets of records."""
        left = dict.fromkeys(sorted(ids))
        while left:
            part = self.around(next(iter(left)), sure=sure)
            for found in part:
                left.pop(found, None)
            yield part

    def around(self, first: UUID, *, sure: bool) -> set[UUID]:
        """Return the records connected with a record."""
        part, front = {first}, [first]
        while front:
            edges = [edge for edge in self.at.get(front.pop(), ()) if edge.is_certain or not sure]
            new = {end for edge in edges for end in (edge.first, edge.second)} - part
            part |= new
            front += new
        return part

    def apart(self, ids: set[UUID]) -> Iterator[SeizedGun]:
        """Yield one gun, or several that share a mark."""
        if any(one in ids and other in ids for one, other in self.rejected):
            parts = (self._gun(part) for part in self.parts(ids, sure=True))
            yield from (gun for gun in parts if len(gun.first_sales) <= 1)
            return
        gun = self._gun(ids)
        if len(gun.first_sales) <= 1:
            yield gun
            return
        for part in self.parts(ids, sure=True):
            one = self._gun(part)
            if not one.seizures:
                continue
            near = {
                end
                for said in part
                for edge in self.at.get(said, ())
                for end in (edge.first, edge.second)
            }
            others = {end for end in near - part if self.known[end].event not in SEIZED}
            yield one if len(one.first_sales) == 1 else self._gun(part | others, is_open=True)

    def _gun(self, ids: Collection[UUID], *, is_open: bool = False) -> SeizedGun:
        within = {
            edge: None
            for key in sorted(ids)
            for edge in self.at.get(key, ())
            if edge.first in ids and edge.second in ids
        }
        ordered = sorted((self.known[key] for key in ids), key=_time_order)
        edges = sorted(within, key=lambda edge: sorted((edge.first, edge.second)))
        return SeizedGun(tuple(ordered), tuple(edges), is_open)


def _time_order(record: GunRecord) -> tuple[date, int, UUID]:
    return record.on, EVENT_ORDER.index(record.event), record.id
