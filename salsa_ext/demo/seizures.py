"""Seizures, and reports of loss and theft."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from salsa_ext.core.occurrence import EventTime, Place
from salsa_ext.demo import guns, world
from salsa_ext.demo.guns import FOREIGN, GunFactory, SimulatedGun, describe_gun
from salsa_ext.demo.parties import People, in_local_words, localized
from salsa_ext.demo.trade.deals import PRODUCING_STATES, Consignment
from salsa_ext.demo.trade.permits import DocumentNumbers
from salsa_ext.demo.world import Calendar, Town, Weights, region_of, towns
from salsa_ext.documents.values import FoundWith, OrganizedCrime, ReportData, Route, SeizureData
from salsa_ext.firearms.marks.values import Firearm, SeizedItem

BORDER_SHARE: Final = 0.3
OLDEST_DAY: Final = 1_090
CONCEALMENT: Final[Mapping[str, tuple[str, ...]]] = world.DATA["concealment"]


@dataclass(frozen=True, eq=False)
class PlannedSeizure:
    """A seizure to record: state, day, data and guns. The gun of an item is None if no maker made it."""

    state: str
    day: int
    data: SeizureData
    guns: tuple[SimulatedGun | None, ...]


class GunPool:
    """Guns that can be seized, by home state and kind. Each can be drawn once."""

    def __init__(self, random: Random, guns: Sequence[SimulatedGun]) -> None:
        self._found: dict[tuple[str, str], list[SimulatedGun]] = defaultdict(list)
        for gun in random.sample(guns, len(guns)):
            if gun.last > 3:
                self._found[gun.home, gun.design.kind].append(gun)

    def pop(self, state: str, kind: str) -> SimulatedGun | None:
        """Return a gun of the home and kind; None if empty."""
        left = self._found[state, kind]
        return left.pop() if left else None


class SeizureGenerator:
    """Generator of seizures in the published proportions."""

    def __init__(
        self,
        random: Random,
        calendar: Calendar,
        armoury: GunFactory,
        pool: GunPool,
        stranded: Mapping[str, list[SimulatedGun]],
    ) -> None:
        self._random = random
        self._calendar = calendar
        self._armoury = armoury
        self._pool = pool
        self._stranded = stranded
        self.made: list[PlannedSeizure] = []

    def make(self, count: int) -> None:
        """Generate `count` seizures, some of undelivered guns."""
        for _ in range(count):
            state = self._pick(world.SEIZURE_WEIGHTS)
            self.made.append(self._seize(state, list(self._guns(state))))

    def find(self, state: str, gun: SimulatedGun) -> None:
        """Generate a seizure of one gun with all marks read."""
        self.made.append(self._seize(state, [gun], whole=True))

    def numbered(self, numbers: DocumentNumbers) -> list[PlannedSeizure]:
        """Return all seizures with numbers, oldest first."""
        return [
            replace(seizure, data=replace(seizure.data, number=numbers.next(seizure.state, "Z")))
            for seizure in sorted(self.made, key=lambda seizure: (-seizure.day, seizure.state))
        ]

    def _guns(self, state: str) -> Iterator[SimulatedGun | None]:
        for _ in range(int(self._pick(world.ITEM_COUNT_WEIGHTS))):
            kind = self._pick(world.TYPE_WEIGHTS[region_of(state)])
            yield None if kind == "other" else self._gun(state, kind)

    def _gun(self, state: str, kind: str) -> SimulatedGun:
        if (lost := self._stranded.get(state)) and self._random.random() < 0.06:
            return lost.pop()
        source = self._pick(world.SOURCE_WEIGHTS[region_of(state)])
        home = state if source == "own" else source
        return self._pool.pop(home, kind) or self.unknown(source, kind)

    def unknown(self, source: str, kind: str | None = None) -> SimulatedGun:
        """Return a gun without any record."""
        market = source.partition(":")[2] or (source if source in PRODUCING_STATES else FOREIGN)
        day = self._random.randint(400, 9_000)
        return self._armoury.gun(self._armoury.design(market, kind), market, day, is_known=False)

    def _seize(
        self, state: str, guns: list[SimulatedGun | None], *, whole: bool = False
    ) -> PlannedSeizure:
        last = min([OLDEST_DAY, *(gun.last for gun in guns if gun)])
        day = 2 + int((last - 2) * self._random.random() ** 1.2)
        town = self._town(state)
        items = [self._item(state, line, gun, whole=whole) for line, gun in enumerate(guns, 1)]
        data = SeizureData(
            number="",
            kind=self._pick(world.SEIZURE_KIND_WEIGHTS),
            **vars(self._when(day, town)),
            agency=f"{state}-{'BORDER' if town.post else 'POLICE'}",
            place=self._place(town),
            legal_grounds=self._some(world.LEGAL_GROUND_WEIGHTS),
            crime_context=self._some(world.CRIME_WEIGHTS[region_of(state)]),
            items=tuple(map(SeizedItem.from_firearm, items)),
            post=town.post,
            **self._details(state, town, guns[0]),
            visibility=None if whole else self._pick(world.VISIBILITY_WEIGHTS) or None,
        )
        return PlannedSeizure(state, day, _at_port(data), tuple(guns))

    def _item(self, state: str, line: int, gun: SimulatedGun | None, *, whole: bool) -> Firearm:
        if gun is None:
            return Firearm(
                line=line,
                type="homemade",
                origin_kind=self._random.choice(("craft", "privately_made")),
                marking="unmarked",
                calibre="9 mm",
            )
        item = describe_gun(
            gun,
            self._calendar,
            line=line,
            year=None,
            hs_code=None,
            origin_kind="unknown",
            quantity=Decimal(1),
        )
        if whole:
            return item
        item = in_local_words(self._random, state, item)
        return guns.read_marks(self._random, gun, item, self._calendar)

    def _town(self, state: str) -> Town:
        inland, border = [
            [town for town in towns(state) if (town.post is not None) == at_post]
            for at_post in (False, True)
        ]
        near = border and (not inland or self._random.random() < BORDER_SHARE)
        return self._random.choice(border if near else inland)

    def _when(self, day: int, town: Town) -> EventTime:
        on = self._calendar.on(day)
        if self._random.random() < 0.4:
            return EventTime(on, time_zone=town.zone)
        clock = time(self._random.randrange(24), self._random.randrange(60))
        return EventTime(on, datetime.combine(on, clock, ZoneInfo(town.zone)), town.zone)

    def _place(self, town: Town) -> Place:
        north, east = (round(self._random.uniform(-0.03, 0.03), 4) for _ in "ne")
        return Place(
            town.state,
            town.name,
            town.admin1,
            round(town.latitude + north, 4),
            round(town.longitude + east, 4),
            1.0,
        )

    def _details(self, state: str, town: Town, gun: SimulatedGun | None) -> dict[str, Any]:
        at_post = town.post and self._random.random() < 0.5
        setting = "post" if at_post else self._pick(world.SETTING_WEIGHTS)
        details: dict[str, Any] = {"setting": setting, "organized_crime": self._tie()}
        if gun and gun.is_known and gun.home != state:
            details |= {
                "transport": "land" if town.post else "other",
                "route": Route(departure=gun.home, destination=state),
            }
        if setting in ("vehicle", "post", "parcel"):
            details["concealment"] = self._random.choice(localized(CONCEALMENT, state))
        if self._random.random() < 0.2:
            count = Decimal(self._random.randrange(5, 400))
            details["found_with"] = (FoundWith("cartridges", count, "pieces"),)
        return details

    def _tie(self) -> OrganizedCrime:
        """Return the seizure's link to organized crime."""
        linked = self._pick(world.ORGANIZED_CRIME_WEIGHTS)
        if linked not in ("established", "suspected"):
            return OrganizedCrime(linked)
        return OrganizedCrime(
            linked, self._pick(world.RELATION_WEIGHTS), self._pick(world.BASIS_WEIGHTS)
        )

    def _some(self, weights: Weights) -> tuple[str, ...]:
        picked = {self._pick(weights): None for _ in range(self._random.choice((1, 1, 1, 2)))}
        alone = [name for name in picked if name in ("none", "unknown")]
        return tuple(alone[:1] or picked)

    def _pick(self, weights: Weights) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]


