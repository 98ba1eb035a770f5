"""Legs of traces with their messages, and as chain input."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core.batches import group_by
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Message, message
from salsa_ext.database.bulk import is_any_of_param
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.documents.models import Seizure
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.firearms.records.event_kinds import SEIZED, Event, year_of_manufacture
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import query_for_description
from salsa_ext.firearms.search.criteria import describe_query
from salsa_ext.firearms.search.evidence import Description, weigh
from salsa_ext.guns.joint_seizures import find_references
from salsa_ext.reference import names
from salsa_ext.reference.name_matching import fold_name
from salsa_ext.tracing.chains import answers, chain
from salsa_ext.tracing.chains.identity import (
    contradicting_fields,
    contradicts_importer,
    difference_bits,
    serials_of,
    split_records,
)
from salsa_ext.tracing.requests.message_log import MessageView
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, WAITING_STATUSES
from salsa_ext.tracing.traces.attempts import TO_SEND, best_status, reported_failure
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import unasked_maker


def compare_events(
    events: Sequence[Event], firearm: Mapping[str, Any], found_on: date
) -> Sequence[Event]:
    """Return events compared with the current description.

    Adds `against` (contradicting fields), `differs` (bits), and the `reasons` of the evidence.
    """
    if not events:
        return events
    query = replace(query_for_description(firearm, ()), reported_year=found_on.year)
    described, serials = describe_query(query), serials_of(firearm)
    compared = []
    for event in events:
        year, recorded_in = event.get("year"), parse_date(event["occurred_on"]).year
        model, serial = event.get("model"), normalise(event.get("serial") or "")
        record = Description(
            serial_norm=serial,
            make=event.get("make"),
            calibre_family=names.calibre_family(event.get("calibre")),
            type=names.specific_type(event.get("type")),
            country=event.get("country_of_manufacture"),
            year=year,
            model=fold_name("model", model) or None if model else None,
            reported_year=recorded_in,
            manufactured_year=year_of_manufacture(event["event"], year, recorded_in),
        )
        # the matching serial of the query, else its first
        best = serial if serial in serials else next(iter(serials), "")
        gun = replace(described, serial_norm=best)
        against = contradicting_fields(gun, record, event["event"])
        if contradicts_importer(firearm, event):
            against = (*against, "importer_mark")
        evidence = weigh(gun, record)
        compared.append(
            dict(event)
            | {
                "against": against,
                "differs": difference_bits(gun, record),
                "reasons": evidence.reasons if evidence else (),
            }
        )
    return compared


def certain_events(trace: Trace, events: Sequence[Event]) -> list[Event]:
    """Return the events that are certainly of the trace's gun."""
    compared = compare_events(events, trace.firearm, trace.found_on)
    return split_records(compared, trace.firearm)[0]


_LEGS: Final = (
    select(TraceLeg)
    .where(is_any_of_param(TraceLeg.trace_id))
    .order_by(TraceLeg.id)
    .execution_options(populate_existing=True)
)
REFERRING_STATUSES: Final = ("forwarded", "withdrawn")
"""Statuses of a leg whose state may have referred to another."""
FORM_SENT: Final = "form_sent"
"""Kind of the message that the form was sent by another channel."""
REFUSED: Final = "refused"
STATUS_MESSAGES: Final = ("acknowledge", "ask", "reply", "refuse", "answer", "by_hand")
"""Kinds of messages that make or replace a refusal."""
NOT_SENT: Final = "not_sent"
"""Shown status of a form never sent."""
NOT_TRACED: Final = "not_traced"
"""Shown status of a state for which the gun is too old: nobody looked."""


def leg_label(status: str, state: str, own: str) -> str:
    """Return the code of a status in words: the own state shares nothing with itself."""
    return "no_record_of_own" if status == "no_record" and state == own else status


