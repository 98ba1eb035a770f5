"""The lifecycle of a request and of its leg; pure.

One table of transitions for both sides. The asked state's request is authoritative; the asking
state's leg is its view of it. Messages of both may cross on the way, so the table has a rule for
each status that the other side may still assume:

- `withdraw` ends a request from every status: the asking state accepts no answer after it.
- `renew` (the asking state knows more of the gun) reopens automatic answers and leaves those of persons.
- `part` is the automatic part of an answer while the rest waits for a person; it ends nothing.
- `reply` counts only for the current question or refusal; otherwise it is stored without effect.
- What the asked state may do from one status, it may do from each that the leg can have meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from salsa_ext.reference.calendars import Calendar, add_working_time, working_time_between
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES

ANSWER_ACTIONS: Final = {"answer": "answered", "restrict": "partial"}
FINAL_ACTIONS: Final = ANSWER_ACTIONS | {"no_record": "no_record", "refuse": "refused"}
REPLIABLE_ACTIONS: Final = ("ask", "refuse")
"""Actions that the asking state can reply to (ITI 23)."""
_COMMON: Final = FINAL_ACTIONS | {
    "defer": "deferred",
    "forward": "forwarded",
    "withdraw": "withdrawn",
}

TRANSITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "sent": _COMMON | {"acknowledge": "acknowledged", "ask": "clarification", "part": "sent"},
    "acknowledged": _COMMON | {"ask": "clarification"},
    "clarification": _COMMON | {"reply": "acknowledged"},
    "deferred": _COMMON | {"acknowledge": "acknowledged", "ask": "clarification"},
    "refused": ANSWER_ACTIONS
    | {"ask": "clarification", "reply": "acknowledged", "withdraw": "withdrawn"},
    "forwarded": ANSWER_ACTIONS | {"no_record": "no_record", "withdraw": "withdrawn"},
    "no_record": ANSWER_ACTIONS | {"withdraw": "withdrawn"},
    "partial": ANSWER_ACTIONS | {"withdraw": "withdrawn"},
    "answered": ANSWER_ACTIONS | {"withdraw": "withdrawn"},
    "withdrawn": {},
}
"""The next status by status and action; all others are impossible."""
LEG_TRANSITIONS: Final[Mapping[str, Mapping[str, str]]] = {
    status: {**actions, **dict.fromkeys(("acknowledge", "part"), "acknowledged")}
    if status in ("sent", "acknowledged")
    else actions
    for status, actions in TRANSITIONS.items()
}
"""Those of legs: the service acknowledges a request before a person works on it."""

PERSON_ACTIONS: Final = ("acknowledge", "answer", "no_record", "ask", "defer", "forward", "refuse")
"""Actions of persons of the asked state, in the order offered."""
FULL_PERCENT: Final = 100
REMINDER_PERCENTS: Final = (50, 80, 100, 200)
"""Percent of the time limit at which a reminder is sent."""


def possible_actions(status: str) -> tuple[str, ...]:
    """Return the actions possible for persons of the asked state."""
    return tuple(action for action in PERSON_ACTIONS if action in TRANSITIONS[status])


def next_status(status: str, action: str) -> str | None:
    """Return the status after an action; None if it is impossible."""
    return TRANSITIONS.get(status, {}).get(action)


def status_after_renewal(status: str, *, is_automatic: bool) -> str:
    """Return the status after a renewal: `sent` again if answered automatically."""
    return "sent" if is_automatic and status in ANSWERED_STATUSES else status


def time_at_percent(
    begin: datetime, due_at: datetime, percent: int, calendar: Calendar | None
) -> datetime:
    """Return when so many percent of the time are over.

    At 100 % that is `due_at`. A time limit without a working day runs round the clock.
    """
    term = working_time_between(begin, due_at, calendar)
    if percent == FULL_PERCENT:
        return due_at
    if not term:
        return add_working_time(begin, (due_at - begin) * percent / FULL_PERCENT, None)
    if percent > FULL_PERCENT:
        return add_working_time(due_at, term * (percent - FULL_PERCENT) / FULL_PERCENT, calendar)
    return add_working_time(begin, term * percent / FULL_PERCENT, calendar)


def end_of_day(day: date, zone: str) -> datetime:
    """Return the end of a day in a zone."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


def after_pause(
    moment: datetime, stopped_at: datetime, now: datetime, calendar: Calendar | None
) -> datetime:
    """Return a deadline moved by the working time of a clarification."""
    return add_working_time(moment, working_time_between(stopped_at, now, calendar), calendar)
