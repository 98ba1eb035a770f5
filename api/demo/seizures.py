"""Seizures: guns that leave the lawful world somewhere and are found, often in another state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.demo import marks, proportions
from api.demo.guns import FOREIGN, Armoury, Gun, describe
from api.demo.papers import Numbers
from api.demo.proportions import Weights, region_of
from api.demo.routes import OWN_DESIGNS
from api.demo.words import spoken
from api.demo.world import Calendar, Town, towns
from salsa_ext.values.documents import SeizureData
from salsa_ext.values.events import Place, When
from salsa_ext.values.firearms import Firearm

AT_BORDER: Final = 0.3
FURTHEST: Final = 1_090
CONCEALMENT: Final = ("false bottom", "spare tyre", "fuel tank", "under produce", "household goods")


@dataclass(frozen=True, eq=False)
class Seized:
    """A seizure, the day, and the gun behind each item (None for what is no gun of a maker)."""

    state: str
    day: int
    data: SeizureData
    guns: tuple[Gun | None, ...]


class Pool:
    """Guns that can be found, by where they were last at home and by kind; each is found once."""

    def __init__(self, random: Random, guns: Sequence[Gun]) -> None:
        self._found: dict[tuple[str, str], list[Gun]] = defaultdict(list)
        for gun in random.sample(guns, len(guns)):
            if gun.last > 3:
                self._found[gun.home, gun.design.kind].append(gun)

    def take(self, state: str, kind: str) -> Gun | None:
        """Return a gun of that home and kind, or None where none is left."""
        left = self._found[state, kind]
        return left.pop() if left else None


class Police:
    """Finds guns in the published proportions, and writes the seizures."""

    def __init__(
        self, random: Random, calendar: Calendar, armoury: Armoury, pool: Pool,
        stranded: Mapping[str, list[Gun]],
    ) -> None:  # fmt: skip
        self._random = random
        self._calendar = calendar
        self._armoury = armoury
        self._pool = pool
        self._stranded = stranded
        self.made: list[Seized] = []

    def make(self, count: int) -> None:
        """Make `count` seizures; some of guns that left and never arrived."""
        for _ in range(count):
            state = self._pick(proportions.SEIZURES)
            self.made.append(self._seize(state, list(self._guns(state))))

    def find(self, state: str, gun: Gun) -> None:
        """Seize one gun with its marks whole; for what the region must hold."""
        self.made.append(self._seize(state, [gun], whole=True))

    def numbered(self, numbers: Numbers) -> list[Seized]:
        """Return all seizures from the oldest on, with their numbers."""
        return [
            replace(made, data=replace(made.data, number=numbers.next(made.state, "Z")))
            for made in sorted(self.made, key=lambda made: (-made.day, made.state))
        ]

    def _guns(self, state: str) -> Iterator[Gun | None]:
        for _ in range(int(self._pick(proportions.ITEMS))):
            kind = self._pick(proportions.TYPES[region_of(state)])
            yield None if kind == "other" else self._gun(state, kind)

    def _gun(self, state: str, kind: str) -> Gun:
        if (lost := self._stranded.get(state)) and self._random.random() < 0.06:
            return lost.pop()
        source = self._pick(proportions.SOURCES[region_of(state)])
        home = state if source == "own" else source
        return self._pool.take(home, kind) or self.unknown(source, kind)

    def unknown(self, source: str, kind: str | None = None) -> Gun:
        """Return a gun that no record knows."""
        market = source.partition(":")[2] or (source if source in OWN_DESIGNS else FOREIGN)
        made = self._random.randint(400, 9_000)
        return self._armoury.gun(self._armoury.design(market, kind), market, made, is_known=False)

    def _seize(self, state: str, guns: list[Gun | None], *, whole: bool = False) -> Seized:
        last = min([FURTHEST, *(gun.last for gun in guns if gun)])
        day = 2 + int((last - 2) * self._random.random() ** 1.2)
        town = self._town(state)
        items = [self._item(state, line, gun, whole=whole) for line, gun in enumerate(guns, 1)]
        data = SeizureData(
            number="", kind=self._pick(proportions.KINDS), when=self._when(day, town),
            agency=f"{state}-{'BORDER' if town.post else 'POLICE'}", place=self._place(town),
            legal_grounds=self._some(proportions.GROUNDS),
            crime_context=self._some(proportions.CRIMES[region_of(state)]), items=tuple(items),
            post=town.post, details=self._details(state, town, guns[0]),
            visibility=None if whole else self._pick(proportions.VISIBILITY) or None,
        )  # fmt: skip
        return Seized(state, day, data, tuple(guns))

    def _item(self, state: str, line: int, gun: Gun | None, *, whole: bool) -> Firearm:
        if gun is None:
            return Firearm(line=line, type="homemade", origin_kind=self._random.choice(
                ("craft", "privately_made")), marking="unmarked", calibre="9 mm")  # fmt: skip
        item = describe(gun, self._calendar, line=line, year=None, hs_code=None,
                        origin_kind="unknown", quantity=Decimal(1))  # fmt: skip
        if whole:
            return item
        item = spoken(self._random, state, item)
        return marks.read(self._random, gun, item, self._calendar)

    def _town(self, state: str) -> Town:
        inland, border = [[town for town in towns(state) if (town.post is not None) == at_post]
                          for at_post in (False, True)]  # fmt: skip
        near = border and (not inland or self._random.random() < AT_BORDER)
        return self._random.choice(border if near else inland)

    def _when(self, day: int, town: Town) -> When:
        on = self._calendar.on(day)
        if self._random.random() < 0.4:
            return When(on, time_zone=town.zone)
        clock = time(self._random.randrange(24), self._random.randrange(60))
        return When(on, datetime.combine(on, clock, ZoneInfo(town.zone)), town.zone)

    def _place(self, town: Town) -> Place:
        north, east = (round(self._random.uniform(-0.03, 0.03), 4) for _ in "ne")
        return Place(town.state, town.name, town.admin1, round(town.latitude + north, 4),
                     round(town.longitude + east, 4), 1.0)  # fmt: skip

    def _details(self, state: str, town: Town, gun: Gun | None) -> dict[str, Any]:
        at_post = town.post and self._random.random() < 0.5
        setting = "post" if at_post else self._pick(proportions.SETTINGS)
        details: dict[str, Any] = {"setting": setting, "organized_crime": self._tie()}
        if gun and gun.is_known and gun.home != state:
            details |= {
                "transport": "land" if town.post else "other",
                "route": {"departure": gun.home, "transit": [], "destination": state},
            }
        if setting in ("vehicle", "post", "parcel"):
            details["concealment"] = self._random.choice(CONCEALMENT)
        if self._random.random() < 0.2:
            details["found_with"] = [{"kind": "cartridges", "unit": "pieces",
                                      "quantity": self._random.randrange(5, 400)}]  # fmt: skip
        return details

    def _tie(self) -> dict[str, str]:
        """Return how the seizure is tied to organized crime."""
        linked = self._pick(proportions.LINKED)
        if linked not in ("established", "suspected"):
            return {"linked": linked}
        return {"linked": linked, "relation": self._pick(proportions.RELATIONS),
                "basis": self._pick(proportions.BASES)}  # fmt: skip

    def _some(self, weights: Weights) -> tuple[str, ...]:
        picked = {self._pick(weights): None for _ in range(self._random.choice((1, 1, 1, 2)))}
        alone = [name for name in picked if name in ("none", "unknown")]
        return tuple(alone[:1] or picked)

    def _pick(self, weights: Weights) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]
