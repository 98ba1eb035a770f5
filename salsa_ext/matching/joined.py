"""From records and what joins them to guns: which records are of one gun, as far as that is sure; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from salsa_ext.matching.events import ORDER, SEIZED
from salsa_ext.matching.sales import first_sales

Pair = tuple[UUID, UUID]


@dataclass(frozen=True)
class Known:
    """A person or firm, as far as the reader may know them.

    `key` is the same for whoever is the same, `token` stands for one party of a document and tells
    nothing. `name` is None where it may not go out.
    """

    key: str
    kind: str
    token: str
    state: str
    name: str | None = None


@dataclass(frozen=True)
class Paper:
    """The shipment that an export is an item of, and its permit; numbers where the reader may know."""

    shipment: UUID
    permit: UUID
    state: str
    number: str | None = None
    permit_number: str | None = None
    consignee: Known | None = None


@dataclass(frozen=True)
class Said:
    """What one record says; codes and folded text, `serial` normalised.

    `given` are the field groups of it that the reader is given, under its owner's handling code.
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
    giver: Known | None = None
    receiver: Known | None = None
    paper: Paper | None = None
    given: tuple[str, ...] = ()
    handling: str | None = None

    @cached_property
    def as_event(self) -> Mapping[str, Any]:
        """Return the record as chains read it."""
        sides = {name: {"kind": party.kind} if party else None
                 for name, party in (("giver", self.giver), ("receiver", self.receiver))}  # fmt: skip
        return {"event": self.event, "state": self.state, "said": self,
                "counterpart_state": self.counterpart_state} | sides  # fmt: skip


@dataclass(frozen=True)
class Edge:
    """Two records of one gun: for certain (a link), or by a match, confirmed by the reader or strong."""

    one: UUID
    other: UUID
    match: UUID | None = None
    is_confirmed: bool = False

    @property
    def is_sure(self) -> bool:
        """Tell whether nobody has to look at it any more."""
        return self.match is None or self.is_confirmed


@dataclass(frozen=True)
class Gun:
    """The records of one gun in the order in which they happened, and what joins them.

    `is_open` where its mark was sold new more than once: then of its past only that is concluded
    which holds for all these sales.
    """

    records: tuple[Said, ...]
    edges: tuple[Edge, ...] = ()
    is_open: bool = False

    @cached_property
    def seized(self) -> Sequence[Said]:
        """Return the records of its seizures."""
        return [said for said in self.records if said.event in SEIZED]

    @cached_property
    def sales(self) -> Sequence[Said]:
        """Return the sales by which it first left the trade: one, unless it is open."""
        return sales_of(self.records)

    @cached_property
    def unsure(self) -> int:
        """Count the matches that nobody has confirmed."""
        return sum(not edge.is_sure for edge in self.edges)


def sales_of(records: Iterable[Said]) -> list[Said]:
    """Return the first sales among records, which are in order."""
    return [event["said"] for event in first_sales([said.as_event for said in records])]


def guns(
    records: Iterable[Said], edges: Iterable[Edge], rejected: Collection[Pair] = ()
) -> list[Gun]:
    """Join records to guns, each of which was seized at least once; no order matters.

    Where a mark was sold new several times, several guns bear it: each of its seizures is a gun of
    its own then, but for what links and confirmed matches join. Where two records of a gun are
    said to be `rejected`, of two guns, nothing but these joins any of it.
    """
    known = {said.id: said for said in records}
    within = [edge for edge in edges if {edge.one, edge.other} <= known.keys()]
    joined = _Joined(known, within, rejected)
    found = [gun for ids in joined.parts(known) for gun in joined.apart(ids)]
    return sorted((gun for gun in found if gun.seized), key=lambda gun: gun.seized[0].id)


@dataclass
class _Joined:
    known: Mapping[UUID, Said]
    edges: Sequence[Edge]
    rejected: Collection[Pair]
    at: dict[UUID, list[Edge]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for edge in self.edges:
            self.at[edge.one].append(edge)
            self.at[edge.other].append(edge)

    def parts(self, ids: Iterable[UUID], *, sure: bool = False) -> Iterator[set[UUID]]:
        """Yield the sets of records that hang together."""
        left = dict.fromkeys(sorted(ids))
        while left:
            part = self.around(next(iter(left)), sure=sure)
            for found in part:
                left.pop(found, None)
            yield part

    def around(self, first: UUID, *, sure: bool) -> set[UUID]:
        """Return what hangs together with a record."""
        part, front = {first}, [first]
        while front:
            edges = [edge for edge in self.at.get(front.pop(), ()) if edge.is_sure or not sure]
            new = {end for edge in edges for end in (edge.one, edge.other)} - part
            part |= new
            front += new
        return part

    def apart(self, ids: set[UUID]) -> Iterator[Gun]:
        """Yield the one gun that records are of, or those that their mark cannot tell apart."""
        if any(one in ids and other in ids for one, other in self.rejected):
            parts = (self._gun(part) for part in self.parts(ids, sure=True))
            yield from (gun for gun in parts if len(gun.sales) <= 1)
            return
        gun = self._gun(ids)
        if len(gun.sales) <= 1:
            yield gun
            return
        for part in self.parts(ids, sure=True):
            one = self._gun(part)
            if not one.seized:
                continue
            near = {end for said in part for edge in self.at.get(said, ())
                    for end in (edge.one, edge.other)}  # fmt: skip
            others = {end for end in near - part if self.known[end].event not in SEIZED}
            yield one if len(one.sales) == 1 else self._gun(part | others, is_open=True)

    def _gun(self, ids: Collection[UUID], *, is_open: bool = False) -> Gun:
        within = {edge: None for key in sorted(ids) for edge in self.at.get(key, ())
                  if edge.one in ids and edge.other in ids}  # fmt: skip
        ordered = sorted((self.known[key] for key in ids), key=_order)
        edges = sorted(within, key=lambda edge: sorted((edge.one, edge.other)))
        return Gun(tuple(ordered), tuple(edges), is_open)


def _order(said: Said) -> tuple[date, int, UUID]:
    return said.on, ORDER.index(said.event), said.id
