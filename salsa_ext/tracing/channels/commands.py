"""States outside the exchange: their channel, form, and answers recorded by officers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.dates import is_before
from salsa_ext.core.errors import CodeLabel, Conflict, IllegalTransition, Invalid, NotFound, message
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.database.session import db
from salsa_ext.exchange import inbox
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.tracing.chains.chain import merge_events
from salsa_ext.tracing.channels import atf_form
from salsa_ext.tracing.requests import answers, message_log
from salsa_ext.tracing.requests.message_log import MessageEntry
from salsa_ext.tracing.requests.values import (
    FINAL_ACTIONS,
    NOT_PARTICIPATING,
    UNANSWERED_STATUSES,
    next_status,
)
from salsa_ext.tracing.traces import attempts, follow_up, legs, messages
from salsa_ext.tracing.traces.attempts import (
    ETRACE,
    TO_SEND,
    Attempt,
    check_channel,
    iso_day,
    parse_day,
)
from salsa_ext.tracing.traces.leg_views import FORM_SENT
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import SENT_STATUSES, ChannelData, ReplyData

ACTION_BY_STATUS: Final = {
    "acknowledged": "acknowledge",
    "answered": "answer",
    "partial": "restrict",
    "no_record": "no_record",
    "refused": "refuse",
    "clarification": "ask",
}
"""Statuses an officer may record from any status, with the action."""
CLASSED_REPLIES: Final[Mapping[str, tuple[str, str | None]]] = {
    "purchaser_identified": ("answered", None),
    "dealer_out_of_business": ("partial", "dealer_defunct"),
    "too_old": ("partial", "too_old"),
    "returned_for_information": ("clarification", None),
    "foreign_country": ("partial", None),
    "law_enforcement_stock": ("answered", None),
}
"""Status and failure reason by the class of a reply."""
ALREADY_ASKED: Final = message("This state is asked by this channel already. Choose another one.")


def reply(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ReplyData) -> None:
    """Reply to a question or refusal; for another channel, record its answer.

    Also of a register of the own state that was asked on paper. Raises NotFound, Invalid, or
    IllegalTransition where no reply is expected.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "reply", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    replaced = {}
    if data.channel == leg.channel:
        data = replace(data, channel=None)
    if data.channel is not None or leg.channel != "service":
        replaced = _record_answer(actor, trace, leg, data)
    else:
        problems = Problems()
        if leg.state == trace.owner_state:
            text = message("Say by which channel your own register answered: telephone or mail.")
            problems.add("channel", text)
        elif not data.text:
            problems.add("text", message("This field is required."))
        if any(value for name, value in vars(data).items() if name != "text"):
            problems.add("status", message("This state answers for itself; give a text alone."))
        problems.raise_any()
        envelope_id = leg.question_envelope_id
        question = inbox.find_received(actor, envelope_id) if envelope_id else None
        legs.apply_action(leg, "reply")
        legs.update_status(trace)
        letter = messages.leg_message(trace, leg, "trace.reply", {"text": data.text}, question)
        messages.send_messages(actor, [letter])
    entry = {"leg": str(leg_id)} | replaced
    append(actor, AuditEvent(Action.TRACE_REPLIED, "trace", trace_id, data=entry))


def change_channel(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ChannelData) -> None:
    """Change the channel to a non-participating state until it has answered.

    The form is to be sent until it is reported sent by that channel, or has a reference there.
    Raises NotFound, Invalid for a participating state or an impossible day, Conflict for an
    answered leg.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace, leg = _lock_leg(trace_id, leg_id)
    if leg.channel == "service":
        raise Invalid({"channel": [follow_up.IS_PARTICIPANT]})
    if data.channel != leg.channel and attempts.find_attempt(leg, data.channel):
        raise Conflict(ALREADY_ASKED)
    _ask(actor, trace, leg, data, former=leg.channel)


def add_attempt(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ChannelData) -> None:
    """Ask a state by one more channel, also one that takes part; raises NotFound, Invalid.

    Given again, it says that the form of that attempt went out, or its reference there. Raises
    Conflict for the leg's first channel, and after an answer by this one.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace, leg = _lock_leg(trace_id, leg_id)
    if data.channel == leg.channel:
        raise Conflict(ALREADY_ASKED)
    _ask(actor, trace, leg, data, former=data.channel)


def _lock_leg(trace_id: UUID, leg_id: UUID) -> tuple[Trace, TraceLeg]:
    trace = legs.lock_trace(trace_id, "channel", SENT_STATUSES)
    return trace, _find_leg(trace_id, leg_id)


def _find_leg(trace_id: UUID, leg_id: UUID) -> TraceLeg:
    leg = db.session.get(TraceLeg, (trace_id, leg_id), populate_existing=True)
    if leg is None:
        raise NotFound("leg", leg_id)
    return leg


