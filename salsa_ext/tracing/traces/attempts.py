"""Attempts to have a leg answered, by channel: the first in its columns, others in its list."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from salsa_ext.core.errors import Invalid, message
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, WAITING_STATUSES
from salsa_ext.tracing.traces.models import TraceLeg

ETRACE: Final = "etrace"
ETRACE_STATE: Final = "USA"
"""The state of ATF, which eTrace alone reaches."""
OWN_CHANNELS: Final = ("telephone", "mail")
"""How an officer asks a register of the own state that the service does not search."""
TO_SEND: Final = "to_send"
"""Status of an attempt whose form is to be sent yet, or again."""
BEST_FIRST: Final = (
    *("answered", "partial", "clarification", "acknowledged", "deferred", "sent", "no_record"),
    *("forwarded", "refused", "withdrawn", NOT_PARTICIPATING, TO_SEND),
)
"""An answer is better than waiting, and waiting better than that there is none."""


@dataclass(frozen=True)
class Attempt:
    """One try by one channel; `status` is one of BEST_FIRST, the days are ISO dates."""

    channel: str
    status: str = TO_SEND
    reference: str | None = None
    sent_on: str | None = None
    answered_on: str | None = None
    reply_class: str | None = None
    failure_reason: str | None = None


def list_attempts(leg: TraceLeg) -> list[Attempt]:
    """Return the attempts of a leg, in order."""
    is_to_send = leg.is_form_pending and leg.status in WAITING_STATUSES
    first = Attempt(
        leg.channel,
        TO_SEND if is_to_send else leg.status,
        leg.reference,
        iso_day(leg.asked_on),
        iso_day(leg.answered_on),
        leg.reply_class,
        leg.failure_reason,
    )
    return [first, *other_attempts(leg)]


def other_attempts(leg: TraceLeg) -> list[Attempt]:
    """Return the attempts after the first, in order."""
    return [Attempt(**attempt) for attempt in leg.attempts]


def find_attempt(leg: TraceLeg, channel: str | None) -> Attempt | None:
    """Return the attempt by a channel, for None the first outside the service; None without."""
    attempts = list_attempts(leg)
    if channel is None:
        return next((each for each in attempts if each.channel != "service"), None)
    return next((each for each in attempts if each.channel == channel), None)


def store_attempt(leg: TraceLeg, attempt: Attempt, former: str | None = None) -> None:
    """Store an attempt in place of that by its channel, or by a `former` one."""
    if leg.channel != (former or attempt.channel):
        others = [each for each in other_attempts(leg) if each.channel != attempt.channel]
        _store_others(leg, [*others, attempt])
        return
    leg.channel, leg.reference = attempt.channel, attempt.reference
    leg.is_form_pending = attempt.status in (TO_SEND, NOT_PARTICIPATING)
    if attempt.status != TO_SEND:
        leg.status = attempt.status
    leg.asked_on, leg.answered_on = parse_day(attempt.sent_on), parse_day(attempt.answered_on)
    leg.reply_class, leg.failure_reason = attempt.reply_class, attempt.failure_reason


def _store_others(leg: TraceLeg, attempts: Sequence[Attempt]) -> None:
    leg.attempts = [asdict(attempt) for attempt in attempts]


def iso_day(day: date | None) -> str | None:
    """Return a day as attempts store it."""
    return day.isoformat() if day else None


def parse_day(text: str | None) -> date | None:
    """Return a day of an attempt."""
    return date.fromisoformat(text) if text else None


def best_status(leg: TraceLeg) -> str:
    """Return the status of a leg: the best of its attempts."""
    statuses = [leg.status, *(attempt.status for attempt in other_attempts(leg))]
    return min(statuses, key=BEST_FIRST.index)


def has_form_to_send(leg: TraceLeg) -> bool:
    """Return whether the form of an attempt is to be sent yet."""
    return leg.is_form_pending or any(each.status == TO_SEND for each in other_attempts(leg))


def reported_failure(leg: TraceLeg) -> str | None:
    """Return why the state knows no more, by any attempt."""
    reasons = [leg.failure_reason, *(each.failure_reason for each in other_attempts(leg))]
    return next(filter(None, reasons), None)


def events_by_hand(leg: TraceLeg) -> list[dict[str, Any]]:
    """Return the events of a leg that an own officer recorded, in `channel` unless by the first."""
    return [event for event in leg.events if "said_on" in event]


def withdraw_attempts(leg: TraceLeg) -> None:
    """Withdraw the attempts after the first that were not answered."""
    waiting = (*WAITING_STATUSES, TO_SEND)
    _store_others(
        leg,
        [
            replace(each, status="withdrawn") if each.status in waiting else each
            for each in other_attempts(leg)
        ],
    )


def send_again(leg: TraceLeg, *, is_reread: bool) -> None:
    """Mark waiting attempts to be sent again; all of them if the gun was read again."""
    _store_others(
        leg,
        [
            replace(each, status=TO_SEND)
            if each.status != "withdrawn" and (is_reread or each.status in WAITING_STATUSES)
            else each
            for each in other_attempts(leg)
        ],
    )


def check_channel(state: str, channel: str | None, own: str) -> None:
    """Raise Invalid for a channel that does not reach a state, or the own one."""
    if state == own and channel not in OWN_CHANNELS:
        problem = message(
            "Your own registers are asked by telephone or mail. Choose one of the two."
        )
        raise Invalid({"channel": [problem]})
    if channel == ETRACE and state != ETRACE_STATE:
        problem = message(
            "eTrace reaches the United States alone. Choose another channel, or ask the United States."
        )
        raise Invalid({"channel": [problem]})
