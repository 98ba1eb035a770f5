"""Marks of realistic formats and makers, and what happens to them on the way to a search."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOOK_ALIKE: Final = {
    "0": "OQD", "O": "0QD", "Q": "0O", "D": "0O", "1": "IL", "I": "1L", "L": "1I", "2": "Z",
    "Z": "2", "5": "S", "S": "5", "6": "G", "G": "6", "8": "B", "B": "8",
}  # fmt: skip


class Format(NamedTuple):
    """How a maker numbers: `A` a letter and `#` a digit; of a family `share` of the numbers are taken.

    A family is all that begins with the same letters; those without letters are dense in any case.
    """

    make: str
    calibres: tuple[str, ...]
    type: str
    country: str
    pattern: str
    share: float
    weight: int


FORMATS: Final = (
    Format("taurus", ("9x19", "380-acp", "38-special"), "pistol", "BRA", "AAA#####", 0.3, 18),
    Format("glock", ("9x19", "40-sw"), "pistol", "AUT", "AAAA###", 0.7, 14),
    Format("smith-wesson", ("9x19", "38-special"), "revolver", "USA", "AAA####", 0.5, 12),
    Format("ruger", ("9x19", "22-lr"), "pistol", "USA", "########", 0.2, 10),
    Format("colt", ("45-acp",), "pistol", "USA", "A#####", 0.5, 6),
    Format("bersa", ("380-acp", "9x19"), "pistol", "ARG", "######", 0.6, 6),
    Format("star", ("9x19",), "pistol", "ESP", "######", 0.6, 6),  # the numbers of bersa
    Format("rossi", ("38-special",), "revolver", "BRA", "A######", 0.4, 8),
    Format("beretta", ("9x19",), "pistol", "ITA", "A#####A", 0.3, 8),
    Format("norinco", ("7.62x39",), "rifle", "CHN", "#######", 0.1, 6),
    Format("cugir", ("7.62x39",), "rifle", "ROU", "A######AA", 0.05, 6),
    Format("imbel", ("7.62x51", "45-acp"), "rifle", "BRA", "AAA######", 0.02, 6),
)  # fmt: skip


class Gun(NamedTuple):
    """A gun with its serial."""

    serial: str
    make: str
    calibre: str
    type: str
    country: str
    dense: str


ONE_ERROR = ("confusable", "substitution", "deletion", "insertion", "transposition")


@dataclass(frozen=True)
class Asked:
    """A query: what is read, the class of its corruption, and the place of the true gun, if any."""

    read: str
    corruption: str
    make: str | None
    calibre: str | None
    truth: int | None
    dense: str

    @property
    def named(self) -> str:
        """Return whether make and calibre are given."""
        return "named" if self.make else "not named"

    @property
    def slip(self) -> str:
        """Return whether it has one error, and make and calibre are given: what a slip of the pen is."""
        return "one, named" if self.make and self.corruption in ONE_ERROR else "other"


def guns(count: int, draw: random.Random, families: int | None = None) -> list[Gun]:
    """Return guns whose families grow with `count`; with `families` they fill up instead."""
    total = sum(form.weight for form in FORMATS)
    found: list[Gun] = []
    for form in FORMATS:
        wanted = count * form.weight // total
        found += _family_by_family(form, wanted, draw, families)
    draw.shuffle(found)
    return found


def _family_by_family(
    form: Format, wanted: int, draw: random.Random, families: int | None
) -> Iterator[Gun]:
    letters = len(form.pattern) - len(form.pattern.lstrip("A"))
    size = 10 ** form.pattern.count("#") * 26 ** (form.pattern.count("A") - letters)
    each = max(1, wanted // families) if families else max(1, int(size * form.share))
    dense = _density(min(each, wanted) / size)
    while wanted > 0:
        prefix = "".join(draw.choices(LETTERS, k=letters))
        calibre = draw.choice(form.calibres)
        for number in draw.sample(range(size), min(each, wanted, size)):
            serial = prefix + _written(form.pattern[letters:], number)
            if len(set(serial)) > 1:  # 666666 is read as what stands for no serial
                yield Gun(serial, form.make, calibre, form.type, form.country, dense)
        wanted -= each


def _written(pattern: str, number: int) -> str:
    glyphs = []
    for kind in reversed(pattern):
        number, rest = divmod(number, 10 if kind == "#" else 26)
        glyphs.append(str(rest) if kind == "#" else LETTERS[rest])
    return "".join(reversed(glyphs))


def _density(share: float) -> str:
    return "dense" if share >= 0.3 else "medium" if share >= 0.05 else "sparse"


def queries(held: list[Gun], count: int, draw: random.Random) -> list[Asked]:
    """Return queries of every class in turn, of which half have no true record."""
    known = {(gun.serial, gun.make) for gun in held}
    return [_query(held, known, name, at % 2 == 0, draw)
            for at in range(count // len(CORRUPTIONS)) for name in CORRUPTIONS]  # fmt: skip


def _query(
    held: list[Gun], known: set[tuple[str, str]], name: str, is_true: bool, draw: random.Random
) -> Asked:
    while True:
        truth = draw.randrange(len(held))
        gun = held[truth] if is_true else _unknown(held[truth], known, draw)
        read = CORRUPTIONS[name](gun.serial, draw) if gun else None
        if (gun and read and read != gun.serial) or (gun and name == "clean"):
            break
    make, calibre = _named(held, gun, draw)
    return Asked(read or gun.serial, name, make, calibre, truth if is_true else None, gun.dense)


def _unknown(like: Gun, known: set[tuple[str, str]], draw: random.Random) -> Gun | None:
    """Return a gun of the same family that no record knows: its digits are drawn anew."""
    serial = "".join(
        draw.choice("0123456789") if glyph.isdigit() else glyph for glyph in like.serial
    )
    return None if (serial, like.make) in known else like._replace(serial=serial)


def _named(held: list[Gun], gun: Gun, draw: random.Random) -> tuple[str | None, str | None]:
    """Give make and calibre in four of five queries; one of twenty has those of another gun."""
    if draw.random() < 0.2:
        return None, None
    wrong = draw.choice(held) if draw.random() < 0.05 else gun
    return wrong.make, wrong.calibre


def _replace(serial: str, at: int, glyph: str) -> str:
    return serial[:at] + glyph + serial[at + 1 :]


def _confused(serial: str, draw: random.Random, most: int = 1) -> str | None:
    places = [at for at, glyph in enumerate(serial) if glyph in LOOK_ALIKE]
    if not places:
        return None
    for at in draw.sample(places, min(most, len(places))):
        serial = _replace(serial, at, draw.choice(LOOK_ALIKE[serial[at]]))
    return serial


def _substituted(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial))
    kind = "0123456789" if serial[at].isdigit() else LETTERS
    return _replace(serial, at, draw.choice(kind.replace(serial[at], "")))


def _deleted(serial: str, draw: random.Random) -> str:
    return _replace(serial, draw.randrange(len(serial)), "")


def _inserted(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial) + 1)
    beside = serial[min(at, len(serial) - 1)]
    return serial[:at] + draw.choice("0123456789" if beside.isdigit() else LETTERS) + serial[at:]


def _swapped(serial: str, draw: random.Random) -> str:
    at = draw.randrange(len(serial) - 1)
    return serial[:at] + serial[at + 1] + serial[at] + serial[at + 2 :]


def _twice(serial: str, draw: random.Random) -> str:
    first, second = draw.choices((_substituted, _deleted, _inserted, _swapped), k=2)
    return second(first(serial, draw), draw)


def _without_prefix(serial: str, _: random.Random) -> str | None:
    rest = serial.lstrip(LETTERS)
    return rest if rest != serial else None


def _unread(count: int) -> Callable[[str, random.Random], str]:
    def corrupt(serial: str, draw: random.Random) -> str:
        for at in draw.sample(range(len(serial)), count):
            serial = _replace(serial, at, "?")
        return serial

    return corrupt


def _half(serial: str, draw: random.Random) -> str:
    half = (len(serial) + 1) // 2
    return draw.choice((serial[:half] + "*", "*" + serial[-half:]))


CORRUPTIONS: Final[dict[str, Callable[[str, random.Random], str | None]]] = {
    "clean": lambda serial, _: serial,
    "confusable": _confused,
    "confusables": lambda serial, draw: _confused(serial, draw, 3),
    "substitution": _substituted,
    "deletion": _deleted,
    "insertion": _inserted,
    "transposition": _swapped,
    "two errors": _twice,
    "prefix dropped": _without_prefix,
    "one unread": _unread(1),
    "two unread": _unread(2),
    "three unread": _unread(3),
    "half": _half,
}
