"""Handle messages of asked states on the legs of a trace."""

from collections.abc import Mapping
from datetime import timedelta
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
from salsa_ext.tracing.requests.message_log import REJECTED, MessageEntry
from salsa_ext.tracing.requests.values import ANSWER_ACTIONS, FINAL_ACTIONS, REPLIABLE_ACTIONS
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.attempts import events_by_hand
from salsa_ext.tracing.traces.leg_views import certain_events
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.routing import Reasons

ANSWERING_ACTIONS: Final = (*FINAL_ACTIONS, "part")
PROMPT: Final = timedelta(minutes=1)
"""Automatic answers within it are no news: who asked has the result open."""
NOTICE_BY_KIND: Final = {
    "trace.acknowledge": "trace_acknowledged",
    "trace.answer": "trace_answered",
    "trace.no_record": "trace_no_record",
    "trace.refuse": "trace_refused",
    "trace.defer": "trace_deferred",
    "trace.ask": "trace_asked",
    "trace.forward": "trace_forwarded",
}
SENT_KINDS: Final = tuple(
    "trace.request trace.renewed trace.reply trace.withdraw trace.feedback trace.compared"
    " trace.hide".split()
)


_TRACE_AND_LEG: Final = (
    select(Trace, TraceLeg)
    .join(TraceLeg, TraceLeg.trace_id == Trace.id)
    .where(
        TraceLeg.id == bindparam("leg"),
        TraceLeg.owner_state == bindparam("own"),
        TraceLeg.state == bindparam("state"),
        TraceLeg.channel == "service",
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)


def _on_message(actor: Actor, envelope: Envelope) -> None:
    """Update a leg by its state's message, or refuse it.

    An automatic answer to a request renewed since is stored without effect.
    """
    trace, leg, body, entry = _read_message(actor, envelope)
    is_automatic = body.get("is_automatic", False)
    if is_automatic and envelope.in_reply_to != leg.request_envelope_id:
        message_log.store(actor, [entry])
        return
    action = entry.kind
    if action == "answer" and body["completeness"] == "restricted":
        action = "part" if is_automatic else "restrict"
    if trace.status == "withdrawn":  # also of a leg that was answered before
        raise IllegalTransition("trace", trace.status, action)
    referrals: Reasons = {}
    if action == "forward":
        reason = message(
            "{state} says that this state is to be asked instead.", state=envelope.sender
        )
        referrals = {body["state"]: [reason]}
    elif entry.kind == "answer":
        events = certain_events(trace, body["events"])
        referrals = legs.referrals_in(envelope.sender, events, body["points_to"])
    leg.is_automatic = is_automatic
    if action in ANSWERING_ACTIONS:
        leg.answered_at = actor.now()
        leg.failure_reason = body.get("failure_reason")
    if action in (*ANSWER_ACTIONS, "part"):
        leg.events = merge_events(leg.events, body["events"])
    elif action == "no_record":  # a refusal of the rest leaves what was given before
        leg.events = events_by_hand(leg)
    if action in REPLIABLE_ACTIONS:
        leg.question_envelope_id = envelope.id
    legs.apply_action(leg, action)
    message_log.store(actor, [entry])
    legs.ask_referred(actor, trace, referrals)
    legs.update_status(trace)
    is_prompt = is_automatic and actor.now() - leg.asked_at < PROMPT
    if not is_prompt:
        notify(actor, actor.own_state(), NOTICE_BY_KIND[envelope.kind], trace, by=envelope.sender)


@handles("trace.corrected")
def _on_correction(actor: Actor, envelope: Envelope) -> None:
    """Correct the events given by a state; new records are not added."""
    trace, leg, body, entry = _read_message(actor, envelope)
    before = leg.events
    leg.events = correct_events(before, body["events"], body["gone"], actor.now().isoformat())
    message_log.store(actor, [entry])
    legs.ask_referred(actor, trace, legs.referrals_in(leg.state, certain_events(trace, leg.events)))
    legs.update_status(trace)
    if leg.events != before:
        notify(actor, actor.own_state(), "trace_corrected", trace, by=envelope.sender)


def _read_message(
    actor: Actor, envelope: Envelope
) -> tuple[Trace, TraceLeg, Mapping[str, Any], MessageEntry]:
    """Return a message's locked trace and leg, body, entry; raises NotFound, EnvelopeRefused."""
    body = message_log.read_body(envelope.kind, envelope.body)
    leg_id = UUID(body["leg"])
    keys = {"leg": leg_id, "own": actor.own_state(), "state": envelope.sender}
    if (row := db.session.execute(_TRACE_AND_LEG, keys).first()) is None:
        raise NotFound("leg", leg_id)
    if any(event["state"] != envelope.sender for event in body.get("events", ())):
        raise EnvelopeRefused("malformed", field="body.events")
    stored = {name: value for name, value in body.items() if name != "leg"}
    kind = message_log.message_kind(envelope)
    return row[0], row[1], body, MessageEntry("leg", leg_id, kind, stored, envelope)


def _on_rejection(actor: Actor, envelope: Envelope, code: str) -> None:
    """Store that a message was refused; notify of a refused request."""
    leg_id = UUID(envelope.body["leg"])
    entry = MessageEntry("leg", leg_id, REJECTED, {"code": code, "kind": envelope.kind})
    message_log.store(actor, [entry])
    if envelope.kind == "trace.request":
        trace = db.session.get_one(Trace, UUID(envelope.body["trace"]))
        notify(actor, actor.own_state(), "trace_not_taken", trace, by=envelope.recipient)


for _kind in NOTICE_BY_KIND:
    handles(_kind)(_on_message)
for _kind in SENT_KINDS:
    handles_refusal(_kind)(_on_rejection)
