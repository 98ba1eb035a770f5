"""Jobs of traces: remind of urgent unsent ones, and send records that changed again.

Trace analysts are reminded of an approved and unsent trace, approvers too of a waiting draft: once
for each approval or request of approval, of a flash trace after five minutes, of an urgent one
after an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.database.session import db
from salsa_ext.jobs.runner import ChangeJob, DueJob
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.models import Notification
from salsa_ext.notifications.notice_rules import Notice
from salsa_ext.tracing.traces import corrected_answers
from salsa_ext.tracing.traces.models import Trace

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
CORRECTED_ANSWERS: Final = ChangeJob(
    "corrected_answers", corrected_answers.KINDS, corrected_answers.send_corrections, 500
)
