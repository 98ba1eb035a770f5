"""Attempts to have a leg answered: its own channel, and others besides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from salsa_ext.core.errors import Invalid, message
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, WAITING_STATUSES
from salsa_ext.tracing.traces.models import TraceLeg

ETRACE: Final = "etrace"
ETRACE_STATE: Final = "USA"
"""The state of ATF, which eTrace alone reaches."""
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
    """Return the attempts of a leg, that of its own channel first."""
    is_to_send = leg.is_form_pending and leg.status in WAITING_STATUSES
    own = Attempt(
        leg.channel,
        TO_SEND if is_to_send else leg.status,
        leg.reference,
        leg.asked_on.isoformat() if leg.asked_on else None,
        leg.answered_on.isoformat() if leg.answered_on else None,
        leg.reply_class,
        leg.failure_reason,
    )
    return [own, *other_attempts(leg)]


def other_attempts(leg: TraceLeg) -> list[Attempt]:
    """Return the attempts besides that of the own channel, in order."""
    return [Attempt(**attempt) for attempt in leg.attempts]


def find_attempt(leg: TraceLeg, channel: str | None) -> Attempt | None:
    """Return the attempt besides the own channel by this one, or None."""
    return next((each for each in other_attempts(leg) if each.channel == channel), None)


def find_outside(leg: TraceLeg, channel: str | None) -> Attempt | None:
    """Return the attempt outside the service by a channel, or the first; None without."""
    outside = [each for each in list_attempts(leg) if each.channel != "service"]
    return next((each for each in outside if channel in (None, each.channel)), None)


def store_attempt(leg: TraceLeg, attempt: Attempt) -> None:
    """Add an attempt to a leg, or replace that by its channel."""
    others = [each for each in other_attempts(leg) if each.channel != attempt.channel]
    _store(leg, [*others, attempt])


def _store(leg: TraceLeg, attempts: Sequence[Attempt]) -> None:
    leg.attempts = [asdict(attempt) for attempt in attempts]


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


def events_besides(leg: TraceLeg, channel: str | None) -> list[dict[str, Any]]:
    """Return the events of a leg that came another way than by hand by this channel.

    None for those by hand by its own.
    """
    return [
        event for event in leg.events if "said_on" not in event or event.get("channel") != channel
    ]


def events_by_hand(leg: TraceLeg) -> list[dict[str, Any]]:
    """Return the events of a leg that an own officer recorded."""
    return [event for event in leg.events if "said_on" in event]


def withdraw_attempts(leg: TraceLeg) -> None:
    """Withdraw the attempts that were not answered."""
    waiting = (*WAITING_STATUSES, TO_SEND)
    _store(
        leg,
        [
            replace(each, status="withdrawn") if each.status in waiting else each
            for each in other_attempts(leg)
        ],
    )


def send_again(leg: TraceLeg, *, is_reread: bool) -> None:
    """Mark waiting attempts to be sent again; all of them if the gun was read again."""
    _store(
        leg,
        [
            replace(each, status=TO_SEND)
            if each.status != "withdrawn" and (is_reread or each.status in WAITING_STATUSES)
            else each
            for each in other_attempts(leg)
        ],
    )


def check_channel(state: str, channel: str | None) -> None:
    """Raise Invalid for eTrace to another state than that of ATF."""
    if channel == ETRACE and state != ETRACE_STATE:
        problem = message(
            "eTrace reaches the United States alone. Choose another channel, or ask the United States."
        )
        raise Invalid({"channel": [problem]})
