"""Commands on a sent trace: ask, reply, feedback, assign, restrict, note."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import OTHER_CHANNELS, UNSENT
from salsa_ext.core.errors import CodeLabel, CodeLabels, Conflict, Invalid, Message, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from salsa_ext.notifications.commands import (
    find_assignee,
    is_restricted_assignee,
    notify,
    notify_assignee,
)
from salsa_ext.notifications.notice_rules import AssigneeData
from salsa_ext.reference import names
from salsa_ext.reference.calendars import today
from salsa_ext.reference.participation.declarations import participating_states
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.commands import NOT_TO_COMPARE
from salsa_ext.tracing.requests.message_log import NOTE, MessageEntry
from salsa_ext.tracing.requests.models import TraceMessage
from salsa_ext.tracing.requests.values import (
    ANSWERED_STATUSES,
    CommentData,
    ComparisonData,
    RestrictionData,
)
from salsa_ext.tracing.traces import approvals, legs, messages, routing
from salsa_ext.tracing.traces.attempts import (
    TO_SEND,
    Attempt,
    check_channel,
    events_by_hand,
    iso_day,
    store_attempt,
)
from salsa_ext.tracing.traces.leg_views import build_trace_chain, certain_events, to_chain_leg
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import SENT_STATUSES, FeedbackData, LegData, TraceOriginData

IS_PARTICIPANT: Final = message("This state takes part, and is asked by the service itself.")
NONE_ANSWERED: Final = message("No state has answered this trace by the service.")
ALL_INFORMED: Final = message(
    "Each state that answered was already informed whether it helped. A state that answers"
    " more can be informed again."
)
CORRECT_ITS_SEIZURE: Final = message(
    "This gun is as its seizure says. Correct that, and the states that follow are asked."
)
MARK_FIELDS: Final = ("kind", "text", "state", "year", "location", "condition", "method")
"""Fields of a mark in the description that a trace sends."""
ALL_STATUSES: Final = (*UNSENT, *SENT_STATUSES, "withdrawn", "closed")


def ask_another_state(*, actor: Actor, trace_id: UUID, data: LegData) -> None:
    """Ask another state, with the reason.

    A non-participating state is asked by a named channel, one that takes part by the service and by
    a named one too. Raises Invalid, or Conflict for a state already asked.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "legs", SENT_STATUSES)
    if not names.is_state(data.state):
        problem = message("There is no country {code}, today or in the past.", code=data.state)
        raise Invalid({"state": [problem]})
    existing = legs.for_trace(trace)
    if any(leg.state == data.state for leg in existing):
        problem = message(
            "{state} was asked already. Ask it by another channel where the trace shows its answer.",
            state=CodeLabel("state", data.state),
        )
        raise Conflict(problem)
    check_channel(data.state, data.channel, trace.owner_state)
    takes_part = data.state in participating_states(actor)
    if data.channel is None and data.reference:
        raise Invalid({"channel": [message("Say by which channel it has this reference.")]})
    if not takes_part and data.channel is None:
        problem = message(
            "This state does not participate: say by which channel it is asked: {channels}.",
            channels=CodeLabels("leg_channel", OTHER_CHANNELS),
        )
        raise Invalid({"channel": [problem]})
    actor = actor.for_trace(trace.case_number, trace.id)
    reasons = {data.state: [Message("{text}", {"text": data.reason})]}
    route = routing.route_to(actor, reasons)
    new = legs.new_legs(actor, trace, route, (), data.channel, data.reference)
    if takes_part and data.channel:
        sent_on = iso_day(today(actor)) if data.reference else None
        status = "sent" if data.reference else TO_SEND
        store_attempt(new[0], Attempt(data.channel, status, data.reference, sent_on))
    _create_legs(actor, trace, existing, new)


def data_to_ask(actor: Actor, maker: str) -> LegData:
    """Return what asks the state of a maker by its usual channel."""
    require(actor, Permission.TRACE_READ)
    is_participant = maker in participating_states(actor)
    channel = None if is_participant else legs.USUAL_CHANNELS.get(maker, "iarms")
    return LegData(maker, message("The make of the gun is at home there.").text, channel)


