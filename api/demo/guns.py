"""Guns of the demo region: what is made where, and serials in the manner of each maker."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from api.demo.world import Calendar
from salsa_ext.values.firearms import Firearm

FOREIGN: Final = "foreign"
KINDS: Final[Mapping[str, str]] = {"assault_rifle": "rifle", "carbine": "rifle"}
HS: Final[Mapping[str, str]] = {
    "pistol": "9302", "revolver": "9302", "shotgun": "9303.20", "rifle": "9303.30",
    "carbine": "9303.30", "assault_rifle": "9301", "submachine_gun": "9301",
}  # fmt: skip
# Makers leave out letters that look like digits; `A` and `9` in a pattern count, the rest stands.
LETTERS: Final = "ABCEFHJKMNPRTUVWXY"
DIGITS: Final = "0123456789"


@dataclass(frozen=True)
class Design:
    """A model as its maker sells it; `source` is the market that it is taken from."""

    source: str
    make: str
    model: str
    type: str
    calibre: str
    country: str
    pattern: str
    weight: int

    @property
    def kind(self) -> str:
        """Return the type as figures group it: long arms with rifling are one."""
        return KINDS.get(self.type, self.type)


@dataclass(slots=True, eq=False)
class Gun:
    """One gun (equal to itself alone) and where its lawful life has led it so far.

    Days count back from the anchor: `made`, and `last`, that of the last event; `home` is the state
    where it was then. `is_known` says that some record tells of it, `imported` into which state
    and when.
    """

    design: Design
    serial: str | None
    made: int
    home: str
    last: int
    is_known: bool = True
    imported: tuple[str, int] | None = None
    events: list[str] = field(default_factory=list)

    def happens(self, event: str, days_ago: int) -> None:
        """Note an event of its life; the latest stands last."""
        self.events.append(event)
        self.last = days_ago


def describe(gun: Gun, calendar: Calendar, **changes: Any) -> Firearm:
    """Return the gun as a document describes it."""
    design = gun.design
    fields: dict[str, Any] = {
        "type": design.type, "make": design.make, "model": design.model,
        "calibre": design.calibre, "country_of_manufacture": design.country,
        "year": calendar.on(gun.made).year, "origin_kind": "industrial", "serial": gun.serial,
        "marking": "intact", "hs_code": HS[design.type],
    }  # fmt: skip
    return Firearm(**fields | changes)


class Armoury:
    """Hands out designs by weight, and serials that run on within each maker's pattern."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next: dict[tuple[str, str], int] = {}

    def design(self, source: str, kind: str | None = None) -> Design:
        """Return a design of a source (and kind, if it has any of it)."""
        found = by_source()[source, kind] or by_source()[source, None]
        return self._random.choices(found, [design.weight for design in found])[0]

    def serial(self, design: Design, apart: int = 1) -> str:
        """Return the next serial, up to `apart` further on."""
        key = (design.make, design.pattern)
        if key not in self._next:
            self._next[key] = self._random.randrange(_capacity(design.pattern) // 3)
        self._next[key] += self._random.randint(1, apart)
        return _written(design.pattern, self._next[key])

    def gun(self, design: Design, home: str, made: int, **changes: Any) -> Gun:
        """Return a gun for itself, that came from no lot."""
        return Gun(design, self.serial(design, 40), made, home, made, **changes)


@cache
def designs() -> Sequence[Design]:
    """Return every design."""
    text = files("api.demo").joinpath("designs.csv").read_text("utf-8")
    return tuple(
        Design(**row | {"weight": int(row["weight"])})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


@cache
def by_source() -> Mapping[tuple[str, str | None], Sequence[Design]]:
    """Return the designs by source and kind, and by source alone."""
    found: dict[tuple[str, str | None], list[Design]] = defaultdict(list)
    for design in designs():
        found[design.source, design.kind].append(design)
        found[design.source, None].append(design)
    return found


def _capacity(pattern: str) -> int:
    total = 1
    for glyph in pattern:
        total *= {"A": len(LETTERS), "9": len(DIGITS)}.get(glyph, 1)
    return total


def _written(pattern: str, number: int) -> str:
    """Write a number into a pattern, as a counter with wheels of letters and digits."""
    glyphs = []
    for glyph in reversed(pattern):
        wheel = {"A": LETTERS, "9": DIGITS}.get(glyph, glyph)
        number, turned = divmod(number, len(wheel))
        glyphs.append(wheel[turned])
    return "".join(reversed(glyphs))
