"""Registers of seized guns as offices write them, with the truth of which records are of one gun."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from benchmarks.marks import CORRUPTIONS, LETTERS, Gun, make_guns
from benchmarks.trade_data import describe_gun
from salsa_ext.access.rules import operator
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.batches import chunks
from salsa_ext.core.occurrence import Place
from salsa_ext.database.session import transaction
from salsa_ext.documents import reports, seizures, transfers
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import Firearm, SeizedItem

STATES: Final = ("BRA", "PRY", "ARG")
STATE_WEIGHTS: Final = (7, 2, 1)
"""Most of the seizures are of one police, as where a state has a large register."""
FIRST_DAY, DAYS = date(2005, 1, 1), 3_600
GUN_WEIGHTS: Final = {
    "ordinary": 62,
    "words": 12,
    "service": 10,
    "stolen": 6,
    "recirculated": 4,
    "prefix": 3,
    "trap": 3,
}
"""Guns of each hundred; of a trap there are two, which bear one serial."""
PURCHASE: Final = 40
"""Service guns of one purchase, numbered on."""
WORDS: Final = (
    "não encontrado",
    "no visible",
    "not found",
    "sem numeração aparente",
    "no informado",
    "raspado",
    "illisible",
    "S/N",
    "laudo pendente",
    "vide ofício",
    "a confirmar na perícia",
    "N/APARENTE",
)
BATCH_SIZE: Final = 1_000
ERRORS: Final = tuple(name for name in CORRUPTIONS if name != "clean")


@dataclass(frozen=True)
class Reading:
    """One record: of which gun, who recorded it and how its serial was read.

    `how` is a class of CORRUPTIONS, `words` or `prefix`; of the last two nobody can tell the gun.
    """

    gun: int
    state: str
    event: str
    on: date
    item: Firearm
    how: str = "clean"
    is_handed_in: bool = False

    @property
    def is_of_crime(self) -> bool:
        """Return whether a person should look at what else is known of the gun."""
        return self.event in ("seized", "theft") and not self.is_handed_in

    def is_pair(self, other: Reading) -> bool:
        """Return whether a proposal of both is right."""
        return self.gun == other.gun and (self.is_of_crime or other.is_of_crime)


class _Register:
    """Draws the guns of a register, and what is recorded of each."""

    def __init__(self, draw: random.Random, pool: Sequence[Gun]) -> None:
        self._draw, self._pool = draw, iter(pool)
        self._used: set[str] = set()
        self._next = 0
        self._prefixes = [
            "".join(draw.choices(LETTERS, k=3)) + str(year) for year in range(2006, 2012)
        ]

    def gun(self) -> Gun:
        gun = next(self._pool)
        while gun.serial in self._used:
            gun = next(self._pool)
        self._used.add(gun.serial)
        return gun

    def readings(self, kind: str) -> Iterator[Reading]:
        make: Callable[[], Iterator[Reading]] = getattr(self, f"_{kind}")
        return make()

    def _number(self) -> int:
        self._next += 1
        return self._next

    def _day(self, after: date | None = None) -> date:
        if after is None:
            return FIRST_DAY + timedelta(self._draw.randrange(DAYS))
        return after + timedelta(self._draw.randrange(30, 700))

    def _state(self) -> str:
        return self._draw.choices(STATES, STATE_WEIGHTS)[0]

    def _sold(self, number: int, gun: Gun, before: date) -> Iterator[Reading]:
        if self._draw.random() < 0.5:
            on = before - timedelta(self._draw.randrange(30, 2_000))
            item = describe_gun(gun)
            yield Reading(number, self._draw.choice(STATES), "domestic_sale", on, item)

    def _seized(self, number: int, gun: Gun, on: date, how: str | None = None) -> Reading:
        """Return a seizure, described as well as officers do, in three of four read rightly."""
        draw, read = self._draw, None
        if how is None and draw.random() < 0.25:
            how = draw.choice(ERRORS)
            read = CORRUPTIONS[how](gun.serial, draw)
        item = describe_gun(gun)
        for name, missing in (("make", 0.1), ("calibre", 0.15), ("type", 0.05)):
            if draw.random() < missing:
                item = replace(item, **{name: None})
        if draw.random() < 0.02:
            item = replace(item, make="Star" if gun.make != "star" else "Bersa")
        if read:
            return Reading(
                number, self._state(), "seized", on, replace(item, serial=read), how or ""
            )
        return Reading(number, self._state(), "seized", on, item)

    def _ordinary(self) -> Iterator[Reading]:
        number, gun, on = self._number(), self.gun(), self._day()
        yield from self._sold(number, gun, on)
        yield self._seized(number, gun, on)

    def _words(self) -> Iterator[Reading]:
        text = self._draw.choice(WORDS)
        seized = self._seized(self._number(), self.gun(), self._day(), "words")
        yield replace(seized, item=replace(seized.item, serial=text), how="words")

    def _prefix(self) -> Iterator[Reading]:
        """Of the guns of a maker and year only what all bear was read."""
        at = self._draw.randrange(len(self._prefixes))
        gun = Gun(self._prefixes[at], "taurus", "38-special", "revolver", "BRA", "dense")
        yield replace(self._seized(self._number(), gun, self._day(), "prefix"), how="prefix")

    def _service(self) -> Iterator[Reading]:
        """A police bought guns that are numbered on; each is handed in after a shooting."""
        first, state = self.gun(), self._state()
        digits = first.serial.rstrip(LETTERS)[-4:]
        head, tail = first.serial.split(digits, 1) if digits.isdigit() else (first.serial, "")
        bought = self._day()
        for step in range(PURCHASE):
            serial = f"{head}{(int(digits) if digits.isdigit() else 0) + step:04}{tail}"
            if serial in self._used and step:
                continue
            self._used.add(serial)
            number, gun, on = self._number(), first._replace(serial=serial), self._day(bought)
            yield Reading(number, state, "state_issue", bought, describe_gun(gun))
            for _ in range(self._draw.randrange(4)):
                read = self._seized(number, gun, on)
                yield replace(read, state=state, is_handed_in=True)
                on = self._day(on)
            if self._draw.random() < 0.03:
                yield self._seized(number, gun, on)

    def _stolen(self) -> Iterator[Reading]:
        number, gun, on = self._number(), self.gun(), self._day()
        yield Reading(number, self._state(), "theft", on, describe_gun(gun))
        if self._draw.random() < 0.6:
            yield self._seized(number, gun, self._day(on))

    def _recirculated(self) -> Iterator[Reading]:
        number, gun, on = self._number(), self.gun(), self._day()
        yield from self._sold(number, gun, on)
        yield self._seized(number, gun, on)
        yield self._seized(number, gun, self._day(on))

    def _trap(self) -> Iterator[Reading]:
        """Two guns of two makers bear one serial."""
        gun, other = self.gun(), self.gun()
        while other.make == gun.make or other.type == gun.type:
            other = self.gun()
        for each in (gun, other._replace(serial=gun.serial)):
            number, on = self._number(), self._day()
            yield Reading(number, self._state(), "domestic_sale", on, describe_gun(each))
            yield self._seized(number, each, self._day(on), "clean")


def make_readings(seized: int, seed: int) -> list[Reading]:
    """Return the readings of so many seizures, and what else is known, in the order of recording."""
    draw = random.Random(seed)
    register = _Register(draw, make_guns(4 * seized + 2_000, draw))
    weights = GUN_WEIGHTS | {"service": GUN_WEIGHTS["service"] / PURCHASE}
    readings: list[Reading] = []
    count = 0
    while count < seized:
        some = [*register.readings(draw.choices([*weights], [*weights.values()])[0])]
        count += sum(each.event == "seized" for each in some)
        readings += some
    return sorted(readings, key=lambda each: (each.on.year, each.on.month))


def record(readings: Sequence[Reading], first: int) -> list[UUID]:
    """Record readings as their states' offices, numbered from `first`; return their documents."""
    documents: dict[int, UUID] = {}

    def kind_of(numbered: tuple[int, Reading]) -> tuple[str, str]:
        return numbered[1].state, _KINDS[numbered[1].event]

    for (state, kind), some in groupby(sorted(enumerate(readings, first), key=kind_of), kind_of):
        command, make = _RECORDING[kind]
        actor = operator(state, f"{state}-POLICE")
        for batch in chunks(some, BATCH_SIZE):
            with transaction(actor):
                made = command(actor=actor, batch=[make(*each) for each in batch])
            documents |= dict(zip((number for number, _ in batch), made, strict=True))
    return [documents[number] for number in sorted(documents)]


