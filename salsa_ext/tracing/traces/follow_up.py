"""Commands on a sent trace: ask, reply, feedback, assign, restrict, note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import OTHER_CHANNELS, UNSENT
from salsa_ext.core.errors import (
    CodeLabel,
    CodeLabels,
    Conflict,
    Invalid,
    Message,
    NotFound,
    message,
)
from salsa_ext.core.field_checks import Problems
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import delivery, inbox, outbox
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.reference import names
from salsa_ext.reference.names import participants
from salsa_ext.tracing.chains import chain
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.lifecycle import next_status
from salsa_ext.tracing.requests.message_log import NOTE, MessageEntry
from salsa_ext.tracing.requests.models import TraceMessage
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES, CommentData, RestrictionData
from salsa_ext.tracing.traces import approvals, channels, legs, routing
from salsa_ext.tracing.traces.leg_views import to_chain_leg
from salsa_ext.tracing.traces.legs import Channel, states_by_asking
from salsa_ext.tracing.traces.locking import lock_trace
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import (
    SENT_STATUSES,
    ChannelData,
    FeedbackData,
    LegData,
    ReplyData,
)

IS_PARTICIPANT: Final = message("This state takes part, and is asked by the service itself.")
NONE_ANSWERED: Final = message("No state has answered this trace by the service.")
ALL_INFORMED: Final = message(
    "Each state that answered was already informed whether it helped. A state that answers"
    " more can be informed again."
)
ALL_STATUSES: Final = (*UNSENT, *SENT_STATUSES, "withdrawn", "closed")


def ask_another_state(*, actor: Actor, trace_id: UUID, data: LegData) -> None:
    """Ask another state, with the reason.

    A non-participating state is asked by a named channel. Raises Invalid, or Conflict for a state
    already asked.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "legs", SENT_STATUSES, asking=[data.state])
    _check_state(trace, data)
    actor = actor.for_purpose(Purpose("investigation", trace.case_number, about=(str(trace.id),)))
    with legs.updating_status(trace, is_sending=True):
        wanted = routing.route_to({data.state: [Message("{text}", {"text": data.reason})]})
        way = Channel(data.channel, data.reference) if data.channel else Channel()
        legs.create_legs(actor, trace, wanted, way)
        delivery.deliver_now(actor)
    said = states_by_asking(trace, {data.state: legs.asking_by_state(trace)[data.state]})
    append(actor, AuditEvent(Action.TRACE_ASKED, "trace", trace_id, data=said))
    if said["asked"]:
        append(
            actor,
            AuditEvent(Action.TRACE_SENT, "trace", trace_id, concerned=[data.state], hidden=True),
        )


def reply(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ReplyData) -> None:
    """Reply to a question or refusal; for another channel, record its answer.

    Raises NotFound, Invalid, or IllegalTransition where no reply is expected.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "reply", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    replaced = {}
    if leg.channel == "salsa":
        _send_reply(actor, trace, leg, data)
    else:
        replaced = channels.record_answer(actor, trace, leg, data)
    append(
        actor,
        AuditEvent(Action.TRACE_REPLIED, "trace", trace_id, data={"leg": str(leg_id)} | replaced),
    )


def change_channel(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ChannelData) -> None:
    """Change the channel to a non-participating state until it has answered.

    The form is to be sent until it is reported sent by that channel, or has a reference there.
    Raises NotFound, Invalid for a participating state or an impossible day, Conflict for an
    answered leg.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "channel", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    if leg.channel == "salsa":
        raise Invalid({"channel": [IS_PARTICIPANT]})
    if not channels.may_change_channel(leg):
        raise Conflict(
            message(
                "What {state} answered came by this channel: it is not asked by another any more.",
                state=CodeLabel("state", leg.state),
            )
        )
    went = {"sent": True} if channels.set_channel(actor, trace, leg, data) else {}
    append(
        actor,
        AuditEvent(
            Action.TRACE_CHANNEL_CHANGED,
            "trace",
            trace_id,
            data={"leg": str(leg_id), "channel": data.channel} | went,
        ),
    )


def _find_leg(trace_id: UUID, leg_id: UUID) -> TraceLeg:
    leg = db.session.get(TraceLeg, (trace_id, leg_id), populate_existing=True)
    if leg is None:
        raise NotFound("leg", leg_id)
    return leg


