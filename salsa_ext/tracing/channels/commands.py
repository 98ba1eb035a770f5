"""States outside the exchange: their channel, form, and answers recorded by officers.

Nothing here is the state's own message: an officer of the asking state records when a form was
sent, and from the reply what was answered on which day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append
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
from salsa_ext.tracing.requests.lifecycle import FINAL_ACTIONS, next_status
from salsa_ext.tracing.requests.message_log import MessageEntry, messages_by_subject
from salsa_ext.tracing.requests.values import NOT_PARTICIPATING, UNANSWERED_STATUSES
from salsa_ext.tracing.traces import attempts, follow_up, legs, messages
from salsa_ext.tracing.traces.attempts import ETRACE, TO_SEND, Attempt, check_channel
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


def reply(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ReplyData) -> None:
    """Reply to a question or refusal; for another channel, record its answer.

    Raises NotFound, Invalid, or IllegalTransition where no reply is expected.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "reply", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    replaced = {}
    if data.channel == leg.channel:
        data = replace(data, channel=None)
    if data.channel is not None:
        record_attempt_answer(actor, trace, leg, data)
    elif leg.channel == "service":
        problems = Problems()
        if not data.text:
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
    else:
        replaced = record_answer(actor, trace, leg, data)
    entry = {"leg": str(leg_id)} | replaced
    append(actor, AuditEvent(Action.TRACE_REPLIED, "trace", trace_id, data=entry))


def change_channel(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ChannelData) -> None:
    """Change the channel to a non-participating state until it has answered.

    The form is to be sent until it is reported sent by that channel, or has a reference there.
    Raises NotFound, Invalid for a participating state or an impossible day, Conflict for an
    answered leg.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "channel", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    if leg.channel == "service":
        raise Invalid({"channel": [follow_up.IS_PARTICIPANT]})
    if not may_change_channel(leg):
        raise Conflict(
            message(
                "{state} has answered by this channel. The channel cannot be changed.",
                state=CodeLabel("state", leg.state),
            )
        )
    _ask_outside(actor, trace, leg, data, set_channel)


def add_attempt(*, actor: Actor, trace_id: UUID, leg_id: UUID, data: ChannelData) -> None:
    """Ask a state by one more channel, also one that takes part; raises NotFound, Invalid.

    Given again, it says that the form of that attempt went out, or its reference there. Raises
    Conflict for the leg's own channel, and after an answer by this one.
    """
    require(actor, Permission.TRACE_REQUEST)
    trace = legs.lock_trace(trace_id, "channel", SENT_STATUSES)
    leg = _find_leg(trace_id, leg_id)
    if leg.state == trace.owner_state:
        problem = message("Your own state is asked by the service alone. Choose another state.")
        raise Invalid({"channel": [problem]})
    if data.channel == leg.channel:
        problem = message("This state is asked by this channel already. Choose another one.")
        raise Conflict(problem)
    _ask_outside(actor, trace, leg, data, set_attempt)


def _ask_outside(
    actor: Actor,
    trace: Trace,
    leg: TraceLeg,
    data: ChannelData,
    set_asked: Callable[[Actor, Trace, TraceLeg, ChannelData], bool],
) -> None:
    """Ask a state by a channel, and audit whether the form is reported sent."""
    check_channel(leg.state, data.channel)
    _check_form(actor, leg, data)
    entry: dict[str, Any] = {"leg": str(leg.id), "channel": data.channel}
    if set_asked(actor, trace, leg, data):
        entry["sent"] = True
    legs.update_status(trace)
    append(actor, AuditEvent(Action.TRACE_CHANNEL_CHANGED, "trace", trace.id, data=entry))


def _check_form(actor: Actor, leg: TraceLeg, data: ChannelData) -> None:
    """Check the form that goes out by eTrace, which ATF's number says as well."""
    attempt = attempts.find_outside(leg, ETRACE)
    is_waiting = attempt is None or attempt.status in (NOT_PARTICIPATING, TO_SEND)
    is_numbered = bool(data.reference) and is_waiting
    is_sent = data.sent or data.sent_on is not None or is_numbered
    is_unchecked = is_sent and not data.confirm_incomplete
    if data.channel == ETRACE and is_unchecked:
        atf_form.check_complete(actor, leg.trace_id, leg.id)


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


def set_channel(actor: Actor, trace: Trace, leg: TraceLeg, data: ChannelData) -> bool:
    """Set a leg's channel; returns whether the form is reported sent.

    On `sent_on`, or today; a new reference also reports it. Raises Invalid for a future day or one
    before the gun was found.
    """
    problems = Problems()
    check_day(problems, actor, trace, "sent_on", data.sent_on)
    problems.raise_any()
    is_reported = data.sent or data.sent_on is not None
    is_sent = is_reported or data.reference not in (None, leg.reference)
    is_asked_again = leg.is_form_pending or data.channel != leg.channel
    if is_asked_again:
        leg.is_form_pending = not is_sent
        leg.asked_on = leg.asked_on if data.channel == leg.channel else None
    if data.sent_on or (is_sent and is_asked_again):
        _set_asked(actor, leg, data.sent_on or today(actor))
    leg.channel, leg.reference = data.channel, data.reference
    is_asked = leg.status == NOT_PARTICIPATING and not leg.is_form_pending
    if is_asked or (leg.status == "clarification" and is_sent):
        leg.status = "sent"
    db.session.flush()
    if is_reported:
        entry = {"channel": data.channel, "sent_on": _iso(leg.asked_on)}
        message_log.store(actor, [MessageEntry("leg", leg.id, FORM_SENT, entry)])
    return is_reported


