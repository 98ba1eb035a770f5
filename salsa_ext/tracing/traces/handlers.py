"""Handle messages of asked states on the legs of a trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused, IllegalTransition, NotFound, message
from salsa_ext.database.session import db
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.exchange.processing import handles, handles_refusal
from salsa_ext.notifications.commands import notify
from salsa_ext.tracing.chains.chain import correct_events, merge_events
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests import schemas as request_schemas
from salsa_ext.tracing.requests.lifecycle import ANSWER_ACTIONS, FINAL_ACTIONS, REPLIABLE_ACTIONS
from salsa_ext.tracing.requests.message_log import REJECTED, MessageEntry
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Reasons

Body = Mapping[str, Any]
ANSWERING_ACTIONS: Final = (*FINAL_ACTIONS, "part")
NOTICE_BY_KIND: Final = {
    "trace.acknowledge": "trace_acknowledged",
    "trace.answer": "trace_answered",
    "trace.no_record": "trace_no_record",
    "trace.refuse": "trace_refused",
    "trace.defer": "trace_deferred",
    "trace.ask": "trace_asked",
    "trace.forward": "trace_forwarded",
}
SENT_KINDS: Final = (
    "trace.request",
    "trace.renewed",
    "trace.reply",
    "trace.withdraw",
    "trace.feedback",
    "trace.hide",
)


_TRACE_AND_LEG: Final = (
    select(Trace, TraceLeg)
    .join(TraceLeg, TraceLeg.trace_id == Trace.id)
    .where(
        TraceLeg.id == bindparam("leg"),
        TraceLeg.owner_state == bindparam("own"),
        TraceLeg.state == bindparam("state"),
        TraceLeg.channel == "salsa",
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _on_message(actor: Actor, envelope: Envelope) -> None:
    """Update a leg by its state's message, or refuse it."""
    said = request_schemas.read_body(envelope.kind, envelope.body)
    trace, leg = _lock_leg(actor, envelope, UUID(said["leg"]))
    _require_own_records(envelope, said)
    word = MessageEntry(
        "leg", leg.id, message_log.message_kind(envelope), _stored_body(said), envelope
    )
    if _is_stale(envelope, leg, said):
        message_log.store(actor, [word])
        return
    is_awaited = trace.status == legs.SENDING_STATUS  # by the command that asks, and shows it
    with legs.updating_status(trace):
        _update_leg(actor, trace, leg, envelope, said)
        message_log.store(actor, [word])
        legs.ask_referred_and_notify(actor, trace, _referrals(envelope, said))
    if not (is_awaited and said.get("is_automatic", False)):
        notify(actor, actor.own_state(), NOTICE_BY_KIND[envelope.kind], trace, by=envelope.sender)


@handles("trace.corrected")
def _on_correction(actor: Actor, envelope: Envelope) -> None:
    """Correct the events given by a state; new records are not added."""
    said = request_schemas.read_body(envelope.kind, envelope.body)
    trace, leg = _lock_leg(actor, envelope, UUID(said["leg"]))
    _require_own_records(envelope, said)
    word = MessageEntry(
        "leg", leg.id, message_log.message_kind(envelope), _stored_body(said), envelope
    )
    before = leg.events
    with legs.updating_status(trace):
        leg.events = correct_events(before, said["events"], said["gone"], actor.now().isoformat())
        message_log.store(actor, [word])
        row = {"state": leg.state, "events": leg.events}
        legs.ask_referred_and_notify(actor, trace, legs.referrals_in([row]))
    if leg.events != before:
        notify(actor, actor.own_state(), "trace_corrected", trace, by=envelope.sender)


def _update_leg(actor: Actor, trace: Trace, leg: TraceLeg, envelope: Envelope, said: Body) -> None:
    action = _action_of(envelope, said)
    if trace.status == "withdrawn":  # also of a leg that was answered before
        raise IllegalTransition("trace", trace.status, action)
    with db.session.no_autoflush:
        if action in ANSWERING_ACTIONS:
            leg.answered_at, leg.is_automatic = actor.now(), said.get("is_automatic", False)
            leg.failure_reason = said.get("failure_reason")
        if action in (*ANSWER_ACTIONS, "part"):
            leg.events = merge_events(leg.events, said["events"])
        elif (
            action in ANSWERING_ACTIONS and action != "refuse"
        ):  # what was given before the rest was refused stays
            leg.events = []
        if action in REPLIABLE_ACTIONS:
            leg.question_envelope_id = envelope.id
        legs.apply_action(leg, action)


def _action_of(envelope: Envelope, said: Body) -> str:
    if envelope.kind == "trace.answer" and said["completeness"] == "restricted":
        return "part" if said["is_automatic"] else "restrict"
    return message_log.message_kind(envelope)


def _is_stale(envelope: Envelope, leg: TraceLeg, said: Body) -> bool:
    """Return whether an automatic answer is for a request renewed since."""
    return bool(said.get("is_automatic")) and envelope.in_reply_to != leg.request_envelope_id


def _referrals(envelope: Envelope, said: Body) -> Reasons:
    if envelope.kind == "trace.forward":
        reason = message(
            "{state} says that this state is to be asked instead.", state=envelope.sender
        )
        return {said["state"]: [reason]}
    if envelope.kind != "trace.answer":
        return {}
    row = {"state": envelope.sender, "events": said["events"]}
    return legs.referrals_in([row], said["points_to"])


def _require_own_records(envelope: Envelope, said: Body) -> None:
    """Raise EnvelopeRefused for events of other states' records."""
    if any(event["state"] != envelope.sender for event in said.get("events", ())):
        raise EnvelopeRefused("malformed", field="body.events")


def _lock_leg(actor: Actor, envelope: Envelope, leg_id: UUID) -> tuple[Trace, TraceLeg]:
    """Return a state's leg and its trace, both locked; raises NotFound."""
    of = {"leg": leg_id, "own": actor.own_state(), "state": envelope.sender}
    if (row := db.session.execute(_TRACE_AND_LEG, of).first()) is None:
        raise NotFound("leg", leg_id)
    trace, leg = row
    return trace, leg


def _stored_body(said: Body) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "leg"}


def _on_rejection(actor: Actor, envelope: Envelope, code: str) -> None:
    """Store that a message was refused; notify of a refused request."""
    leg_id = UUID(envelope.body["leg"])
    word = MessageEntry("leg", leg_id, REJECTED, {"code": code, "kind": envelope.kind})
    message_log.store(actor, [word])
    if envelope.kind == "trace.request":
        trace = db.session.get_one(Trace, UUID(envelope.body["trace"]))
        notify(actor, actor.own_state(), "trace_not_taken", trace, by=envelope.recipient)


for _kind in NOTICE_BY_KIND:
    handles(_kind)(_on_message)
for _kind in SENT_KINDS:
    handles_refusal(_kind)(_on_rejection)