def may_reply(leg: TraceLeg) -> bool:
    """Return whether a leg accepts a reply or a recorded answer."""
    if leg.channel == "service":
        return next_status(leg.status, "reply") is not None
    return leg.status != "withdrawn"


def may_change_channel(leg: TraceLeg) -> bool:
    """Return whether a leg's channel may change: until its answer."""
    return leg.channel != "service" and leg.status in UNANSWERED_STATUSES


def _ask(actor: Actor, trace: Trace, leg: TraceLeg, data: ChannelData, former: str) -> None:
    """Ask by a channel in place of a `former` one, or say that its form went out.

    On `sent_on`, or today; a new reference says so too. Raises Invalid for a wrong channel, a day
    in the future or before the gun was found, Conflict after an answer by the channel.
    """
    check_channel(leg.state, data.channel, trace.owner_state)
    problems = Problems()
    check_day(problems, actor, trace, "sent_on", data.sent_on)
    problems.raise_any()
    before = attempts.find_attempt(leg, former) or Attempt(former)
    if before.status not in (*UNANSWERED_STATUSES, TO_SEND):
        raise Conflict(
            message(
                "{state} has answered by this channel. Enter a later answer there.",
                state=CodeLabel("state", leg.state),
            )
        )
    if data.channel != former:
        before = replace(before, channel=data.channel, status=TO_SEND, reference=None, sent_on=None)
    is_unsent = before.status in (NOT_PARTICIPATING, TO_SEND)
    is_reported = data.sent or data.sent_on is not None
    is_sent = is_reported or data.reference not in (None, before.reference)
    is_checked = data.channel == ETRACE and not data.confirm_incomplete
    if is_checked and (is_reported or (is_sent and is_unsent)):
        atf_form.check_complete(actor, leg.trace_id, leg.id)
    is_outgoing = is_sent and (is_unsent or before.status == "clarification")
    on = data.sent_on or (today(actor) if is_outgoing else None)
    after = replace(
        before,
        status="sent" if is_outgoing else before.status,
        reference=data.reference or before.reference,
        sent_on=iso_day(on) or before.sent_on,
    )
    if on and former == leg.channel:
        leg.asked_at = _asked_at(actor, leg, on)
    attempts.store_attempt(leg, after, former)
    db.session.flush()
    entry: dict[str, Any] = {"leg": str(leg.id), "channel": data.channel}
    if is_reported:
        entry["sent"] = True
        sent = {"channel": data.channel, "sent_on": after.sent_on}
        message_log.store(actor, [MessageEntry("leg", leg.id, FORM_SENT, sent)])
    legs.update_status(trace)
    append(actor, AuditEvent(Action.TRACE_CHANNEL_CHANGED, "trace", trace.id, data=entry))


def _asked_at(actor: Actor, leg: TraceLeg, on: date) -> datetime:
    """Return when a form was sent: the time of today, else the beginning of the day."""
    is_today = on == today(actor)
    return actor.now() if is_today else local_days(actor).start(leg.owner_state, on)