def record_answer(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> dict[str, Any]:
    """Record an answer by another channel; raises Invalid.

    Replaces the recorded one, unless `is_additional`. Returns what it replaced, for the
    audit.
    """
    data = complete_reply(data)
    action = check_reply(actor, trace, data, leg.asked_on)
    is_final = action in FINAL_ACTIONS
    replaces = is_final or leg.status not in UNANSWERED_STATUSES
    replaced: dict[str, Any] = {}
    if replaces and not data.is_additional and leg.answered_at is not None:
        records = [event["record"] for event in leg.events]
        on = _iso(leg.answered_on)
        replaced["replaced"] = {"status": leg.status, "answered_on": on, "events": records}
    if leg.status == "withdrawn":
        raise IllegalTransition("leg", leg.status, action)
    legs.set_status(leg, data.status or leg.status)
    leg.is_automatic = False
    if data.sent_on is not None:
        leg.is_form_pending = False
        _set_asked(actor, leg, data.sent_on)
    elif leg.is_form_pending:
        # that an earlier form arrived proves nothing of the next one
        leg.is_form_pending = not is_final and (
            bool(leg.reference)
            or any(entry.kind == FORM_SENT for entry in messages_by_subject([leg.id])[leg.id])
        )
    leg.reference = data.reference or leg.reference
    leg.reply_class = data.reply_class
    events: list[dict[str, Any]] = []
    if replaces:
        leg.answered_at = actor.now() if is_final else None
        leg.answered_on = data.answered_on if is_final else None
        leg.failure_reason = data.failure_reason
        events = manual_events(leg, data)
        before = leg.events if data.is_additional else attempts.events_besides(leg, None)
        leg.events = merge_events(before, events)
    finish_answer(actor, trace, leg, data, events)
    return replaced


def manual_events(leg: TraceLeg, data: ReplyData) -> list[dict[str, Any]]:
    """Return the events of a recorded answer, with its day and channel."""
    origin = {"said_on": _iso(data.answered_on), "channel": data.channel}
    return [answers.manual_event(leg.state, event, "H1") | origin for event in data.events]


def finish_answer(
    actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData, events: Sequence[dict[str, Any]]
) -> None:
    """Store a recorded answer among the messages, and ask the states that it points to."""
    db.session.flush()
    days = {"sent_on": _iso(data.sent_on), "answered_on": _iso(data.answered_on)}
    named = {"channel": data.channel, "reply_class": data.reply_class}
    entry = {name: value for name, value in (days | named).items() if value} | {
        "text": data.text,
        "status": data.status,
        "points_to": [*data.points_to],
        "failure_reason": data.failure_reason,
        "events": [*events],
    }
    message_log.store(actor, [MessageEntry("leg", leg.id, "by_hand", entry)])
    legs.ask_referred(actor, trace, legs.referrals_in(leg.state, leg.events, [*data.points_to]))
    legs.update_status(trace)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _set_asked(actor: Actor, leg: TraceLeg, on: date) -> None:
    """Set when a form was sent: the day, of today the time."""
    is_today = on == today(actor)
    leg.asked_on = on
    leg.asked_at = actor.now() if is_today else local_days(actor).start(leg.owner_state, on)


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


def set_attempt(actor: Actor, trace: Trace, leg: TraceLeg, data: ChannelData) -> bool:
    """Ask by a channel besides the leg's own, or say that its form went out.

    Returns whether it did. Raises Invalid for an impossible day, Conflict after its answer.
    """
    problems = Problems()
    check_day(problems, actor, trace, "sent_on", data.sent_on)
    problems.raise_any()
    before = attempts.find_attempt(leg, data.channel) or Attempt(data.channel)
    if before.status not in (*UNANSWERED_STATUSES, TO_SEND):
        raise Conflict(
            message(
                "{state} has answered by this channel. Enter a later answer there.",
                state=CodeLabel("state", leg.state),
            )
        )
    is_sent = data.sent or bool(data.sent_on) or data.reference not in (None, before.reference)
    after = replace(before, reference=data.reference or before.reference)
    if is_sent:
        on = _iso(data.sent_on or today(actor))
        status = "sent" if before.status in (TO_SEND, "clarification") else before.status
        after = replace(after, status=status, sent_on=on)
        entry = {"channel": data.channel, "sent_on": on}
        message_log.store(actor, [MessageEntry("leg", leg.id, FORM_SENT, entry)])
    attempts.store_attempt(leg, after)
    db.session.flush()
    return is_sent


def record_attempt_answer(actor: Actor, trace: Trace, leg: TraceLeg, data: ReplyData) -> None:
    """Record an answer by a channel besides the leg's own; raises Invalid."""
    attempt = attempts.find_attempt(leg, data.channel)
    if attempt is None:
        problem = message("This state is not asked by this channel. Ask it by the channel first.")
        raise Invalid({"channel": [problem]})
    data = complete_reply(data)
    asked_on = date.fromisoformat(attempt.sent_on) if attempt.sent_on else None
    is_final = check_reply(actor, trace, data, asked_on) in FINAL_ACTIONS
    after = replace(
        attempt,
        status=data.status or attempt.status,
        reference=data.reference or attempt.reference,
        sent_on=_iso(data.sent_on) or attempt.sent_on,
        answered_on=_iso(data.answered_on),
        reply_class=data.reply_class,
        failure_reason=data.failure_reason,
    )
    attempts.store_attempt(leg, after)
    events = manual_events(leg, data)
    if is_final and not data.is_additional:
        leg.events = attempts.events_besides(leg, data.channel)
    leg.events = merge_events(leg.events, events)
    finish_answer(actor, trace, leg, data, events)