def add_origin(*, actor: Actor, trace_id: UUID, data: TraceOriginData) -> None:
    """Add to a sent trace where its gun was made or imported, and ask the states that follow.

    No request is sent again. Raises Invalid for what the request says already, and for a gun that
    its seizure describes.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "legs", SENT_STATUSES)
    given = {name: value for name, value in vars(data).items() if value}
    problems = Problems()
    if trace.seizure_id is not None:
        problems.add("country_of_manufacture", CORRECT_ITS_SEIZURE)
    elif not given:
        text = message("Say what was learned of the gun: where it was made, or imported.")
        problems.add("country_of_manufacture", text)
    if data.import_state and not data.importer_mark:
        problems.add("importer_mark", message("Write the mark as it is stamped."))
    for name in given.keys() - {"import_state"}:
        if trace.firearm.get("make_text" if name == "make" else name):
            problems.add(name, message("The request says it already. Ask by a new trace."))
    problems.raise_any()
    facts: dict[str, Any] = {"country_of_manufacture": data.country_of_manufacture}
    if data.make:
        facts |= {"make": names.resolve("make", data.make), "make_text": data.make}
    if data.import_state:
        mark = {"kind": "import", "text": data.importer_mark, "state": data.import_state}
        facts["marks"] = [dict.fromkeys(MARK_FIELDS) | mark]
    else:
        facts["importer_mark"] = data.importer_mark
    ask_by_origin(actor, trace, facts)


def ask_by_origin(actor: Actor, trace: Trace, firearm: Mapping[str, Any]) -> None:
    """Add the origin of the gun to a sent trace, and ask the states that follow from it."""
    before = trace.firearm
    facts = {
        name: firearm[name]
        for name in ("country_of_manufacture", "make", "make_text", "importer_mark")
        if firearm.get(name) and not before.get(name)
    }
    known = [mark["text"] for mark in before["marks"]]
    imports = [
        mark
        for mark in firearm.get("marks", ())
        if mark["kind"] == "import" and mark["text"] not in known
    ]
    if not facts and not imports:
        return
    actor = actor.for_trace(trace.case_number, trace.id)
    trace.firearm = before | facts | {"marks": [*before["marks"], *imports]}
    changed = [*facts, *(["marks"] if imports else [])]
    append(actor, AuditEvent(Action.TRACE_AMENDED, "trace", trace.id, data={"changed": changed}))
    existing = legs.for_trace(trace)
    states = [leg.state for leg in existing]
    why = legs.new_referrals(routing.origin_reasons(trace.firearm), states)
    new = legs.new_legs(actor, trace, routing.route_to(actor, why), states)
    _create_legs(actor, trace, existing, new)
    legs.notify_forms_to_send(actor, trace, legs.asking_by_state(new))


def _create_legs(
    actor: Actor, trace: Trace, existing: Sequence[TraceLeg], new: Sequence[TraceLeg]
) -> None:
    """Ask by new legs besides the existing ones, with the audit of who is asked."""
    legs.update_status(trace, [*existing, *new])
    asking = legs.asking_by_state(new)
    acts = legs.asking_events(Action.TRACE_ASKED, trace, asking) if new else []
    legs.create_legs(actor, trace, new, acts=acts)


def compare_record(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: ComparisonData
) -> None:
    """Decide whether a record that was given is of the gun; its state is informed.

    What is of another gun leaves the chain; where it is of this gun, the states that it points to
    are asked. Raises Invalid.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "compare", SENT_STATUSES, expected_version)
    all_legs, record = legs.for_trace(trace), str(data.record)
    giving = [leg for leg in all_legs if any(each["record"] == record for each in leg.events)]
    if not giving:
        raise Invalid({"record": [NOT_TO_COMPARE]})
    [leg] = giving
    actor = actor.for_trace(trace.case_number, trace.id)
    judged = {"judgement": data.judgement, "judged_because": data.reason}
    leg.events = [event | judged if event["record"] == record else event for event in leg.events]
    decided = {"record": record, "judgement": data.judgement}
    append(actor, AuditEvent(Action.TRACE_COMPARED, "trace", trace_id, data=decided))
    if leg.request_envelope_id is not None:
        body = decided | {"text": data.reason}
        messages.send_messages(actor, [messages.leg_message(trace, leg, "trace.compared", body)])
    events = certain_events(trace, leg.events)
    legs.ask_referred(actor, trace, legs.referrals_in(leg.state, events))
    legs.update_status(trace)


def send_feedback(*, actor: Actor, trace_id: UUID, data: FeedbackData) -> None:
    """Send answering states feedback, each once; raises Conflict if none is left."""
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "feedback", (*SENT_STATUSES, "closed"))
    answered = [leg for leg in legs.for_trace(trace) if has_answered(leg)]
    if not answered:
        raise Conflict(NONE_ANSWERED)
    last = _last_feedback(answered)
    recipients = [leg for leg in answered if needs_feedback(leg, last.get(leg.id))]
    if not recipients:
        raise Conflict(ALL_INFORMED)
    feedback = [_feedback(trace, leg, data.helped, data.text) for leg in recipients]
    messages.send_messages(actor, feedback)
    helped = {"helped": data.helped}
    append(actor, AuditEvent(Action.TRACE_FED_BACK, "trace", trace_id, data=helped))


