"""Leads for an analyst: seized guns and scored reasons; pure."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from math import log2
from statistics import median
from typing import Any, Final
from uuid import UUID

from salsa_ext.core.errors import CodeLabels, Message, message
from salsa_ext.firearms.records.event_kinds import SEIZED
from salsa_ext.firearms.search.evidence import Reason
from salsa_ext.guns.possession import TRADE_KINDS, first_sales
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


SHORT_DAYS: Final = 1_095
"""Three years, below which ATF calls a time to crime short (Firearms Trace Data)."""
MAX_TIME_POINTS: Final = 5.0  # chosen: a month and a day say the same
POINTS_PER_STATE: Final = 2.0  # chosen
MAX_STATE_POINTS: Final = 4.0  # chosen
UNCONFIRMED_POINTS: Final = -1.0  # chosen: someone should look at the matches first
AMBIGUOUS_POINTS: Final = -2.0  # chosen: it may be another gun altogether


@dataclass(frozen=True)
class Lead:
    """Guns to examine together, with reasons; the first names their common thing.

    `key` identifies it among those of its kind. `source_records` are the records that the text is
    from.
    """

    kind: str
    key: str
    guns: tuple[SeizedGun, ...]
    reasons: tuple[Reason, ...]
    source_records: tuple[GunRecord, ...] = ()

    @cached_property
    def id(self) -> UUID:
        """Return an id that is stable while the common thing is."""
        text = f"{self.kind}|{self.key}".encode()
        return UUID(bytes=hashlib.blake2b(text, digest_size=16, person=b"salsa-lead").digest())

    @cached_property
    def score(self) -> float:
        """Return the sum of the reasons' points."""
        return round(sum(reason.bits for reason in self.reasons), 1)

    @property
    def summary(self) -> Message:
        """Return the common thing in words."""
        return self.reasons[0].text

    @cached_property
    def states(self) -> Sequence[str]:
        """Return the states of its records."""
        return sorted({record.state for gun in self.guns for record in gun.records})

    @cached_property
    def seizure_days(self) -> tuple[date, date]:
        """Return the days of the first and the last seizure."""
        days = [seizure.on for gun in self.guns for seizure in gun.seizures]
        return min(days), max(days)

    @cached_property
    def seizure_count(self) -> int:
        """Return the number of seizures."""
        return count_seizures(self.guns)

    @cached_property
    def first_seizures(self) -> frozenset[UUID]:
        """Return the first seizure of each gun, which represents the gun."""
        return frozenset(gun.seizures[0].id for gun in self.guns)

    @cached_property
    def dealers(self) -> frozenset[str]:
        """Return the visible names of dealers of first sales."""
        sellers = [sale.giver for gun in self.guns for sale in gun.first_sales if sale.giver]
        return frozenset(
            party.name for party in sellers if party.name and party.kind in TRADE_KINDS
        )

    @property
    def rank(self) -> tuple[float, UUID]:
        """Return the sort key: strongest first."""
        return -self.score, self.id


def count_seizures(guns: Sequence[SeizedGun]) -> int:
    """Return the number of seizures of guns."""
    return len({seizure.find for gun in guns for seizure in gun.seizures})


def from_several_seizures(guns: Sequence[SeizedGun]) -> bool:
    """Return whether guns were first seized in two or more seizures. Guns seized together share much anyway."""
    return len({gun.seizures[0].find for gun in guns}) > 1


def time_points(days: float) -> float:
    """Return the points of a time in days."""
    return round(min(max(log2(SHORT_DAYS / max(days, 1)), 0.0), MAX_TIME_POINTS), 1)


def rarity_reason(count: int, total: int) -> Reason:
    """Return the reason that few seized guns share a thing."""
    text = message(
        "{count} of the {all} seized guns of which such a thing is known share it.",
        count=count,
        all=total,
    )
    return Reason("rarity", text, round(log2(total / count), 1))


def number_reasons(guns: Sequence[SeizedGun], days: Sequence[int] = ()) -> Iterator[Reason]:
    """Yield reasons from number, states and known `days` of guns."""
    seizures = count_seizures(guns)
    text = message("These are {count} guns in {cases} seizures.", count=len(guns), cases=seizures)
    yield Reason("number", text, round(log2(len(guns)), 1))
    yield from state_reasons(guns)
    if days and (points := time_points(median(days))):
        text = message(
            "Half of them were seized at most {days} days after what they share.",
            days=round(median(days)),
        )
        yield Reason("time", text, points)


def state_reasons(guns: Sequence[SeizedGun]) -> Iterator[Reason]:
    """Yield the reason that guns were seized in several states."""
    states = sorted({seizure.state for gun in guns for seizure in gun.seizures})
    if len(states) > 1:
        text = message(
            "They were seized in {count} states: {states}.",
            count=len(states),
            states=CodeLabels("state", tuple(states)),
        )
        yield Reason("states", text, min(POINTS_PER_STATE * (len(states) - 1), MAX_STATE_POINTS))


def doubt_reasons(
    guns: Sequence[SeizedGun], points: float = UNCONFIRMED_POINTS
) -> Iterator[Reason]:
    """Yield negative reasons: unconfirmed matches, ambiguous guns."""
    if count := sum(gun.unconfirmed_count for gun in guns):
        text = message(
            "Matches that join their records and are not confirmed yet: {count}.", count=count
        )
        yield Reason("unconfirmed", text, points)
    if count := sum(gun.is_ambiguous for gun in guns):
        text = message(
            "Guns among them whose serial was sold new more than once: {count}.", count=count
        )
        yield Reason("several_sales", text, AMBIGUOUS_POINTS)
