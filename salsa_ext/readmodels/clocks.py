"""Traces between the two states of a post that are not answered, each with the clock that it runs by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.matching.calendars import Calendar, worked
from salsa_ext.matching.requests import RUNNING, WAITING, due
from salsa_ext.models import Trace, TraceLeg, TraceRequest
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import calendars, settings
from salsa_ext.readmodels.crossings import MOST
from salsa_ext.values.actor import Actor

SHOWN_TO: Final = {"asked": Permission.TRACE_READ, "owed": Permission.REQUEST_READ}


@dataclass(frozen=True)
class Clock:
    """What one of two states owes the other: `asked` by the reader's state, or `owed` by it.

    `due_at` is None while the clock stands, since the asked state asked back, and of what the other
    put off to a day of its own. `share` is how much of the term is over, in percent of the asked
    state's own time; above 100 it is late. `of` and
    `case_number` name the trace or request to who may read such.
    """

    kind: str
    asking_state: str
    asked_state: str
    priority: str
    status: str
    asked_at: datetime
    due_at: datetime | None
    share: int | None
    of: UUID | None
    case_number: str | None

    def is_late(self, now: datetime) -> bool:
        """Tell whether its term is over."""
        return self.due_at is not None and self.due_at < now


def between(actor: Actor, other: str) -> list[Clock]:
    """Return what the reader's state asked of the other and owes it, the first due first.

    An agency that must not see a trace sees nothing of it here either.
    """
    found = [*_asked(actor, other), *_owed(actor, other)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.asked_at))


def _asked(actor: Actor, other: str) -> list[Clock]:
    """Return the own state's legs; their term is that of the other's settings, since they were sent."""
    theirs = settings.of([other])[other]
    calendar = calendars.of_state(other, theirs)
    query = (
        select(TraceLeg, Trace).join(Trace, Trace.id == TraceLeg.trace_id)
        .where(TraceLeg.owner_state == actor.state, TraceLeg.state == other,
               TraceLeg.channel == "salsa", TraceLeg.status.in_(WAITING))
        .order_by(TraceLeg.asked_at).limit(MOST)
    )  # fmt: skip
    made = []
    for leg, trace in db.session.execute(query):
        days = calendar if calendars.counts_days(trace.priority) else None
        until = due(theirs.target(trace.priority), leg.asked_at, days)
        made.append(_clock(actor, "asked", trace, leg, leg.asked_at, until, days))
    return made


def _owed(actor: Actor, other: str) -> list[Clock]:
    query = (
        select(TraceRequest)
        .where(TraceRequest.owner_state == actor.state, TraceRequest.asking_state == other,
               TraceRequest.status.in_(WAITING))
        .order_by(TraceRequest.due_at).limit(MOST)
    )  # fmt: skip
    own: Calendar = calendars.of(actor)
    return [
        _clock(actor, "owed", row, row, row.clock_from, row.due_at,
               own if calendars.counts_days(row.priority) else None)
        for row in db.session.scalars(query)
    ]  # fmt: skip


def _clock(
    actor: Actor, kind: str, case: Any, said: Any, begin: datetime, until: datetime,
    calendar: Calendar | None,
) -> Clock:  # fmt: skip
    asking, asked = _states(kind, said)
    runs = said.status in RUNNING and (kind, said.status) != ("asked", "deferred")
    may = SHOWN_TO[kind] in actor.permissions
    return Clock(
        kind, asking, asked, case.priority, said.status,
        said.received_at if kind == "owed" else said.asked_at,
        until if runs else None, _share(begin, until, actor.now(), calendar) if runs else None,
        case.id if may else None, case.case_number if may else None,
    )  # fmt: skip


def _states(kind: str, said: Any) -> Sequence[str]:
    other = said.state if kind == "asked" else said.asking_state
    return (said.owner_state, other) if kind == "asked" else (other, said.owner_state)


def _share(begin: datetime, until: datetime, now: datetime, calendar: Calendar | None) -> int:
    """Return how many percent of a term are over; of one without any working day, by the clock."""
    term = worked(begin, until, calendar)
    if term <= timedelta():
        term, calendar = until - begin, None
    if term <= timedelta():
        return 100
    return int(worked(begin, now, calendar) / term * 100)
