"""Reports of guns lost and stolen, and of some that came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from api.demo.deals import Consignment
from api.demo.guns import Gun, describe
from api.demo.papers import Numbers
from api.demo.people import People
from api.demo.world import Calendar, Town, towns
from salsa_ext.values.documents import ReportData
from salsa_ext.values.events import Place, When

STOLEN_FROM: Final = {"private": 72, "dealer": 16, "evidence_store": 4}


class Desk:
    """Writes the reports of the region and leads each gun's life on."""

    def __init__(self, random: Random, calendar: Calendar, people: People) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people
        self.made: list[tuple[int, str, ReportData]] = []

    def make(
        self, count: int, guns: Sequence[Gun], missing: Sequence[tuple[Consignment, Gun]]
    ) -> None:
        """Report `count` guns: mostly held by persons, some stolen from shipments."""
        of_shipments = self._random.sample(missing, min(len(missing), count // 12))
        for sent, gun in of_shipments:
            self._report("theft", gun, max(1, sent.enters), stolen_from="shipment")
        held = [gun for gun in guns if gun.last > 25]
        for gun in self._random.sample(held, min(len(held), count - len(of_shipments))):
            self._lose(gun)

    def numbered(self, numbers: Numbers) -> Iterator[tuple[str, ReportData]]:
        """Yield all reports from the oldest on, each with its state and number."""
        for _, state, data in sorted(self.made, key=lambda made: (-made[0], made[1])):
            yield state, replace(data, number=numbers.next(state, "R"))

    def _lose(self, gun: Gun) -> None:
        kind = self._random.choices(("theft", "loss", "surrender"), (60, 36, 4))[0]
        self._report(kind, gun, self._after(gun), stolen_from=self._victim(gun, kind))
        if kind != "surrender" and gun.last > 10 and self._random.random() < 0.1:
            self._report("recovery", gun, self._after(gun), stolen_from=None)

    def _victim(self, gun: Gun, kind: str) -> str | None:
        if kind != "theft":
            return None
        if gun.events[-1] == "state_issue":
            return "state_stock"
        return self._random.choices(list(STOLEN_FROM), list(STOLEN_FROM.values()))[0]

    def _after(self, gun: Gun) -> int:
        return gun.last - self._random.randint(1, max(2, min(gun.last - 2, 700)))

    def _report(self, kind: str, gun: Gun, day: int, stolen_from: str | None) -> None:
        town = self._random.choice(towns(gun.home))
        self.made.append((day, gun.home, ReportData(
            kind=kind, number="", when=When(self._calendar.on(day), time_zone=town.zone),
            firearm=describe(gun, self._calendar), place=_place(town),
            giver=None if stolen_from == "shipment" else self._people.person(gun.home),
            stolen_from=stolen_from,
        )))  # fmt: skip
        gun.happens(kind, day)


def _place(town: Town) -> Place:
    return Place(town.state, town.name, town.admin1, town.latitude, town.longitude, 5.0)
