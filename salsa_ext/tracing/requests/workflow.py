"""Workflow of a request: lock, status, deadline, messages, notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, IllegalTransition, Message, NotFound, message
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.disclosure import restrictions
from salsa_ext.exchange import inbox, outbox, pair_locks
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.notifications import commands as notification_commands
from salsa_ext.notifications.commands import notify
from salsa_ext.reference import calendars, settings
from salsa_ext.reference.calendars import local_days
from salsa_ext.reference.values import Settings
from salsa_ext.reference.working_time import Calendar
from salsa_ext.tracing.requests import lifecycle, message_log
from salsa_ext.tracing.requests.lifecycle import (
    FINAL_ACTIONS,
    REMINDER_PERCENTS,
    after_pause,
    next_status,
    possible_actions,
    time_at_percent,
)
from salsa_ext.tracing.requests.message_log import (
    MessageEntry,
    messages_by_subject,
    withdrawal_time,
)
from salsa_ext.tracing.requests.models import TraceRequest
from salsa_ext.tracing.requests.values import WAITING_STATUSES


def lock_request(
    actor: Actor, request_id: UUID, expected_version: int | None = None
) -> TraceRequest:
    """Return an own request, locked with its pair of states.

    Raises NotFound, StaleVersion.
    """
    known = db.session.get(TraceRequest, request_id)
    if known is None:
        raise NotFound("request", request_id)
    pair_locks.lock_with(actor.own_state(), [known.asking_state])
    return lock(TraceRequest, request_id, expected_version)


def apply_action(actor: Actor, request: TraceRequest, action: str) -> None:
    """Apply an action to a request by the table; raises IllegalTransition."""
    status = next_status(request.status, action)
    if status is None:
        onward = _withdrawal_text(actor, request) if request.status == "withdrawn" else None
        raise IllegalTransition(
            "request", request.status, action, possible_actions(request.status), onward
        )
    if action in FINAL_ACTIONS:
        request.answered_at = actor.now()
    set_status(actor, request, status)


def _withdrawal_text(actor: Actor, request: TraceRequest) -> Message | None:
    """Return the state and the own day of a withdrawal."""
    at = withdrawal_time(messages_by_subject([request.id])[request.id])
    if at is None:
        return None
    return message(
        "{state} withdrew it on {on} and waits for nothing any more.",
        state=CodeLabel("state", request.asking_state),
        on=local_days(actor).on(request.owner_state, at),
    )


def set_status(actor: Actor, request: TraceRequest, status: str) -> None:
    """Set the status of a request, the only place that does.

    A clarification stops the clock, its end resumes it. An answered request that waits again, such
    as a refusal that becomes a question, gets a new deadline.
    """
    now = actor.now()
    if request.status not in WAITING_STATUSES and status in WAITING_STATUSES:
        start_deadline(actor, request)
    if status == "clarification":
        request.stopped_at = request.stopped_at or now
    else:
        resume_clock(actor, request)
    request.status = status
    request.version += 1
    db.session.flush()  # while its owner's rows may be written


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
    said = EnvelopeData(
        kind,
        request.case_number,
        request.asking_state,
        {"leg": str(request.leg_id)} | dict(body),
        in_reply_to,
    )
    envelope = outbox.send(actor, said)
    word = MessageEntry("request", request.id, message_log.message_kind(envelope), body, envelope)
    message_log.store(actor, [*earlier, word], acts)
    return envelope


def restrict_as_named(actor: Actor, request: TraceRequest, agencies: Collection[str]) -> None:
    """Restrict a request as the asking state named."""
    by = request.asking_state
    restrictions.replace_restrictions(
        actor, "request", _restricted_subjects(request), agencies, named_by=by
    )
    _unassign_if_restricted(actor, request)


def restrict_own(actor: Actor, request: TraceRequest, agencies: Collection[str]) -> None:
    """Set the own restrictions, in addition to the named ones."""
    restrictions.replace_restrictions(
        actor, "request", _restricted_subjects(request), agencies, is_own=True
    )
    request.version += 1
    db.session.flush()
    _unassign_if_restricted(actor, request)


def _unassign_if_restricted(actor: Actor, request: TraceRequest) -> None:
    """Remove an assignee of a restricted agency, and notify the other analysts."""
    if not notification_commands.is_restricted_assignee(
        request.assignee_id, restrictions.list_restricted(request.id)
    ):
        return
    request.assignee_id = None
    db.session.flush()
    audit_request(actor, Action.REQUEST_ASSIGNED, request, account=None)
    if request.status in WAITING_STATUSES:
        notify_analysts(actor, request, "request_unassigned")


def _restricted_subjects(request: TraceRequest) -> tuple[UUID, ...]:
    return request.id, request.trace_id, request.leg_id


def notify_without_analyst(actor: Actor, request: TraceRequest, before: Sequence[str]) -> None:
    """Notify the supervisors of a waiting request that no analyst may see.

    `before` are the agencies restricted until then.
    """
    kept_from = restrictions.list_restricted(request.id)
    if kept_from == before or request.status not in WAITING_STATUSES:
        return
    if notification_commands.request_roles(actor, kept_from) != notification_commands.ANALYST_ROLES:
        notify_analysts(actor, request, "request_received")


def notify_analysts(actor: Actor, request: TraceRequest, code: str) -> None:
    """Notify the analysts, or supervisors, that may see a request."""
    roles = notification_commands.request_roles(actor, restrictions.list_restricted(request.id))
    notify(
        actor,
        actor.own_state(),
        code,
        request,
        roles=roles,
        by=request.asking_state,
        priority=request.priority,
    )


def audit_request(actor: Actor, action: Action, request: TraceRequest, **data: Any) -> None:
    """Audit an action on a request for the asked state."""
    append(actor, audit_entry(action, request, **data))


def audit_entry(action: Action, request: TraceRequest, **data: Any) -> AuditEvent:
    """Return the audit entry of an action on a request."""
    return AuditEvent(action, "request", request.id, data={"to": request.asking_state} | data)


def new_deadline(actor: Actor, priority: str, own: Settings) -> dict[str, Any]:
    """Return the columns of a deadline that starts now."""
    calendar = calendars.priority_calendar(actor, priority, own)
    target = own.target(priority)
    return _deadline_columns(
        actor.now(), lifecycle.deadline_from(target, actor.now(), calendar), calendar
    )


def start_deadline(actor: Actor, request: TraceRequest) -> None:
    """Start the deadline of a request again."""
    own = settings.settings_by_state([actor.own_state()])[actor.own_state()]
    _set_columns(request, new_deadline(actor, request.priority, own))


def defer_deadline(actor: Actor, request: TraceRequest, due_at: datetime) -> None:
    """Set the deadline that the own state chose."""
    calendar = calendars.priority_calendar(actor, request.priority)
    _set_columns(request, _deadline_columns(actor.now(), due_at, calendar))


def resume_clock(actor: Actor, request: TraceRequest) -> None:
    """Resume a stopped clock; reminders sent already are not repeated."""
    if request.stopped_at is None:
        return
    calendar = calendars.priority_calendar(actor, request.priority)
    for name in ("clock_from", "due_at"):
        moment = after_pause(getattr(request, name), request.stopped_at, actor.now(), calendar)
        setattr(request, name, moment)
    request.stopped_at = None
    set_reminded(request, request.reminded_percent, calendar)


def set_reminded(request: TraceRequest, reminded: int, calendar: Calendar | None) -> None:
    """Store the percent reminded of, and the next reminder; None is never."""
    request.reminded_percent = reminded
    request.remind_at = _next_reminder(request.clock_from, request.due_at, reminded, calendar)


def _set_columns(request: TraceRequest, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(request, name, value)


def _deadline_columns(
    begin: datetime, due_at: datetime, calendar: Calendar | None
) -> dict[str, Any]:
    return {
        "clock_from": begin,
        "due_at": due_at,
        "reminded_percent": 0,
        "remind_at": _next_reminder(begin, due_at, 0, calendar),
    }


def _next_reminder(
    begin: datetime, due_at: datetime, reminded: int, calendar: Calendar | None
) -> datetime | None:
    left = [percent for percent in REMINDER_PERCENTS if percent > reminded]
    return time_at_percent(begin, due_at, left[0], calendar) if left else None
