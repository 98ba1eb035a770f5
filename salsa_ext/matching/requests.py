"""The life of a request and of its leg: one table of transitions for both sides, and the clock; pure.

The asked state's request is what stands; the asking state's leg is its view of it. Messages of both
may cross on the way, so the table has a rule for what each side can still be thinking:

- `withdraw` ends a request from every status: the asking state takes no answer after it.
- `renew` (the asking state knows more of the gun) opens again what the service answered by itself,
  and leaves alone what a person said.
- `part` is what the service gives at once where the rest waits for a person: nothing ends by it.
- `reply` counts only for the question or the refusal that stands, and else is kept as said, without effect.
- What the asked state may do from one status, it may do from each that the leg can have by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from salsa_ext.matching.calendars import Calendar, later, worked

WAITING: Final = ("sent", "acknowledged", "clarification", "deferred")
"""Statuses in which the asking state may expect something more."""
OPEN: Final = (*WAITING, "refused", "forwarded")
"""Statuses of a leg whose request may still be answered or asked of, as the asked state may know it."""
SILENT: Final = (*OPEN, "withdrawn")
"""Statuses of a leg whose state may hold more than it said: what was withdrawn had not been answered whole."""
RUNNING: Final = ("sent", "acknowledged", "deferred")
"""Statuses in which the asked state's clock runs: a clarification stops it."""
SAID: Final = ("answered", "partial", "no_record")
ANSWERS: Final = {"answer": "answered", "restrict": "partial"}
ENDS: Final = ANSWERS | {"no_record": "no_record", "refuse": "refused"}
REPLIABLE: Final = ("ask", "refuse")
"""What the asking state can reply to: a question, and a refusal of which it seeks clarification (ITI 23)."""
_LEFT: Final = ENDS | {"defer": "deferred", "forward": "forwarded", "withdraw": "withdrawn"}

TRANSITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "sent": _LEFT | {"acknowledge": "acknowledged", "ask": "clarification", "part": "sent"},
    "acknowledged": _LEFT | {"ask": "clarification"},
    "clarification": _LEFT | {"reply": "acknowledged"},
    "deferred": _LEFT | {"acknowledge": "acknowledged", "ask": "clarification"},
    "refused": ANSWERS
    | {
        "ask": "clarification",
        "reply": "acknowledged",
        "withdraw": "withdrawn",
    },
    "forwarded": ANSWERS | {"no_record": "no_record", "withdraw": "withdrawn"},
    "no_record": ANSWERS | {"withdraw": "withdrawn"},
    "partial": ANSWERS | {"withdraw": "withdrawn"},
    "answered": ANSWERS | {"withdraw": "withdrawn"},
    "withdrawn": {},
}
"""From a status by an action to the status that follows; what is not here is impossible."""

SAID_BY_PERSONS: Final = ("acknowledge", "answer", "no_record", "ask", "defer", "forward", "refuse")
"""What a person of the asked state can say, in the order in which it is offered."""


def possible(status: str) -> tuple[str, ...]:
    """Return what a person of the asked state can say of a request as it stands."""
    return tuple(action for action in SAID_BY_PERSONS if action in TRANSITIONS[status])


IN_WORKING_DAYS: Final = ("priority", "routine")
"""Priorities whose terms count working days; those of the others run round the clock."""
WHOLE: Final = 100
REMINDERS: Final = (50, 80, 100, 200)
"""Percent of a term at which somebody is told that there is no answer."""


def after(status: str, action: str) -> str | None:
    """Return the status that an action leads to; None where it is impossible."""
    return TRANSITIONS[status].get(action)


def renewed(status: str, *, is_automatic: bool) -> str:
    """Return the status once more is known of the gun: `sent` again if the service had answered."""
    return "sent" if is_automatic and status in SAID else status


def due(term: timedelta, since: datetime, calendar: Calendar | None) -> datetime:
    """Return until when an answer is owed, by the asked state's own clock since receipt."""
    return later(since, term, calendar)


def reached_at(
    begin: datetime, due_at: datetime, percent: int, calendar: Calendar | None
) -> datetime:
    """Return when so many percent of a term are over, by the clock that it runs by.

    At 100 % that is `due_at` itself. A term in which no day is worked runs round the clock.
    """
    term = worked(begin, due_at, calendar)
    if percent == WHOLE:
        return due_at
    if not term:
        return later(begin, (due_at - begin) * percent / WHOLE, None)
    if percent > WHOLE:
        return later(due_at, term * (percent - WHOLE) / WHOLE, calendar)
    return later(begin, term * percent / WHOLE, calendar)


def due_on(until: date, zone: str) -> datetime:
    """Return until when what was deferred to a day is owed: its end, in the asked state's zone."""
    return datetime.combine(until + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def resumed(
    moment: datetime, stopped_at: datetime, now: datetime, calendar: Calendar | None
) -> datetime:
    """Return a moment of a term after a clarification: later by as much as was worked meanwhile."""
    return later(moment, worked(stopped_at, now, calendar), calendar)