VICTIM_WEIGHTS: Final = {"private": 72, "dealer": 16, "evidence_store": 4}


class ReportGenerator:
    """Generator of reports; adds the events to the guns."""

    def __init__(self, random: Random, calendar: Calendar, people: People) -> None:
        self._random = random
        self._calendar = calendar
        self._people = people
        self.made: list[tuple[int, str, ReportData]] = []

    def make(
        self,
        count: int,
        guns: Sequence[SimulatedGun],
        missing: Sequence[tuple[Consignment, SimulatedGun]],
    ) -> None:
        """Generate reports of `count` guns: mostly private, some from shipments."""
        of_shipments = self._random.sample(missing, min(len(missing), count // 12))
        for sent, gun in of_shipments:
            self._report("theft", gun, max(1, sent.enters), stolen_from="shipment")
        guns_in_hand = [gun for gun in guns if gun.last > 25]
        for gun in self._random.sample(
            guns_in_hand, min(len(guns_in_hand), count - len(of_shipments))
        ):
            self._lose(gun)

    def numbered(self, numbers: DocumentNumbers) -> Iterator[tuple[str, ReportData]]:
        """Yield all reports with state and number, oldest first."""
        for _, state, data in sorted(self.made, key=lambda report: (-report[0], report[1])):
            yield state, replace(data, number=numbers.next(state, "R"))

    def _lose(self, gun: SimulatedGun) -> None:
        kind = self._random.choices(("theft", "loss", "surrender"), (60, 36, 4))[0]
        self._report(kind, gun, self._after(gun), stolen_from=self._victim(gun, kind))
        if kind != "surrender" and gun.last > 10 and self._random.random() < 0.1:
            self._report("recovery", gun, self._after(gun), stolen_from=None)

    def _victim(self, gun: SimulatedGun, kind: str) -> str | None:
        if kind != "theft":
            return None
        if gun.events[-1] == "state_issue":
            return "state_stock"
        return self._random.choices(list(VICTIM_WEIGHTS), list(VICTIM_WEIGHTS.values()))[0]

    def _after(self, gun: SimulatedGun) -> int:
        return gun.last - self._random.randint(1, max(2, min(gun.last - 2, 700)))

    def _report(self, kind: str, gun: SimulatedGun, day: int, stolen_from: str | None) -> None:
        town = self._random.choice(towns(gun.home))
        self.made.append(
            (
                day,
                gun.home,
                ReportData(
                    kind=kind,
                    number="",
                    occurred_on=self._calendar.on(day),
                    time_zone=town.zone,
                    firearm=describe_gun(gun, self._calendar),
                    place=_report_place(town),
                    giver=None if stolen_from == "shipment" else self._people.person(gun.home),
                    stolen_from=stolen_from,
                ),
            )
        )
        gun.happens(kind, day)


def _report_place(town: Town) -> Place:
    return Place(town.state, town.name, town.admin1, town.latitude, town.longitude, 5.0)


def _at_port(data: SeizureData) -> SeizureData:
    """Return a seizure at the state's seaport, airport or mail centre, if that is its setting."""
    state = data.place.country
    port = world.ports().get((state, world.PORT_KINDS.get(data.setting or "", "")))
    if port is None:
        return data
    name, _ = port.sides[state]
    place = Place(state, name, None, port.latitude, port.longitude, 1.0)
    return replace(data, post=port.code, place=place)
