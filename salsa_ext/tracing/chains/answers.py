"""What states answered to a trace so far, what is missing, and why it failed; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.records.event_kinds import Event
from salsa_ext.guns.possession import event_date
from salsa_ext.tracing.chains.description_gaps import missing_fields
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, OPEN_STATUSES, WAITING_STATUSES

RETENTION_YEARS: Final = 20
"""Minimum years for which states keep records of guns (ITI IV, 12)."""
MISSING_ANSWER: Final = dict.fromkeys(WAITING_STATUSES, message("The answer of {state}.")) | {
    "clarification": message("The answer of {state}, which asks something first: reply to it."),
    "partial": message("What {state} left out of its answer."),
    "refused": message("The answer of {state}, which refused."),
    "forwarded": message("The answer of the state that {state} named."),
    "withdrawn": message(
        "The answer of {state}: it had given none when the request was withdrawn."
    ),
}
"""What is missing from a state, by the status of its leg."""
TAKES_NO_PART: Final = message(
    "The answer of {state}, which does not use this service: send it the form by another channel."
)
DEALER_IS_GONE: Final = message(
    "Who bought the gun from a dealer in {state}: the dealer is out of business. Ask the authority that"
    " licensed it for the records that it left."
)
AMERICAN_DEALER_IS_GONE: Final = message(
    "Who bought the gun from a dealer in the {state}: the dealer is out of business. Ask the National"
    " Tracing Center to search the out-of-business records (18 U.S.C. 923(g)(4))."
)
TOO_OLD: Final = message("The answer of {state}, for which the gun is too old to be traced.")
NOTHING_DECLARED: Final = message(
    "The registers of {state}: it takes part with none, so none was searched. Ask them on paper, and"
    " write down what they answer."
)
MISSING_UNSENT: Final = dict.fromkeys(
    WAITING_STATUSES, message("The answer of {state}: its form is to be sent yet.")
) | {"withdrawn": message("The answer of {state}: its form was not sent before the trace ended.")}
"""What is missing if a state's form was not sent, by status."""


@dataclass(frozen=True)
class ChainLeg:
    """The answer of one state so far.

    A non-participating state is asked by another channel, with a form. `failure_reason` is the
    state's own reason for knowing no more; `is_late`: no answer in time. `until` is the day to
    which it deferred its answer.
    """

    state: str
    status: str
    events: Sequence[Event] = ()
    participates: bool = True
    failure_reason: str | None = None
    is_late: bool = False
    until: str | None = None
    referred_to: str | None = None
    is_form_pending: bool = False

    @property
    def is_in_words(self) -> bool:
        """Return whether it answered without any event."""
        return self.status in ("answered", "partial") and not self.events


def failure_reason(
    outcome: str,
    firearm: Mapping[str, Any],
    legs: Sequence[ChainLeg],
    chain: Sequence[Event],
    found_on: date,
) -> str | None:
    """Return why a trace failed: reported reasons come before derived ones."""
    if not legs or outcome == "traced":
        return None
    reported = _reported_failure(legs, chain, firearm, found_on)
    if outcome in ("partly", "possible_only"):
        return reported
    undescribed = missing_fields(firearm)
    if "serial" in undescribed:
        return "obliterated" if firearm.get("marking") == "obliterated" else "incomplete_request"
    owing = [
        leg for leg in legs if leg.status in WAITING_STATUSES or leg.is_form_pending or leg.is_late
    ]
    if reported or not owing:
        return reported or ("incomplete_request" if undescribed & {"make", "calibre"} else None)
    if any(leg.participates for leg in owing):
        is_silent = any(leg.is_late and leg.participates for leg in owing)
        return "no_response" if is_silent else None
    return "not_participating" if all(leg.is_late for leg in owing) else None


def _reported_failure(
    legs: Sequence[ChainLeg], chain: Sequence[Event], firearm: Mapping[str, Any], found_on: date
) -> str | None:
    """Return a state's own failure reason; None while answers are owed.

    With a chain, only from a state in it or named by it. `too_old` does not count for a gun so
    young that every state still keeps its records.
    """
    asked_states, circle = {leg.state for leg in legs}, _circular_states(legs)
    unresolved = (leg for leg in legs if leg.referred_to not in asked_states or leg.state in circle)
    if any(
        (leg.status in OPEN_STATUSES or leg.is_form_pending) and not leg.is_late
        for leg in unresolved
    ):
        return None
    made_in = [event_date(event).year for event in chain if event["event"] == "manufacture"]
    year = firearm.get("year") or next(iter(made_in), None)
    is_young = year is not None and found_on.year - year < RETENTION_YEARS
    named = {event[name] for event in chain for name in ("state", "counterpart_state")}
    reasons = [leg.failure_reason for leg in legs if not chain or leg.events or leg.state in named]
    return next((why for why in reasons if why and not (is_young and why == "too_old")), None)


def missing_answers(legs: Sequence[ChainLeg]) -> Iterator[Message]:
    """Yield missing answers, including referrals that lead to no answer."""
    asked_states, circle = {leg.state for leg in legs}, _circular_states(legs)
    for leg in legs:
        if leg.status == NOT_PARTICIPATING:
            text = TAKES_NO_PART if leg.is_form_pending else NOTHING_DECLARED
            yield Message(text.text, {"state": leg.state})
        if leg.status not in MISSING_ANSWER or leg.referred_to in asked_states:
            continue
        if leg.is_form_pending and leg.status in MISSING_UNSENT:
            yield Message(MISSING_UNSENT[leg.status].text, {"state": leg.state})
        elif leg.status == "deferred" and leg.until:
            yield message("The answer of {state}, put off to {on}.", state=leg.state, on=leg.until)
        else:
            status = "partial" if leg.status == "withdrawn" and leg.events else leg.status
            is_gone = status == "partial" and leg.failure_reason == "dealer_defunct"
            gone = AMERICAN_DEALER_IS_GONE if leg.state == "USA" else DEALER_IS_GONE
            text = gone if is_gone else MISSING_ANSWER[status]
            if leg.is_in_words and leg.failure_reason == "too_old":
                text = TOO_OLD
            yield Message(text.text, {"state": leg.state})
    without_record = {leg.state for leg in legs if leg.status == "no_record"}
    for leg in legs:
        states = {"state": leg.state, "partner": leg.referred_to}
        if leg.status == "forwarded" and leg.referred_to in without_record:
            yield message(
                "The answer of {state}, which named {partner}: that has no record.", **states
            )
        elif leg.state in circle:
            yield message(
                "The answer of {state}, which named {partner}: that leads back to {state}.",
                **states,
            )


def _circular_states(legs: Sequence[ChainLeg]) -> set[str]:
    """Return the states whose referrals lead back to themselves."""
    referrals = {leg.state: leg.referred_to for leg in legs}
    circular = set()
    for state in referrals:
        path: list[str] = []
        following = referrals[state]
        while following and following not in path:
            path.append(following)
            following = referrals.get(following)
        if state in path:
            circular.add(state)
    return circular