def _record_answer(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> dict[str, Any]:
    """Record what came back by a channel, or by the first; raises Invalid, IllegalTransition.

    It replaces what was recorded of that channel, unless `is_additional`, and asks the states that
    it points to. Returns what it replaced, for the audit.
    """
    before = attempts.find_attempt(leg, data.channel or leg.channel)
    if before is None and leg.state == trace.owner_state:
        check_channel(leg.state, data.channel, trace.owner_state)
        before = Attempt(data.channel or "")
    if before is None:
        problem = message("This state is not asked by this channel. Ask it by the channel first.")
        raise Invalid({"channel": [problem]})
    data = complete_reply(data)
    action = check_reply(actor, trace, data, parse_day(before.sent_on))
    if before.status == "withdrawn":
        raise IllegalTransition("leg", before.status, action)
    is_final = action in FINAL_ACTIONS
    was_answered = before.status in FINAL_ACTIONS.values()
    after = replace(
        before,
        status=data.status or before.status,
        reference=data.reference or before.reference,
        sent_on=iso_day(data.sent_on) or before.sent_on,
        reply_class=data.reply_class,
    )
    replaced: dict[str, Any] = {}
    events: list[dict[str, Any]] = []
    if is_final or was_answered:
        earlier = [
            event
            for event in attempts.events_by_hand(leg)
            if event.get("channel") == data.channel and not data.is_additional
        ]
        if earlier or (was_answered and not data.is_additional):
            records = [event["record"] for event in earlier]
            replaced = {"status": before.status, "answered_on": before.answered_on}
            replaced = {"replaced": replaced | {"events": records}}
        after = replace(
            after,
            answered_on=iso_day(data.answered_on) if is_final else None,
            failure_reason=data.failure_reason,
        )
        events = _manual_events(leg, data)
        leg.events = merge_events([each for each in leg.events if each not in earlier], events)
    attempts.store_attempt(leg, after)
    if data.channel is None:
        leg.is_automatic = False
        # that an earlier form arrived proves nothing of the next one
        is_earlier = before.status == TO_SEND and not is_final and not data.sent_on
        leg.is_form_pending = is_earlier and bool(before.reference or before.sent_on)
        if is_final or was_answered:
            leg.answered_at = actor.now() if is_final else None
        if data.sent_on is not None:
            leg.asked_at = _asked_at(actor, leg, data.sent_on)
    db.session.flush()
    _store_reply(actor, leg, data, events)
    legs.ask_referred(actor, trace, legs.referrals_in(leg.state, leg.events, [*data.points_to]))
    legs.update_status(trace)
    return replaced


def _manual_events(leg: TraceLeg, data: ReplyData) -> list[dict[str, Any]]:
    """Return the events of a recorded answer, with its day and channel."""
    origin = {"said_on": iso_day(data.answered_on), "channel": data.channel}
    return [
        answers.manual_event(leg.state, event, "H1", data.failure_reason) | origin
        for event in data.events
    ]


def _store_reply(
    actor: Actor, leg: TraceLeg, data: ReplyData, events: Sequence[dict[str, Any]]
) -> None:
    """Store a recorded answer among the messages of its leg."""
    days = {"sent_on": iso_day(data.sent_on), "answered_on": iso_day(data.answered_on)}
    named = {"channel": data.channel, "reply_class": data.reply_class}
    entry = {name: value for name, value in (days | named).items() if value} | {
        "text": data.text,
        "status": data.status,
        "points_to": [*data.points_to],
        "failure_reason": data.failure_reason,
        "events": [*events],
    }
    message_log.store(actor, [MessageEntry("leg", leg.id, "by_hand", entry)])


def complete_reply(data: ReplyData) -> ReplyData:
    """Return an answer with the status and failure reason that its class gives."""
    status, reason = CLASSED_REPLIES.get(data.reply_class or "", (None, None))
    return replace(data, status=data.status or status, failure_reason=data.failure_reason or reason)


def check_reply(actor: Actor, trace: Trace, data: ReplyData, asked_on: date | None) -> str:
    """Return the action of a recorded answer; raises Invalid."""
    problems = Problems()
    if data.reply_class == "foreign_country" and not data.points_to:
        problems.add("points_to", message("Name the country at which the trace ended."))
    if not data.text:
        problems.add("text", message("This field is required."))
    if data.status is None:
        problems.add("status", message("Say what came back by the other channel."))
    if data.events and data.status not in ("answered", "partial"):
        problems.add("events", message("Events belong to an answer."))
    if data.is_additional and data.status not in ("answered", "partial"):
        problem = message(
            "Only an answer can be added to another. Leave this out to correct what was recorded."
        )
        problems.add("additional", problem)
    if data.failure_reason and data.status not in ("partial", "no_record"):
        problem = message(
            "Only an answer in part, or that there is no record, says why no more is known."
        )
        problems.add("failure_reason", problem)
    check_day(problems, actor, trace, "sent_on", data.sent_on)
    check_day(problems, actor, trace, "answered_on", data.answered_on)
    if data.answered_on and data.status and ACTION_BY_STATUS[data.status] not in FINAL_ACTIONS:
        problem = message("Nothing was answered yet: leave the day out, or say what was answered.")
        problems.add("answered_on", problem)
    sent_on = data.sent_on or asked_on
    if sent_on and data.answered_on and data.answered_on < sent_on:
        problem = message(
            "Before the form went out, on {on}: correct the one day or the other.", on=sent_on
        )
        problems.add("answered_on", problem)
    for at, event in enumerate(data.events):
        path = f"events.{at}.occurred_on"
        check_date(problems, path, event.occurred_on, today(actor))
        if data.answered_on and is_before(data.answered_on, event.occurred_on):
            problem = message(
                "After the day of the answer, {on}: correct the one day or the other.",
                on=data.answered_on,
            )
            problems.add(path, problem)
    problems.raise_any()
    return ACTION_BY_STATUS[data.status or ""]


def check_day(problems: Problems, actor: Actor, trace: Trace, path: str, on: date | None) -> None:
    """Check that a day is between the find and today."""
    now = today(actor)
    if on is not None and on > now:
        problems.add(path, message("This date lies in the future; today is {today}.", today=now))
    elif on is not None and is_before(on, min(trace.found_on, now)):
        problem = message(
            "Before the gun was found, on {on}: give that day or a later one.", on=trace.found_on
        )
        problems.add(path, problem)
