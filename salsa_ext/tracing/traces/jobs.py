"""Jobs of traces: remind of urgent unsent ones, and send pending requests.

Trace analysts are reminded of an approved and unsent trace, approvers too of a waiting draft: once
for each approval or request of approval, of a flash trace after five minutes, of an urgent one
after an hour.

A request is pending where its pair of states was locked when the trace was sent: its leg is `sent`,
without an envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select

from salsa_ext.access.audit import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.exchange import delivery, pair_locks
from salsa_ext.jobs.runner import DueJob
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.models import Notification
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces.models import Trace, TraceLeg
from salsa_ext.tracing.traces.values import SENT_STATUSES

REMINDER_BATCH: Final = 200
REMIND_AFTER: Final = {"flash": timedelta(minutes=5), "urgent": timedelta(hours=1)}


@dataclass(frozen=True)
class StalledStep:
    """A step at which traces stall: since when, and the notice code."""

    code: str
    condition: ColumnElement[bool]
    since: SQLColumnExpression[Any]

    def is_reminded(self) -> ColumnElement[bool]:
        """Return the condition that a reminder was sent since."""
        return exists().where(
            Notification.owner_state == Trace.owner_state,
            Notification.subject_id == Trace.id,
            Notification.code == self.code,
            Notification.raised_at >= self.since,
        )


STALLED_STEPS: Final = (
    StalledStep("trace_unsent", Trace.status == "approved", Trace.approved_at),
    StalledStep("trace_waiting", Trace.status == "draft", Trace.approval_requested_at),
)


def remind_of_unsent(*, actor: Actor, limit: int = REMINDER_BATCH) -> int:
    """Remind of up to `limit` stalled traces a step; returns how many.

    Safe to run concurrently: locked rows are skipped, and each step is reminded of once.
    """
    require(actor, Permission.TRACE_REQUEST)
    notices = []
    for step in STALLED_STEPS:
        is_overdue = or_(
            *(
                and_(Trace.priority == priority, step.since <= actor.now() - wait)
                for priority, wait in REMIND_AFTER.items()
            )
        )
        stalled = select(Trace.id).where(
            Trace.owner_state == actor.own_state(), step.condition, is_overdue, ~step.is_reminded()
        )
        stalled = stalled.order_by(Trace.id).limit(limit).with_for_update(skip_locked=True)
        if ids := db.session.scalars(stalled).all():
            # some may have been reminded of before they were locked
            left = select(Trace).where(Trace.id.in_(ids), ~step.is_reminded())
            for trace in db.session.scalars(left):
                data = {"by": trace.owner_state, "priority": trace.priority}
                notices.append(Notice(trace.owner_state, step.code, trace, data))
    notify_many(actor, notices)
    return len(notices)


JOBS: Final = (DueJob("trace_reminders", timedelta(minutes=1), remind_of_unsent),)
REQUEST_BATCH: Final = 100


def send_pending_requests(actor: Actor) -> int:
    """Send one pending request of the actor's state; returns how many.

    Called by the worker in a transaction of that state, again until it returns 0. Safe to run
    concurrently: locked rows are skipped.
    """
    own = actor.own_state()
    pending = (
        select(Trace, TraceLeg)
        .join(TraceLeg, TraceLeg.trace_id == Trace.id)
        .where(
            TraceLeg.owner_state == own,
            TraceLeg.status == "sent",
            TraceLeg.channel == "salsa",
            TraceLeg.request_envelope_id.is_(None),
            Trace.status.in_(SENT_STATUSES),
        )
    )
    first = pending.with_only_columns(TraceLeg.id, TraceLeg.state).order_by(TraceLeg.id)
    for leg_id, state in db.session.execute(first.limit(REQUEST_BATCH)).all():
        if not pair_locks.try_lock_with(own, state):
            continue
        free = pending.where(TraceLeg.id == leg_id).with_for_update(skip_locked=True)
        row = db.session.execute(free.execution_options(populate_existing=True)).first()
        if row is None:
            continue
        trace, leg = row
        legs.ask_pending(actor.for_trace(trace.case_number, trace.id), trace, leg)
        legs.audit_asked_states(actor, Action.TRACE_ASKED, trace, {leg.state: "asked"})
        delivery.deliver_now(actor)
        return 1
    return 0
