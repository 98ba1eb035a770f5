"""Legs of traces with their messages, and as chain input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.queries import query_for_description
from salsa_ext.firearms.records.values import Event, year_of_manufacture
from salsa_ext.firearms.search.criteria import describe_query
from salsa_ext.firearms.search.evidence import Description
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.tracing.chains import chain
from salsa_ext.tracing.chains.identity import contradicting_fields, difference_bits, serials_of
from salsa_ext.tracing.requests.message_log import MessageView
from salsa_ext.tracing.requests.values import WAITING_STATUSES
from salsa_ext.tracing.traces.models import Trace, TraceLeg


def compare_events(
    events: Sequence[Event], firearm: Mapping[str, Any], found_on: date
) -> Sequence[Event]:
    """Return the events, each with `against` (fields) and `differs` (bits).

    Compared with the current description: it, and the events, may have been corrected since.
    """
    if not events:
        return events
    asked, serials = (
        describe_query(replace(query_for_description(firearm, ()), reported_year=found_on.year)),
        serials_of(firearm),
    )
    return [event | _comparison(asked, serials, event) for event in map(dict, events)]


def _comparison(asked: Description, serials: Sequence[str], event: Event) -> dict[str, Any]:
    held = _event_description(event)
    read = _with_matching_serial(asked, serials, held)
    return {
        "against": contradicting_fields(read, held, event["event"]),
        "differs": difference_bits(read, held),
    }


def _with_matching_serial(
    asked: Description, serials: Sequence[str], held: Description
) -> Description:
    """Return the query with the matching serial, else the first."""
    read = held.serial_norm if held.serial_norm in serials else next(iter(serials), "")
    return replace(asked, serial_norm=read)


def _event_description(event: Event) -> Description:
    year, reported_year = event.get("year"), date.fromisoformat(event["occurred_on"]).year
    model = event.get("model")
    return Description(
        serial_norm=normalise(event.get("serial") or ""),
        make=event.get("make"),
        calibre_family=names.calibre_family(event.get("calibre")),
        type=names.specific_type(event.get("type")),
        country=event.get("country_of_manufacture"),
        year=year,
        model=fold_name("model", model) or None if model else None,
        reported_year=reported_year,
        manufactured_year=year_of_manufacture(event["event"], year, reported_year),
    )


REPLY_FIELDS: Final = (("defer", "until"), ("forward", "state"))
REFERRING_STATUSES: Final = ("forwarded", "withdrawn")
"""Statuses of a leg whose state may have referred to another."""
FORM_SENT: Final = "form_sent"
"""Kind of the message that the form was sent by another channel."""
REFUSED: Final = "refused"
STATUS_MESSAGES: Final = ("acknowledge", "ask", "reply", "refuse", "answer", "by_hand")
"""Kinds of messages that make or replace a refusal."""
TO_SEND, NOT_SENT = "to_send", "not_sent"
"""Shown status of a form to send, and of one never sent."""


@dataclass(frozen=True)
class LegView:
    """A leg with its messages."""

    leg: TraceLeg
    messages: Sequence[MessageView]

    @property
    def is_form_pending(self) -> bool:
        """Return whether its form is to be sent by its current channel."""
        return self.leg.is_form_pending

    @property
    def is_of_earlier_reading(self) -> bool:
        """Return whether its answer by another channel is for an earlier reading."""
        leg = self.leg
        return (
            leg.channel != "salsa"
            and leg.status in WAITING_STATUSES
            and leg.answered_at is not None
        )

    @property
    def asked_on(self) -> date | None:
        """Return the recorded day on which its form was sent, or None."""
        return None if self.leg.is_form_pending else self.leg.asked_on

    @property
    def asked_at(self) -> datetime | None:
        """Return the time of the request; None for unsent forms."""
        is_known = self.leg.channel == "salsa" or self.asked_on is not None
        return self.leg.asked_at if is_known else None

    @property
    def shown_status(self) -> str:
        """Return its status, or TO_SEND for an unsent form.

        After the trace NOT_SENT for such a form, and REFUSED for a leg whose state refused: neither
        was withdrawn.
        """
        if self.leg.status == "withdrawn" and self._has_refused:
            return REFUSED
        if not self.is_form_pending:
            return self.leg.status
        return NOT_SENT if self.leg.status == "withdrawn" else TO_SEND

    @property
    def _has_refused(self) -> bool:
        """Return whether the last message of its state is a refusal."""
        last = next((one for one in reversed(self.messages) if one.kind in STATUS_MESSAGES), None)
        return last is not None and (last.kind == "refuse" or last.data.get("status") == REFUSED)


def with_replies(leg: chain.ChainLeg, view: LegView) -> chain.ChainLeg:
    """Return a chain leg with its deferral, referral and refusal, from messages."""
    if view.shown_status == REFUSED:
        return replace(leg, status=REFUSED)
    last = {one.kind: one.data for one in view.messages}
    until, named = (last.get(kind, {}).get(name) for kind, name in REPLY_FIELDS)
    return replace(
        leg, until=until, referred_to=named if leg.status in REFERRING_STATUSES else None
    )


def to_chain_leg(
    trace: Trace, leg: TraceLeg, late_before: datetime | None = None
) -> chain.ChainLeg:
    """Return a leg as chain input; asked before `late_before`, it is late."""
    is_asked = late_before is not None and not leg.is_form_pending and leg.asked_at < late_before
    is_waiting = leg.status in WAITING_STATUSES and is_asked
    is_unheard = leg.status == "withdrawn" and leg.answered_at is None
    return chain.ChainLeg(
        leg.state,
        leg.status,
        compare_events(_events_of(trace, leg), trace.firearm, trace.found_on),
        participates=leg.channel == "salsa",
        is_form_pending=leg.is_form_pending,
        failure_reason=leg.failure_reason,
        is_late=is_waiting or is_unheard,
    )


def _events_of(trace: Trace, leg: TraceLeg) -> Sequence[Event]:
    """Return the events of a leg; an officer's entries are marked."""
    if leg.channel == "salsa":
        return leg.events
    own = trace.owner_state
    return [event | {"by_hand": _event_origin_text(own, leg.state, event)} for event in leg.events]


def _event_origin_text(own: str, state: str, event: Event) -> Message:
    if (serial := event.get("earlier_reading")) is None:
        return manual_origin_text(own, state, event.get("said_on"))
    return message(
        "Written down by an officer of {state}: {other} answered it by another channel, on the earlier"
        " reading of the gun, {serial}.",
        state=own,
        other=state,
        serial=serial,
    )


def manual_origin_text(own: str, state: str, on: str | None) -> Message:
    """Return the origin of an answer that an own officer recorded."""
    if on is None:
        return message(
            "Written down by an officer of {state}: {other} answered it by another channel, on a day"
            " that nobody wrote down.",
            state=own,
            other=state,
        )
    return message(
        "Written down by an officer of {state}: {other} answered it by another channel on {on}.",
        state=own,
        other=state,
        on=on,
    )
