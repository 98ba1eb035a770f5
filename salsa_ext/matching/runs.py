"""Guns of one maker whose serials follow each other: they left the factory in one box; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import log2
from typing import Final

from salsa_ext.errors import say
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.findings import Finding, are_apart, doubts, several
from salsa_ext.matching.joined import Gun

NEXT: Final = 3  # chosen: two between them may be not seized yet
MOST: Final = 8.0  # points, chosen: as much as a thing that one of 250 guns has
DIGITS: Final = 4  # chosen: shorter numbers follow each other by chance
_NUMBERED = re.compile(rf"([^?*\[\]]*?)(\d{{{DIGITS},12}})([^\d?*\[\]]*)")

Family = tuple[str, str, int, str]


def find(guns: Sequence[Gun]) -> Iterator[Finding]:
    """Yield runs of serials among guns of two seizures or more."""
    families: dict[Family, dict[int, Gun]] = defaultdict(dict)
    for gun in guns:
        if not gun.is_open and (numbered := _numbered(gun)):
            families[numbered[0]].setdefault(numbered[1], gun)
    for family, numbers in families.items():
        for run in _runs(sorted(numbers)):
            some = tuple(numbers[number] for number in run)
            if are_apart(some):
                yield _finding(family, run, some, len(numbers))


def _numbered(gun: Gun) -> tuple[Family, int] | None:
    """Return the maker's pattern of a gun and its number in it, as the oldest record has it."""
    for said in gun.records:
        if said.make and said.serial and (found := _NUMBERED.fullmatch(said.serial)):
            return (said.make, found[1], len(found[2]), found[3]), int(found[2])
    return None


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for number in numbers:
        if run and number - run[-1] > NEXT:
            yield run
            run = []
        run.append(number)
    yield run


def _finding(
    family: Family, run: Sequence[int], guns: tuple[Gun, ...], count: int
) -> Finding:  # fmt: skip
    make, before, width, after = family
    first, last = (f"{before}{number:0{width}d}{after}" for number in (run[0], run[-1]))
    text = say("The serials follow each other, from {first} to {last}.", first=first, last=last)
    rare = say("{count} guns of this maker and pattern of serial were seized.", count=count)
    chance = min(count * (run[-1] - run[0]) / 10**width, 1.0)
    points = round(min(-log2(chance), MOST), 1)
    reasons = (Reason("shared", text, 0.0), Reason("rarity", rare, points),
               *several(guns), *doubts(guns))  # fmt: skip
    return Finding("consecutive_serials", f"{make}|{first}", guns, reasons)