def send_feedback(*, actor: Actor, trace_id: UUID, data: FeedbackData) -> None:
    """Send the answering states feedback, each once for its last answer.

    Raises Conflict where no state answered, or each has the feedback.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "feedback", (*SENT_STATUSES, "closed"))
    answered = [leg for leg in legs.for_trace(trace) if has_answered(leg)]
    if not answered:
        raise Conflict(NONE_ANSWERED)
    told = legs_without_feedback(answered)
    if not told:
        raise Conflict(ALL_INFORMED)
    envelopes = outbox.send_many(
        actor, [feedback_message(trace, leg, helped=data.helped, text=data.text) for leg in told]
    )
    legs.store_sent(actor, told, envelopes)
    append(
        actor, AuditEvent(Action.TRACE_FED_BACK, "trace", trace_id, data={"helped": data.helped})
    )
    delivery.deliver_now(actor)


def assign(*, actor: Actor, trace_id: UUID, data: AssigneeData) -> None:
    """Assign the trace to an own account, and notify it.

    No other state sees the assignee.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "assign", ALL_STATUSES)
    found = notification_commands.find_assignee(
        data.username, Permission.TRACE_REQUEST, restrictions.list_restricted(trace_id)
    )
    trace.assignee_id = found.id
    db.session.flush()
    notification_commands.notify_assignee(actor, found, "trace_assigned", trace)
    append(
        actor,
        AuditEvent(
            Action.TRACE_ASSIGNED, "trace", trace_id, data={"account": str(trace.assignee_id)}
        ),
    )