def register_police() -> None:
    """Register the police of each state."""
    for state in STATES:
        with transaction(operator(state)):
            data = AgencyData(f"{state}-POLICE", "police", f"Police of {state}", "UTC")
            agencies.register_missing(actor=operator(state), batch=[data])


def _seizure(number: int, reading: Reading) -> SeizureData:
    owner: dict[str, Any] = (
        {"owner_kind": "police", "handed_in": True} if reading.is_handed_in else {}
    )
    return SeizureData(
        number=f"S-{number}",
        kind="surrendered" if reading.is_handed_in else "seized",
        agency=f"{reading.state}-POLICE",
        occurred_on=reading.on,
        place=Place(reading.state, "Town"),
        legal_grounds=("possession",),
        crime_context=("unknown",),
        items=(SeizedItem(**vars(reading.item), **owner),),
    )


def _report(number: int, reading: Reading) -> ReportData:
    return ReportData(
        kind="theft",
        number=f"R-{number}",
        firearm=reading.item,
        occurred_on=reading.on,
        confirm_second=True,
    )


def _transfer(number: int, reading: Reading) -> TransferData:
    return TransferData(
        kind=reading.event, number=f"T-{number}", firearm=reading.item, occurred_on=reading.on
    )


_KINDS: Final = {
    "seized": "seizure",
    "theft": "report",
    "domestic_sale": "transfer",
    "state_issue": "transfer",
}
_RECORDING: Final[dict[str, tuple[Callable[..., list[UUID]], Callable[[int, Reading], Any]]]] = {
    "seizure": (seizures.record_many, _seizure),
    "report": (reports.record_many, _report),
    "transfer": (transfers.record_many, _transfer),
}