def closing_feedback(trace: Trace, all_legs: Sequence[TraceLeg]) -> list[EnvelopeData]:
    """Return feedback for the states that gave events, unless they have it already."""
    gave = [leg for leg in all_legs if gave_events(leg)]
    last = _last_feedback(gave)
    result = build_trace_chain(trace, [to_chain_leg(trace, leg) for leg in all_legs])
    helpful = {event["state"] for event in result.chain}
    return [_feedback(trace, leg, leg.state in helpful) for leg in gave if leg.id not in last]


def _feedback(trace: Trace, leg: TraceLeg, helped: bool, text: str | None = None) -> EnvelopeData:
    body = {"helped": helped, "text": text, "outcome": trace.outcome}
    return messages.leg_message(trace, leg, "trace.feedback", body)


def _last_feedback(answered: Sequence[TraceLeg]) -> dict[UUID, datetime]:
    """Return the time of the last feedback by leg."""
    query = select(TraceMessage.subject_id, func.max(TraceMessage.at)).where(
        TraceMessage.subject_id.in_([leg.id for leg in answered]), TraceMessage.kind == "feedback"
    )
    return dict(db.session.execute(query.group_by(TraceMessage.subject_id)).all())


def needs_feedback(leg: TraceLeg, last_feedback_at: datetime | None) -> bool:
    """Return whether a state answered after its last feedback."""
    return last_feedback_at is None or (
        leg.answered_at is not None and leg.answered_at > last_feedback_at
    )


def assign(*, actor: Actor, trace_id: UUID, data: AssigneeData) -> None:
    """Assign the trace to an own account, and notify it. No other state sees the assignee."""
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "assign", ALL_STATUSES)
    restricted = restrictions.list_restricted(trace_id)
    assignee = find_assignee(data.username, Permission.TRACE_REQUEST, restricted)
    trace.assignee_id = assignee.id
    db.session.flush()
    notify_assignee(actor, assignee, "trace_assigned", trace)
    account = {"account": str(assignee.id)}
    append(actor, AuditEvent(Action.TRACE_ASSIGNED, "trace", trace_id, data=account))


def restrict(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: RestrictionData
) -> None:
    """Set the restricted agencies of a trace, replacing the earlier ones.

    Each asked state is sent its own restricted agencies, and restricts its request for these only.
    Where an own agency was added or removed, asked states are sent the contact to call. Raises
    NotFound, StaleVersion, Invalid.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "hide", ALL_STATUSES, expected_version)
    restrictions.check_restrictions(actor, data.hidden_from)
    before = restrictions.list_restricted(trace_id)
    trace_legs = legs.for_trace(trace)
    subjects = [trace_id, *(leg.id for leg in trace_legs)]
    restrictions.replace_restrictions(actor, "trace", subjects, data.hidden_from)
    trace.version += 1
    db.session.flush()
    agencies = {"from": [*data.hidden_from]}
    append(actor, AuditEvent(Action.TRACE_HIDDEN, "trace", trace_id, data=agencies))
    if is_restricted_assignee(trace.assignee_id, data.hidden_from):
        trace.assignee_id = None
        db.session.flush()
        append(actor, AuditEvent(Action.TRACE_ASSIGNED, "trace", trace.id, data={"account": None}))
        if trace.status in (*UNSENT, *SENT_STATUSES):
            notify(actor, trace.owner_state, "trace_unassigned", trace)
    states = {*restrictions.states_by_agency({*data.hidden_from} ^ {*before}).values()}
    informed = [
        leg
        for leg in trace_legs
        if leg.request_envelope_id and states & {leg.state, trace.owner_state}
    ]
    office = messages.contact_office(actor, trace, data.hidden_from) if informed else None
    bodies = []
    for leg in informed:
        own = restrictions.agencies_of_state(data.hidden_from, leg.state)
        body = {"hidden_from": own, "office": office}
        bodies.append(messages.leg_message(trace, leg, "trace.hide", body))
    approvals.check_waiting(actor, trace)
    outbox.send_many(actor, bodies)


def add_note(*, actor: Actor, trace_id: UUID, data: CommentData) -> None:
    """Add a note to a trace; it never leaves the own state."""
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "notes", ALL_STATUSES)
    message_log.store(actor, [MessageEntry("trace", trace.id, NOTE, {"text": data.text})])
    append(actor, AuditEvent(Action.TRACE_NOTED, "trace", trace_id))


def has_answered(leg: TraceLeg) -> bool:
    """Return whether a leg was answered by the service, even in part."""
    return leg.request_envelope_id is not None and (
        leg.status in ANSWERED_STATUSES or gave_events(leg)
    )


def gave_events(leg: TraceLeg) -> bool:
    """Return whether a state gave events by the service."""
    is_asked = leg.request_envelope_id is not None
    return is_asked and len(leg.events) > len(events_by_hand(leg))