def restrict(
    *, actor: Actor, trace_id: UUID, expected_version: int | None, data: RestrictionData
) -> None:
    """Set the restricted agencies of a trace, replacing the earlier ones.

    Each asked state is sent its own restricted agencies, and restricts its request for these only.
    Where an own agency was added or removed, asked states are sent the contact to call. Raises
    NotFound, StaleVersion, Invalid.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "hide", ALL_STATUSES, expected_version)
    restrictions.check_restrictions(actor, data.hidden_from)
    before = restrictions.list_restricted(trace_id)
    asked = legs.for_trace(trace)
    restrictions.replace_restrictions(
        actor, "trace", [trace_id, *(leg.id for leg in asked)], data.hidden_from
    )
    trace.version += 1
    db.session.flush()
    append(
        actor,
        AuditEvent(Action.TRACE_HIDDEN, "trace", trace_id, data={"from": [*data.hidden_from]}),
    )
    _unassign_if_restricted(actor, trace, data.hidden_from)
    states = restrictions.states_by_agency({*data.hidden_from} ^ {*before})
    whom = {*states.values()}
    told = [
        leg for leg in asked if leg.request_envelope_id and whom & {leg.state, trace.owner_state}
    ]
    office = legs.contact_office(actor, trace, data.hidden_from) if told else None
    outbox.send_many(
        actor,
        [
            _leg_message(
                trace,
                leg,
                "trace.hide",
                {
                    "hidden_from": restrictions.agencies_of_state(data.hidden_from, leg.state),
                    "office": office,
                },
            )
            for leg in told
        ],
    )
    approvals.check_waiting(actor, trace)
    delivery.deliver_now(actor)


def _unassign_if_restricted(actor: Actor, trace: Trace, agencies: Sequence[str]) -> None:
    """Remove an assignee of a restricted agency, and notify the other analysts."""
    if not notification_commands.is_restricted_assignee(trace.assignee_id, agencies):
        return
    trace.assignee_id = None
    db.session.flush()
    append(actor, AuditEvent(Action.TRACE_ASSIGNED, "trace", trace.id, data={"account": None}))
    if trace.status in (*UNSENT, *SENT_STATUSES):
        notify(actor, trace.owner_state, "trace_unassigned", trace)


def add_note(*, actor: Actor, trace_id: UUID, data: CommentData) -> None:
    """Add a note to a trace; it never leaves the own state."""
    require(actor, Permission.TRACE_REQUEST)
    trace = lock_trace(actor, trace_id, "notes", ALL_STATUSES)
    message_log.store(actor, [MessageEntry("trace", trace.id, NOTE, {"text": data.text})])
    append(actor, AuditEvent(Action.TRACE_NOTED, "trace", trace_id))


def has_answered(leg: TraceLeg) -> bool:
    """Return whether a leg was answered by the service, even in part."""
    return leg.request_envelope_id is not None and (
        leg.status in ANSWERED_STATUSES or bool(leg.events)
    )


def may_reply(leg: TraceLeg) -> bool:
    """Return whether a leg accepts a reply or a recorded answer."""
    if leg.channel == "salsa":
        return next_status(leg.status, "reply") is not None
    return leg.status != "withdrawn"


def _check_state(trace: Trace, data: LegData) -> None:
    if not names.is_state(data.state):
        said = message("There is no country {code}, today or in the past.", code=data.state)
        raise Invalid({"state": [said]})
    if any(leg.state == data.state for leg in legs.for_trace(trace)):
        raise Conflict(message("{state} was asked already.", state=CodeLabel("state", data.state)))
    takes_part = data.state in participants()
    if takes_part and (data.channel or data.reference):
        raise Invalid({"channel": [IS_PARTICIPANT]})
    if not takes_part and data.channel is None:
        said = message(
            "This state takes no part: say by which channel it is asked: {channels}.",
            channels=CodeLabels("leg_channel", OTHER_CHANNELS),
        )
        raise Invalid({"channel": [said]})


def _send_reply(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> None:
    problems = Problems()
    if not data.text:
        problems.add("text", message("This field is required."))
    if any(value for name, value in vars(data).items() if name != "text"):
        problems.add("status", message("This state answers for itself; give a text alone."))
    problems.raise_any()
    asked = (
        inbox.find_received(actor, leg.question_envelope_id) if leg.question_envelope_id else None
    )
    with legs.updating_status(trace, is_sending=True):
        legs.apply_action(leg, "reply")
        said = _leg_message(trace, leg, "trace.reply", {"text": data.text}, asked)
        legs.store_sent(actor, [leg], [outbox.send(actor, said)])
        delivery.deliver_now(actor)


def _leg_message(
    trace: Trace, leg: TraceLeg, kind: str, body: Mapping[str, Any], asked: Envelope | None = None
) -> EnvelopeData:
    return EnvelopeData(
        kind, trace.case_number, leg.state, {"leg": str(leg.id)} | dict(body), asked
    )


def feedback_message(
    trace: Trace, leg: TraceLeg, *, helped: bool, text: str | None = None
) -> EnvelopeData:
    """Return the message with feedback and the outcome of the trace."""
    body = {
        "leg": str(leg.id),
        "helped": helped,
        "text": text,
        "outcome": legs.current_outcome(trace),
    }
    return EnvelopeData("trace.feedback", trace.case_number, leg.state, body)


def send_closing_feedback(actor: Actor, trace: Trace) -> list[str]:
    """Send feedback to the states that gave events; returns those states.

    Unless they have it already. A state helped if one of its events is in the chain. Requires no
    permission of its own.
    """
    gave = [
        leg for leg in legs.for_trace(trace) if leg.events and leg.request_envelope_id is not None
    ]
    told = _legs_with_feedback([leg.id for leg in gave])
    waiting = [leg for leg in gave if leg.id not in told]
    helped = _helpful_states(trace)
    envelopes = outbox.send_many(
        actor, [feedback_message(trace, leg, helped=leg.state in helped) for leg in waiting]
    )
    legs.store_sent(actor, waiting, envelopes)
    return sorted(leg.state for leg in waiting)


def legs_without_feedback(answered: Sequence[TraceLeg]) -> list[TraceLeg]:
    """Return the legs whose last answer got no feedback."""
    said = select(TraceMessage.subject_id, func.max(TraceMessage.at)).where(
        TraceMessage.subject_id.in_([leg.id for leg in answered]), TraceMessage.kind == "feedback"
    )
    last = dict(db.session.execute(said.group_by(TraceMessage.subject_id)).all())
    return [leg for leg in answered if needs_feedback(leg, last.get(leg.id))]


def needs_feedback(leg: TraceLeg, last_feedback_at: datetime | None) -> bool:
    """Return whether a state answered after its last feedback."""
    return last_feedback_at is None or (
        leg.answered_at is not None and leg.answered_at > last_feedback_at
    )


def _legs_with_feedback(leg_ids: Sequence[UUID]) -> set[UUID]:
    said = select(TraceMessage.subject_id).where(
        TraceMessage.subject_id.in_(leg_ids), TraceMessage.kind == "feedback"
    )
    return {*db.session.scalars(said)}


def _helpful_states(trace: Trace) -> set[str]:
    """Return the states with events in the chain."""
    said = [to_chain_leg(trace, leg) for leg in legs.for_trace(trace)]
    found = chain.build_chain(said, trace.found_on, trace.owner_state, trace.firearm)
    return {event["state"] for event in found.chain}
