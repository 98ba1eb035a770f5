"""Records grouped into seized guns by links and matches; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from salsa_ext.firearms.records.event_kinds import EVENT_ORDER, SEIZED
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

    `visible_groups` are the field groups that the reader may see, under the owner's `handling` code.
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
        return {
            "event": self.event,
            "state": self.state,
            "record": self,
            "counterpart_state": self.counterpart_state,
            "giver": {"kind": self.giver.kind} if self.giver else None,
            "receiver": {"kind": self.receiver.kind} if self.receiver else None,
        }


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

    `is_ambiguous` if its mark was sold new more than once: then only conclusions that hold for all these
    sales are drawn from its past.
    """

    records: tuple[GunRecord, ...]
    edges: tuple[Edge, ...] = ()
    is_ambiguous: bool = False

    @cached_property
    def seizures(self) -> Sequence[GunRecord]:
        """Return the records of its seizures."""
        return [record for record in self.records if record.event in SEIZED]

    @cached_property
    def first_sales(self) -> Sequence[GunRecord]:
        """Return its first sales; one, unless the gun is ambiguous."""
        return [sale["record"] for sale in first_sales([each.as_event for each in self.records])]

    @cached_property
    def unconfirmed_count(self) -> int:
        """Return the number of unconfirmed matches."""
        return sum(not edge.is_certain for edge in self.edges)


def group_guns(
    records: Iterable[GunRecord], edges: Iterable[Edge], rejected: Collection[RecordPair] = ()
) -> list[SeizedGun]:
    """Group records into guns with at least one seizure.

    Independent of the order of its arguments. If a mark was sold new several times, several guns
    bear it: then each seizure is a gun of its own, except for links and confirmed matches. Two
    records of a group whose pair is `rejected` leave only these certain edges in the whole group.
    """
    known = {record.id: record for record in records}
    grouping = _Grouping(known, rejected, defaultdict(list))
    for edge in edges:
        if edge.first in known and edge.second in known:
            grouping.edges[edge.first].append(edge)
            grouping.edges[edge.second].append(edge)
    guns = [gun for ids in grouping.components(known) for gun in grouping.split(ids)]
    return sorted((gun for gun in guns if gun.seizures), key=lambda gun: gun.seizures[0].id)


@dataclass
class _Grouping:
    """Records by id, and edges by each of their records."""

    known: Mapping[UUID, GunRecord]
    rejected: Collection[RecordPair]
    edges: dict[UUID, list[Edge]]

    def components(self, ids: Iterable[UUID], *, certain: bool = False) -> Iterator[set[UUID]]:
        """Yield the connected sets of records."""
        left = dict.fromkeys(sorted(ids))
        while left:
            first = next(iter(left))
            component, front = {first}, [first]
            while front:
                reached = self._ends(front.pop(), certain=certain) - component
                component |= reached
                front += reached
            for record_id in component:
                left.pop(record_id, None)
            yield component

    def _ends(self, record_id: UUID, *, certain: bool = False) -> set[UUID]:
        edges = [edge for edge in self.edges.get(record_id, ()) if edge.is_certain or not certain]
        return {end for edge in edges for end in (edge.first, edge.second)}

    def split(self, ids: set[UUID]) -> Iterator[SeizedGun]:
        """Yield one gun, or several that share a mark."""
        gun = self._gun(ids)
        parts = self.components(ids, certain=True)
        if any(first in ids and second in ids for first, second in self.rejected):
            guns = (self._gun(part) for part in parts)
            yield from (each for each in guns if len(each.first_sales) <= 1)
        elif len(gun.first_sales) <= 1:
            yield gun
        else:
            for part in parts:
                certain = self._gun(part)
                if len(certain.first_sales) == 1 and certain.seizures:
                    yield certain
                elif certain.seizures:
                    near = {end for record_id in part for end in self._ends(record_id)} - part
                    sold = {end for end in near if self.known[end].event not in SEIZED}
                    yield self._gun(part | sold, is_ambiguous=True)

    def _gun(self, ids: Collection[UUID], *, is_ambiguous: bool = False) -> SeizedGun:
        records = [self.known[record_id] for record_id in ids]
        records.sort(key=lambda each: (each.on, EVENT_ORDER.index(each.event), each.id))
        edges = {
            edge
            for record_id in ids
            for edge in self.edges.get(record_id, ())
            if edge.first in ids and edge.second in ids
        }
        ordered = sorted(edges, key=lambda edge: sorted((edge.first, edge.second)))
        return SeizedGun(tuple(records), tuple(ordered), is_ambiguous)
