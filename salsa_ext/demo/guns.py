"""Simulated guns: designs, serial patterns, lives, marks as read."""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from salsa_ext.demo.world import DATA, Calendar
from salsa_ext.firearms.marks.values import Firearm, Mark

FOREIGN: Final = "foreign"
KIND_BY_TYPE: Final[Mapping[str, str]] = {"assault_rifle": "rifle", "carbine": "rifle"}
HS_HEADINGS: Final[Mapping[str, str]] = DATA["hs_headings"]
# Makers leave out letters that look like digits; `A` and `9` in a pattern are filled, the rest is literal.
LETTERS: Final = "ABCEFHJKMNPRTUVWXY"
DIGITS: Final = "0123456789"


@dataclass(frozen=True)
class Design:
    """A model of a maker; `source` is the market it comes from."""

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
        """Return the type as in figures; rifled long arms are one."""
        return KIND_BY_TYPE.get(self.type, self.type)


@dataclass(slots=True, eq=False)
class SimulatedGun:
    """A gun with its lawful life so far; equal to itself only.

    `made` and `last` (last event) are days before the anchor; `home` is the state at the last
    event. `is_known` if any record describes it; `imported` is (state, day).
    """

    design: Design
    serial: str | None
    manufactured: int
    home: str
    last: int
    is_known: bool = True
    imported: tuple[str, int] | None = None
    events: list[str] = field(default_factory=list)

    def happens(self, event: str, days_ago: int) -> None:
        """Add an event of the gun's life."""
        self.events.append(event)
        self.last = days_ago


def describe_gun(gun: SimulatedGun, calendar: Calendar, **changes: Any) -> Firearm:
    """Return the gun as documents describe it."""
    design = gun.design
    fields: dict[str, Any] = {
        "type": design.type,
        "make": design.make,
        "model": design.model,
        "calibre": design.calibre,
        "country_of_manufacture": design.country,
        "year": calendar.on(gun.manufactured).year,
        "origin_kind": "industrial",
        "serial": gun.serial,
        "marking": "intact",
        "hs_code": HS_HEADINGS[design.type],
    }
    return Firearm(**fields | changes)


class GunFactory:
    """Generator of designs by weight, and of consecutive serials."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._next: dict[tuple[str, str], int] = {}

    def design(self, source: str, kind: str | None = None) -> Design:
        """Return a random design of a source, if possible of a kind."""
        designs = designs_by_source()[source, kind] or designs_by_source()[source, None]
        return self._random.choices(designs, [design.weight for design in designs])[0]

    def serial(self, design: Design, max_gap: int = 1) -> str:
        """Return the next serial, up to `max_gap` further."""
        key = (design.make, design.pattern)
        if key not in self._next:
            self._next[key] = self._random.randrange(_capacity(design.pattern) // 3)
        self._next[key] += self._random.randint(1, max_gap)
        return _format_serial(design.pattern, self._next[key])

    def gun(self, design: Design, home: str, day: int, **changes: Any) -> SimulatedGun:
        """Return a single gun outside any lot."""
        return SimulatedGun(design, self.serial(design, 40), day, home, day, **changes)


@cache
def designs() -> Sequence[Design]:
    """Return all designs."""
    text = files("salsa_ext.demo").joinpath("data", "designs.csv").read_text("utf-8")
    return tuple(
        Design(**row | {"weight": int(row["weight"])})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


@cache
def designs_by_source() -> Mapping[tuple[str, str | None], Sequence[Design]]:
    """Return designs by (source, kind) and by (source, None)."""
    by_source: dict[tuple[str, str | None], list[Design]] = defaultdict(list)
    for design in designs():
        by_source[design.source, design.kind].append(design)
        by_source[design.source, None].append(design)
    return by_source


def _capacity(pattern: str) -> int:
    total = 1
    for glyph in pattern:
        total *= {"A": len(LETTERS), "9": len(DIGITS)}.get(glyph, 1)
    return total


def _format_serial(pattern: str, number: int) -> str:
    """Format a number by a serial pattern of letters and digits."""
    glyphs = []
    for glyph in reversed(pattern):
        wheel = {"A": LETTERS, "9": DIGITS}.get(glyph, glyph)
        number, turned = divmod(number, len(wheel))
        glyphs.append(wheel[turned])
    return "".join(reversed(glyphs))


# What readers take for each other, both ways.
LOOK_ALIKES: Final[Mapping[str, str]] = DATA["look_alikes"]
READING_WEIGHTS: Final[Mapping[str, int]] = DATA["reading_weights"]
IMPORT_MARK_SHARE: Final = 0.4


def read_marks(random: Random, gun: SimulatedGun, item: Firearm, calendar: Calendar) -> Firearm:
    """Return an item with its marks as the finder read them."""
    marked = replace(item, marks=_import_marks(random, gun, calendar))
    if item.serial is None:
        return marked
    [reading] = random.choices(list(READING_WEIGHTS), list(READING_WEIGHTS.values()))
    if reading == "missing":
        return replace(marked, serial=None, marking="obliterated")
    if reading in ("altered", "restored"):
        return replace(marked, marking=reading)
    if reading == "damaged":
        return replace(marked, serial=damage_serial(random, item.serial), marking="obliterated")
    return replace(marked, serial=MISREADINGS[reading](random, item.serial))


def damage_serial(random: Random, serial: str) -> str:
    """Return a serial with an unread glyph, run or choice of glyphs."""
    at = random.randrange(1, len(serial))
    kind = random.choice("?*[")
    if kind == "?":
        return serial[:at] + "?" + serial[at + 1 :]
    if kind == "*":
        return serial[:at] + "*"
    glyph = serial[at]
    return f"{serial[:at]}[{glyph}{LOOK_ALIKES.get(glyph, '7')}]{serial[at + 1 :]}"


def misread_similar_glyph(random: Random, serial: str) -> str:
    """Return the serial with one look-alike glyph misread."""
    places = [at for at, glyph in enumerate(serial) if glyph in LOOK_ALIKES]
    if not places:
        return serial
    at = random.choice(places)
    return serial[:at] + LOOK_ALIKES[serial[at]] + serial[at + 1 :]


def _misread_transposed(random: Random, serial: str) -> str:
    at = random.randrange(len(serial) - 1)
    return serial[:at] + serial[at + 1] + serial[at] + serial[at + 2 :]


def _misread_digit(random: Random, serial: str) -> str:
    at = random.choice([at for at, glyph in enumerate(serial) if glyph.isdigit()])
    other = random.choice([digit for digit in "3479" if digit != serial[at]])
    return serial[:at] + other + serial[at + 1 :]


def _import_marks(random: Random, gun: SimulatedGun, calendar: Calendar) -> tuple[Mark, ...]:
    if gun.imported is None or random.random() > IMPORT_MARK_SHARE:
        return ()
    state, day = gun.imported
    year = calendar.on(day).year
    return (Mark("import", f"{state} {year % 100:02d}", state, year, "frame"),)


MISREADINGS: Final[Mapping[str, Callable[[Random, str], str]]] = {
    "whole": lambda _, serial: serial,
    "look_alike": misread_similar_glyph,
    "transposed": _misread_transposed,
    "wrong_digit": _misread_digit,
}