@dataclass(frozen=True)
class LegView:
    """A leg with its messages."""

    leg: TraceLeg
    messages: Sequence[MessageView]

    @property
    def is_of_earlier_reading(self) -> bool:
        """Return whether its answer by another channel is for an earlier reading."""
        leg = self.leg
        return (
            leg.channel != "service"
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
        is_known = self.leg.channel == "service" or self.asked_on is not None
        return self.leg.asked_at if is_known else None

    @property
    def shown_status(self) -> str:
        """Return its status, NOT_TRACED, or TO_SEND for a form to be sent again.

        After the trace NOT_SENT for such a form, and REFUSED for a leg whose state refused: neither
        was withdrawn. A better one of another attempt comes first.
        """
        best = best_status(self.leg)
        if best in ("no_record", "partial") and reported_failure(self.leg) == "too_old":
            return best if self.leg.events else NOT_TRACED
        if best != self.leg.status:
            return best
        if self.leg.status == "withdrawn":
            kinds = (entry for entry in reversed(self.messages) if entry.kind in STATUS_MESSAGES)
            last = next(kinds, None)
            if last and (last.kind == "refuse" or last.data.get("status") == REFUSED):
                return REFUSED
            return NOT_SENT if self.leg.is_form_pending else self.leg.status
        is_again = self.leg.is_form_pending and self.leg.status != NOT_PARTICIPATING
        return TO_SEND if is_again else self.leg.status


def with_replies(leg: answers.ChainLeg, view: LegView) -> answers.ChainLeg:
    """Return a chain leg with its deferral, referral and refusal, from messages."""
    if view.shown_status == REFUSED:
        return replace(leg, status=REFUSED)
    last = {entry.kind: entry.data for entry in view.messages}
    referred_to = last.get("forward", {}).get("state")
    return replace(
        leg,
        until=last.get("defer", {}).get("until"),
        referred_to=referred_to if leg.status in REFERRING_STATUSES else None,
    )


def legs_by_trace(trace_ids: Iterable[UUID]) -> dict[UUID, list[TraceLeg]]:
    """Return the current legs of traces, in order of creation."""
    legs = db.session.scalars(_LEGS, {"ids": list(trace_ids)})
    return group_by(legs, lambda leg: leg.trace_id)


def to_chain_leg(
    trace: Trace, leg: TraceLeg, late_before: datetime | None = None
) -> answers.ChainLeg:
    """Return a leg as chain input; asked before `late_before`, it is late."""
    status = best_status(leg)
    is_asked = late_before is not None and not leg.is_form_pending and leg.asked_at < late_before
    is_waiting = status in WAITING_STATUSES and is_asked
    is_unanswered = status == "withdrawn" and leg.answered_at is None
    own = trace.owner_state
    events = [
        event | {"by_hand": _origin(own, leg.state, event)} if "said_on" in event else event
        for event in leg.events
    ]
    return answers.ChainLeg(
        leg.state,
        status,
        compare_events(events, trace.firearm, trace.found_on),
        participates=leg.channel == "service",
        is_form_pending=leg.is_form_pending and status == leg.status,
        failure_reason=reported_failure(leg),
        is_late=is_waiting or is_unanswered,
    )


def _origin(own: str, state: str, event: Event) -> Message:
    """Return the origin of an event that an own officer recorded."""
    serial = event.get("earlier_reading")
    if state == own and serial is not None:
        return message(
            "Written down by an officer of {state} from its own register, on the earlier reading of the"
            " gun, {serial}.",
            state=own,
            serial=serial,
        )
    if state == own:
        return message("Written down by an officer of {state} from its own register.", state=own)
    if serial is not None:
        return message(
            "Written down by an officer of {state}: {other} answered it by another channel, on the"
            " earlier reading of the gun, {serial}.",
            state=own,
            other=state,
            serial=serial,
        )
    if (on := event.get("said_on")) is None:
        return message(
            "Written down by an officer of {state}: {other} answered it by another channel, on a"
            " day that nobody wrote down.",
            state=own,
            other=state,
        )
    return message(
        "Written down by an officer of {state}: {other} answered it by another channel on {on}.",
        state=own,
        other=state,
        on=on,
    )


def build_trace_chain(trace: Trace, legs: Sequence[answers.ChainLeg]) -> chain.ChainResult:
    """Return the chain of a trace from its legs."""
    seized = {event["record"] for leg in legs for event in leg.events if event["event"] in SEIZED}
    same_find: Collection[str] = {str(trace.record_id)} if trace.record_id else ()
    if trace.record_id and seized - {*same_find}:
        same_find = _records_of_find(trace.record_id)
    is_unknown = not any(leg.events for leg in legs)
    maker = unasked_maker(trace, [leg.state for leg in legs]) if is_unknown else None
    return chain.build_chain(
        legs,
        trace.found_on,
        trace.owner_state,
        trace.firearm,
        same_find,
        is_maker_unasked=maker is not None,
    )


def _records_of_find(record_id: UUID) -> Collection[str]:
    """Return the records of a record's seizure and, of a joint one, of the other side's."""
    own = select(Record.document_id).where(Record.id == record_id).limit(1)
    seizures, records = _seizures_with_records(db.session.scalar(own))
    joints = [each.seizure for each in find_references(seizures).values() if each.seizure]
    others = _seizures_with_records(joints[0])[1] if joints else set()
    return {str(record_id)} | records | others


def _seizures_with_records(seizure_id: UUID | None) -> tuple[set[Seizure], set[str]]:
    """Return the seizure of an id, if it is one, and the ids of its records."""
    seizures = {*db.session.scalars(select_current(Seizure).where(Seizure.id == seizure_id))}
    of_seizure = select(Record.id).where(Record.document_id == seizure_id)
    records = db.session.scalars(of_seizure) if seizures else ()
    return seizures, {str(record) for record in records}
