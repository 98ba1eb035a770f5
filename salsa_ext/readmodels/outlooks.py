"""How the traces of the past ended, by what each said of its gun: what a draft is advised by.

The own state's traces count as they stand. Those of others are told as sums of ended quarters over
states, and only where they give nobody away: several states stand in each, and neither the answered
nor the others of them are few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.clock import Clock
from salsa_ext.db import db
from salsa_ext.errors import Message, say
from salsa_ext.matching import outlooks
from salsa_ext.matching.outlooks import ANSWERED, Outlook, Tally
from salsa_ext.models import Rollup, RollupDelta, Trace
from salsa_ext.readmodels.statistics import SMALLEST, running_quarter

PROFILES: Final = "trace_profiles"
FEWEST_STATES: Final = 3
PENDING: Final = "pending"
UNSENT: Final = ("draft", "approved")
"""Statuses of a trace of which nobody was asked yet."""


FIT: Final = say("At least {count} records bear a mark like this one.")
LEFT: Final = say("With it, about {left} of the records that fit would be left.")
FEW_LEFT: Final = say("With it, few of the records that fit would be left.")


@dataclass(frozen=True)
class Fits:
    """How many records the mark of a draft fits, in round numbers, and what of them a field would leave."""

    at_least: int
    left: Mapping[str, int]

    @property
    def text(self) -> Message:
        """Say how many there are."""
        return Message(FIT.text, {"count": self.at_least})

    def text_of(self, field: str) -> list[Message]:
        """Say what of them a field would leave; nothing where it tells none of them apart."""
        if field not in self.left:
            return []
        left = self.left[field]
        return [Message(LEFT.text, {"left": left}) if left >= SMALLEST else FEW_LEFT]


@dataclass(frozen=True)
class AdviceView:
    """What is said of a draft before it is sent; `fits` where the records were searched for it."""

    outlook: Outlook
    fits: Fits | None = None


def of_drafts(drafts: Sequence[Trace], clock: Clock) -> list[Outlook]:
    """Return the outlook of traces of one state that are not sent yet; of none, nothing is read."""
    if not drafts:
        return []
    state = drafts[0].owner_state
    own = _tallies(_sums(state))
    region = cache(lambda: _told(_sums_of_others(state, clock)))
    return [outlooks.of(draft.firearm, own, region) for draft in drafts]


def _sums(state: str) -> Iterable[Any]:
    every = _every()
    amount = func.sum(every.c.amount)
    query = select(every.c.state, every.c.subject, amount).where(every.c.state == state)
    return db.session.execute(query.group_by(every.c.state, every.c.subject))


def _sums_of_others(state: str, clock: Clock) -> Iterable[Any]:
    every = _every()
    amount = func.sum(every.c.amount)
    query = select(every.c.state, every.c.subject, amount).where(
        every.c.state != state, every.c.period < running_quarter(clock.now().date())
    )
    return db.session.execute(query.group_by(every.c.state, every.c.subject))


def _every() -> Any:
    """Select what is counted of profiles, folded or not."""
    columns = ("state", "subject", "period", "amount")
    folded, new = (
        select(*(getattr(table, name) for name in columns)).where(table.dataset == PROFILES)
        for table in (Rollup, RollupDelta)
    )
    return folded.union_all(new).subquery()


def _tallies(rows: Iterable[Any]) -> dict[str, Tally]:
    """Return traces that ended by their profiles; of those that still wait nothing is known."""
    found: dict[str, Tally] = defaultdict(Tally)
    for _, subject, amount in rows:
        profile, _, ended = subject.partition(":")
        if ended != PENDING:
            found[profile] += Tally(int(amount), int(amount) if ended in ANSWERED else 0)
    return found


def _told(rows: Iterable[Any]) -> dict[str, Tally]:
    """Return the sums of other states' traces that give none of them away."""
    by_profile: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row[2] > 0:
            by_profile[row[1].partition(":")[0]].append(row)
    told = {}
    for profile, some in by_profile.items():
        tally = _tallies(some).get(profile, Tally())
        fewest = min(tally.answered, tally.traces - tally.answered)
        if fewest >= SMALLEST and len({row[0] for row in some}) >= FEWEST_STATES:
            told[profile] = tally
    return told
