"""How marks are read where a gun is found: whole, damaged, taken for look-alikes, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from api.demo.guns import Gun
from api.demo.world import Calendar
from salsa_ext.values.firearms import Firearm, Mark

# What readers take for each other, both ways.
LOOK_ALIKES: Final[Mapping[str, str]] = {
    "0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B",
    "O": "0", "I": "1", "Z": "2", "S": "5", "G": "6", "B": "8",
}  # fmt: skip
READINGS: Final[Mapping[str, int]] = {
    "whole": 73, "look_alike": 8, "transposed": 2, "wrong_digit": 2, "damaged": 5, "missing": 6,
    "altered": 3, "restored": 1,
}  # fmt: skip
WITH_IMPORT_MARK: Final = 0.4


def read(random: Random, gun: Gun, item: Firearm, calendar: Calendar) -> Firearm:
    """Return an item as whoever found the gun read its marks."""
    marked = replace(item, marks=_import_marks(random, gun, calendar))
    if item.serial is None:
        return marked
    [reading] = random.choices(list(READINGS), list(READINGS.values()))
    if reading == "missing":
        return replace(marked, serial=None, marking="obliterated")
    if reading in ("altered", "restored"):
        return replace(marked, marking=reading)
    if reading == "damaged":
        return replace(marked, serial=damage(random, item.serial), marking="obliterated")
    return replace(marked, serial=MISREADINGS[reading](random, item.serial))


def damage(random: Random, serial: str) -> str:
    """Return a serial of which a glyph, a run, or the choice between two glyphs is left open."""
    at = random.randrange(1, len(serial))
    kind = random.choice("?*[")
    if kind == "?":
        return serial[:at] + "?" + serial[at + 1 :]
    if kind == "*":
        return serial[:at] + "*"
    glyph = serial[at]
    return f"{serial[:at]}[{glyph}{LOOK_ALIKES.get(glyph, '7')}]{serial[at + 1 :]}"


def look_alike(random: Random, serial: str) -> str:
    """Return the serial with one glyph taken for another that looks like it."""
    places = [at for at, glyph in enumerate(serial) if glyph in LOOK_ALIKES]
    if not places:
        return serial
    at = random.choice(places)
    return serial[:at] + LOOK_ALIKES[serial[at]] + serial[at + 1 :]


def _transposed(random: Random, serial: str) -> str:
    at = random.randrange(len(serial) - 1)
    return serial[:at] + serial[at + 1] + serial[at] + serial[at + 2 :]


def _wrong_digit(random: Random, serial: str) -> str:
    at = random.choice([at for at, glyph in enumerate(serial) if glyph.isdigit()])
    other = random.choice([digit for digit in "3479" if digit != serial[at]])
    return serial[:at] + other + serial[at + 1 :]


def _import_marks(random: Random, gun: Gun, calendar: Calendar) -> tuple[Mark, ...]:
    if gun.imported is None or random.random() > WITH_IMPORT_MARK:
        return ()
    state, day = gun.imported
    year = calendar.on(day).year
    return (Mark("import", f"{state} {year % 100:02d}", state, year, "frame"),)


MISREADINGS: Final[Mapping[str, Callable[[Random, str], str]]] = {
    "whole": lambda _, serial: serial,
    "look_alike": look_alike,
    "transposed": _transposed,
    "wrong_digit": _wrong_digit,
}
