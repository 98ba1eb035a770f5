"""Workflow of a request: lock, status, deadline, messages, notices."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, IllegalTransition, message
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import inbox, outbox
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.notifications.commands import (
    ANALYST_ROLES,
    is_restricted_assignee,
    notify,
    request_roles,
)
from salsa_ext.reference import calendars, state_settings
from salsa_ext.reference.calendars import Calendar, add_working_time, local_days
from salsa_ext.tracing.requests import message_log
from salsa_ext.tracing.requests.message_log import MessageEntry
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import (
    FINAL_ACTIONS,
    REMINDER_PERCENTS,
    WAITING_STATUSES,
    after_pause,
    next_status,
    possible_actions,
    time_at_percent,
)


def lock_request(request_id: UUID, expected_version: int | None = None) -> TraceRequest:
    """Return an own request, locked; raises NotFound, StaleVersion."""
    return lock(TraceRequest, request_id, expected_version, kind="request")


def apply_action(actor: Actor, request: TraceRequest, action: str) -> None:
    """Apply an action to a request by the table; raises IllegalTransition."""
    status = next_status(request.status, action)
    if status is None:
        onward = None
        messages = message_log.messages_by_subject([request.id])[request.id]
        if request.status == "withdrawn" and (at := message_log.withdrawal_time(messages)):
            onward = message(
                "{state} withdrew it on {on} and no longer waits for an answer.",
                state=CodeLabel("state", request.asking_state),
                on=local_days(actor).on(request.owner_state, at),
            )
        raise IllegalTransition(
            "request", request.status, action, possible_actions(request.status), onward
        )
    if action in FINAL_ACTIONS:
        request.answered_at = actor.now()
    set_status(actor, request, status)


def set_status(actor: Actor, request: TraceRequest, status: str) -> None:
    """Set the status of a request, the only place that does."""
    if request.status not in WAITING_STATUSES and status in WAITING_STATUSES:
        start_clock(actor, request)
    if status == "clarification":
        request.stopped_at = request.stopped_at or actor.now()
    elif request.stopped_at is not None:
        calendar = calendars.priority_calendar(actor, request.priority)
        request.clock_from = after_pause(
            request.clock_from, request.stopped_at, actor.now(), calendar
        )
        request.due_at = after_pause(request.due_at, request.stopped_at, actor.now(), calendar)
        request.stopped_at = None
        set_reminded(request, request.reminded_percent, calendar)
    request.status = status
    request.version += 1
    db.session.flush()  # while its owner's rows may be written


def start_clock(actor: Actor, request: TraceRequest, due_at: datetime | None = None) -> None:
    """Start the clock: until `due_at`, or for the state's target time."""
    own = state_settings.settings_by_state([request.owner_state])[request.owner_state]
    calendar = calendars.priority_calendar(actor, request.priority, own)
    now = request.clock_from = actor.now()
    request.due_at = due_at or add_working_time(now, own.target(request.priority), calendar)
    set_reminded(request, 0, calendar)


def set_reminded(request: TraceRequest, reminded: int, calendar: Calendar | None) -> None:
    """Store the percent reminded of, and the next reminder; None is never."""
    request.reminded_percent = reminded
    begin, due_at = request.clock_from, request.due_at
    moments = (
        time_at_percent(begin, due_at, percent, calendar)
        for percent in REMINDER_PERCENTS
        if percent > reminded
    )
    request.remind_at = next(moments, None)


def send_message(
    actor: Actor,
    request: TraceRequest,
    kind: str,
    body: Mapping[str, Any],
    in_reply_to: Envelope | None = None,
    acts: Sequence[AuditEvent] = (),
    earlier: Sequence[MessageEntry] = (),
) -> Envelope:
    """Send the asking state a message on its request, and store it.

    `in_reply_to` is the last request's envelope, if at hand; `acts` are audited, and `earlier`
    messages stored, in the same round trip.
    """
    in_reply_to = in_reply_to or inbox.find_received(actor, request.envelope_id)
    sent_body = {"leg": str(request.leg_id), **body}
    data = EnvelopeData(kind, request.case_number, request.asking_state, sent_body, in_reply_to)
    envelope = outbox.send(actor, data)
    entry = MessageEntry("request", request.id, message_log.message_kind(envelope), body, envelope)
    message_log.store(actor, [*earlier, entry], acts)
    return envelope


def replace_restrictions(
    actor: Actor, request: TraceRequest, agencies: Collection[str], *, by_asker: bool
) -> None:
    """Replace restricted agencies, named or own; removes their assignee and notifies analysts."""
    restrictions.replace_restrictions(
        actor,
        "request",
        (request.id, request.trace_id, request.leg_id),
        agencies,
        is_own=not by_asker,
        named_by=request.asking_state if by_asker else None,
    )
    if is_restricted_assignee(request.assignee_id, restrictions.list_restricted(request.id)):
        request.assignee_id = None
        db.session.flush()
        audit_request(actor, Action.REQUEST_ASSIGNED, request, account=None)
        if request.status in WAITING_STATUSES:
            notify_analysts(actor, request, "request_unassigned")


def notify_without_analyst(actor: Actor, request: TraceRequest, before: Sequence[str]) -> None:
    """Notify the supervisors of a waiting request that no analyst may see."""
    after = restrictions.list_restricted(request.id)
    is_changed = request.status in WAITING_STATUSES and after != before
    if is_changed and request_roles(actor, after) != ANALYST_ROLES:
        notify_analysts(actor, request, "request_received")


def notify_analysts(actor: Actor, request: TraceRequest, code: str) -> None:
    """Notify the analysts, or supervisors, that may see a request."""
    roles = request_roles(actor, restrictions.list_restricted(request.id))
    by, priority = request.asking_state, request.priority
    notify(actor, request.owner_state, code, request, roles=roles, by=by, priority=priority)


def audit_request(actor: Actor, action: Action, request: TraceRequest, **data: Any) -> None:
    """Audit an action on a request for the asked state."""
    append(actor, audit_entry(action, request, **data))


def audit_entry(action: Action, request: TraceRequest, **data: Any) -> AuditEvent:
    """Return the audit entry of an action on a request."""
    return AuditEvent(action, "request", request.id, data={"to": request.asking_state} | data)
