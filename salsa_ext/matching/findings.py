"""What every kind of lead is made of: its guns, and reasons whose points add up; pure.

Points count like bits: one more is twice as telling. That a thing is rare, and how many guns share
it, is counted; the points of the other reasons are chosen, and stand here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from statistics import median
from typing import Final
from uuid import UUID

from salsa_ext.errors import Codes, say
from salsa_ext.matching.evidence import Reason
from salsa_ext.matching.joined import Gun, Said

SHORT_DAYS: Final = 1_095
"""Three years, below which ATF calls a time to crime short (Firearms Trace Data)."""
VERY_SHORT_DAYS: Final = 365
"""One year, the shortest class of ATF's tables."""
MOST_FOR_TIME: Final = 5.0  # chosen: a month and a day say the same
EACH_STATE: Final = 2.0  # chosen
MOST_FOR_STATES: Final = 4.0  # chosen
UNSURE: Final = -1.0  # chosen: somebody should look at the matches first
OPEN: Final = -2.0  # chosen: it may be another gun altogether


@dataclass(frozen=True)
class Finding:
    """A lead before it is ranked among the others; `key` tells it from those of its kind.

    `told` are the records that its words are taken from, whichever of its guns are shown.
    """

    kind: str
    key: str
    guns: tuple[Gun, ...]
    reasons: tuple[Reason, ...]
    told: tuple[Said, ...] = ()

    @property
    def of(self) -> frozenset[UUID]:
        """Return what its guns are known by."""
        return frozenset(gun.seized[0].id for gun in self.guns)


def cases_of(guns: Sequence[Gun]) -> int:
    """Count the seizures that guns are of."""
    return len({said.document for gun in guns for said in gun.seized})


def are_apart(guns: Sequence[Gun]) -> bool:
    """Tell whether these are guns of two seizures or more: what was seized together shares much anyway."""
    return len(guns) > 1 and len({gun.seized[0].document for gun in guns}) > 1


def time_points(days: float) -> float:
    """Return the points of a time: none from three years on, one more for each half of it."""
    return round(min(max(log2(SHORT_DAYS / max(days, 1)), 0.0), MOST_FOR_TIME), 1)


def rarity(count: int, of: int) -> Reason:
    """Return how rare it is among seized guns that `count` of `of` share a thing."""
    text = say("{count} of the {all} seized guns of which such a thing is known share it.",
               count=count, all=of)  # fmt: skip
    return Reason("rarity", text, round(log2(of / count), 1))


def several(guns: Sequence[Gun], days: Sequence[int] = ()) -> Iterator[Reason]:
    """Yield what their number says, where they were seized, and how soon: `days` of each that is known."""
    count = say(
        "These are {count} guns in {cases} seizures.", count=len(guns), cases=cases_of(guns)
    )
    yield Reason("number", count, round(log2(len(guns)), 1))
    yield from across(guns)
    if days and (points := time_points(median(days))):
        text = say(
            "Half of them were seized at most {days} days after what they share.",
            days=round(median(days)),
        )
        yield Reason("time", text, points)


def across(guns: Sequence[Gun]) -> Iterator[Reason]:
    """Yield that guns were seized in several states."""
    states = sorted({said.state for gun in guns for said in gun.seized})
    if len(states) > 1:
        text = say("They were seized in {count} states: {states}.", count=len(states),
                   states=Codes("state", tuple(states)))  # fmt: skip
        yield Reason("states", text, min(EACH_STATE * (len(states) - 1), MOST_FOR_STATES))


def doubts(guns: Sequence[Gun], points: float = UNSURE) -> Iterator[Reason]:
    """Yield what has to be looked at before anything is concluded."""
    if unsure := sum(gun.unsure for gun in guns):
        text = say(
            "Matches that join their records and are not confirmed yet: {count}.", count=unsure
        )
        yield Reason("unconfirmed", text, points)
    if vague := sum(gun.is_open for gun in guns):
        text = say(
            "Guns among them whose serial was sold new more than once: {count}.", count=vague
        )
        yield Reason("several_sales", text, OPEN)
