"""Seized guns as leads compare them; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.guns.possession import first_sales
from salsa_ext.guns.rules import Gun, Join, components


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
    """The shipment of an exported item and its permit. Numbers only if the reader may see them."""

    shipment: UUID
    permit: UUID
    state: str
    number: str | None = None
    permit_number: str | None = None
    consignee: LeadParty | None = None


@dataclass(frozen=True)
class GunRecord:
    """One record of a gun: codes and folded text, `serial` normalised.

    `find` is the document, or one of both sides of a joint seizure.
    `visible_groups` are the field groups that the reader may see, under the owner's `handling` code.
    """

    id: UUID
    state: str
    event: str
    on: date
    document: UUID
    find: UUID
    version: int = 1
    counterpart_state: str | None = None
    type: str | None = None
    make: str | None = None
    model: str | None = None
    serial: str | None = None
    lot: str | None = None
    giver: LeadParty | None = None
    receiver: LeadParty | None = None
    handed_in: bool = False
    paper: ExportPaper | None = None
    visible_groups: tuple[str, ...] = ()
    handling: str | None = None

    @property
    def is_seizure(self) -> bool:
        """Return whether the gun was seized; a service gun handed in was not."""
        return self.event in SEIZED and not self.handed_in

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
class SeizedGun:
    """Records of one gun in order of events, and what joins them.

    `is_ambiguous` if its mark was sold new more than once: then only conclusions that hold for all these
    sales are drawn from its past.
    """

    records: tuple[GunRecord, ...]
    joins: tuple[Join, ...] = ()
    is_ambiguous: bool = False

    @cached_property
    def seizures(self) -> Sequence[GunRecord]:
        """Return the records of its seizures."""
        return [record for record in self.records if record.is_seizure]

    @property
    def case_count(self) -> int:
        """Return in how many cases it was seized."""
        return len({seizure.find for seizure in self.seizures})

    @property
    def states(self) -> Sequence[str]:
        """Return the states of its records."""
        return sorted({record.state for record in self.records})

    def newest(self, name: str) -> str | None:
        """Return a field as the newest record that has it."""
        values = (getattr(record, name) for record in reversed(self.records))
        return next(filter(None, values), None)

    @property
    def contradictions(self) -> Sequence[str]:
        """Return the fields in which its records differ."""
        return [
            name
            for name in ("serial", "make", "model", "type")
            if len({getattr(record, name) for record in self.records} - {None}) > 1
        ]

    @cached_property
    def first_sales(self) -> Sequence[GunRecord]:
        """Return its first sales; one, unless the gun is ambiguous."""
        return [sale["record"] for sale in first_sales([each.as_event for each in self.records])]

    @cached_property
    def unconfirmed_count(self) -> int:
        """Return the number of joins by mark that no match confirms."""
        return sum(not each.is_certain for each in self.joins)


def seized_guns(guns: Iterable[Gun], known: Mapping[UUID, GunRecord]) -> list[SeizedGun]:
    """Return the guns with at least one seizure; `known` has the records of all.

    If a mark was sold new several times, several guns may bear it: then each seizure is a gun of
    its own, with what is certainly joined to it.
    """
    seized = [part for gun in guns for part in _parts(gun, known) if part.seizures]
    return sorted(seized, key=lambda gun: gun.seizures[0].id)


def _parts(gun: Gun, known: Mapping[UUID, GunRecord]) -> Iterator[SeizedGun]:
    """Yield one gun, or several that share a mark."""
    whole = _seized_gun(gun, {*gun.records}, known)
    if len(whole.first_sales) <= 1:
        yield whole
        return
    certain = [(each.first, each.second) for each in gun.joins if each.is_certain]
    for part in components(gun.records, certain):
        alone = _seized_gun(gun, part, known)
        if len(alone.first_sales) == 1 or not alone.seizures:
            yield alone
        else:
            ends = {each.other(key) for key in part for each in gun.joins_by_record.get(key, ())}
            sold = {key for key in ends if not known[key].is_seizure}
            yield replace(_seized_gun(gun, part | sold, known), is_ambiguous=True)


def _seized_gun(gun: Gun, ids: Collection[UUID], known: Mapping[UUID, GunRecord]) -> SeizedGun:
    joins = (each for each in gun.joins if each.first in ids and each.second in ids)
    return SeizedGun(tuple(known[key] for key in gun.records if key in ids), tuple(joins))
