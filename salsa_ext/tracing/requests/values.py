"""Input of the commands on trace requests; statuses of requests and legs, and their deadlines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from salsa_ext.reference.calendars import Calendar, add_working_time, working_time_between


@dataclass(frozen=True)
class ManualParty:
    """A party of a register entry: its kind, never its identity."""

    kind: str
    country: str


@dataclass(frozen=True)
class ManualEvent:
    """An event from a state's registers, not in the service."""

    event: str
    occurred_on: date
    document_number: str | None = None
    counterpart_state: str | None = None
    giver: ManualParty | None = None
    receiver: ManualParty | None = None
    serial: str | None = None
    make: str | None = None
    model: str | None = None
    calibre: str | None = None


@dataclass(frozen=True)
class AnswerData:
    """A person's answer: own records, events from registers, states to ask instead.

    A `restricted` one has the reason for what was left out (ITI 23), with `failure_reason` where
    the state knows no more either. A record with other marks than requested needs
    `confirm_other_marks`. Without `handling` it is handled as its strictest record, and no looser
    than the last answer.
    """

    completeness: str = "full"
    restriction_reason: str | None = None
    records: Collection[UUID] = ()
    events: Collection[ManualEvent] = ()
    points_to: Collection[str] = ()
    handling: str | None = None
    note: str | None = None
    failure_reason: str | None = None
    confirm_other_marks: bool = False


@dataclass(frozen=True)
class ComparisonData:
    """What a person decided who compared a record with the gun, and the reason."""

    record: UUID
    judgement: str
    reason: str


@dataclass(frozen=True)
class RefusalData:
    """A refusal, with one of the reasons allowed by the ITI (22)."""

    reason: str
    text: str


@dataclass(frozen=True)
class DeferralData:
    """A later answer: until which day, and the reason."""

    until: date
    reason: str


@dataclass(frozen=True)
class QuestionData:
    """Questions that the asked state needs answered first."""

    questions: Collection[str]


@dataclass(frozen=True)
class ReferralData:
    """The state to ask instead, and the reason; `confirm_other_guns` despite a strong match."""

    state: str
    reason: str
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class CommentData:
    """A text alone; optional where the action needs none."""

    text: str | None = None


@dataclass(frozen=True)
class NoRecordData(CommentData):
    """The gun is unknown, with any `failure_reason`; `confirm_other_guns` despite a strong match."""

    failure_reason: str | None = None
    confirm_other_guns: bool = False


@dataclass(frozen=True)
class RestrictionData:
    """Codes of the agencies that must not see a trace or request."""

    hidden_from: tuple[str, ...]


@dataclass(frozen=True)
class AcknowledgementData:
    """Requests to acknowledge together."""

    requests: Collection[UUID]


WAITING_STATUSES: Final = ("sent", "acknowledged", "clarification", "deferred")
"""Statuses in which the asking state may expect an answer."""
OPEN_STATUSES: Final = (*WAITING_STATUSES, "refused", "forwarded")
"""Statuses of a leg that may still be answered or asked about."""
NOT_PARTICIPATING: Final = "not_participating"
"""Status of a leg whose state does not participate and was not asked by another channel yet."""
UNANSWERED_STATUSES: Final = (*WAITING_STATUSES, NOT_PARTICIPATING)
INCOMPLETE_STATUSES: Final = (*OPEN_STATUSES, NOT_PARTICIPATING, "withdrawn")
"""Statuses of a leg in which more records may be unanswered.

A withdrawn one had not been answered completely.
"""
RUNNING_STATUSES: Final = ("sent", "acknowledged", "deferred")
"""Statuses in which the asked state's clock runs; a clarification stops it."""
ANSWERED_STATUSES: Final = ("answered", "partial", "no_record")
SEARCHED_STATUSES: Final = (*ANSWERED_STATUSES, "forwarded")
"""Statuses of a leg whose state was searched, or a person of it looked."""


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
    """Return when so many percent of the time are over."""
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
