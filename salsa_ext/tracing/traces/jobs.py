"""Jobs of traces: remind of urgent unsent ones, and send pending requests.

Trace analysts are reminded of an approved and unsent trace, approvers too of a waiting draft: once
for each approval or request of approval, of a flash trace after five minutes, of an urgent one
after an hour.

A request is pending where its pair of states was locked when the trace was sent: its leg is `sent`,
without an envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, exists, or_, select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.database.session import db
from salsa_ext.exchange import delivery, pair_locks
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.models import Notification
from salsa_ext.notifications.values import Notice
from salsa_ext.tracing.traces import legs
from salsa_ext.tracing.traces import values as trace_values
from salsa_ext.tracing.traces.models import Trace, TraceLeg

REMINDER_BATCH: Final = 200
REMIND_AFTER: Final = {"flash": timedelta(minutes=5), "urgent": timedelta(hours=1)}


@dataclass(frozen=True)
class StalledStep:
    """A step at which traces stall: since when, and the notice code."""

    code: str
    is_so: ColumnElement[bool]
    since: SQLColumnExpression[Any]

    def has_waited(self, now: datetime) -> ColumnElement[bool]:
        """Return the condition that one stalls as long as its priority allows."""
        return or_(
            *(
                and_(Trace.priority == priority, self.since <= now - wait)
                for priority, wait in REMIND_AFTER.items()
            )
        )

    def is_told(self) -> ColumnElement[bool]:
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
    return sum(_remind_of_step(actor, standing, limit) for standing in STALLED_STEPS)


def _remind_of_step(actor: Actor, standing: StalledStep, most: int) -> int:
    rows = select(Trace.id).where(
        Trace.owner_state == actor.own_state(),
        standing.is_so,
        standing.has_waited(actor.now()),
        ~standing.is_told(),
    )
    held = rows.order_by(Trace.id).limit(most).with_for_update(skip_locked=True)
    return _remind(actor, standing, db.session.scalars(held).all())


def _remind(actor: Actor, standing: StalledStep, held: Sequence[UUID]) -> int:
    """Remind of those not reminded of before they were locked."""
    if not held:
        return 0
    left = select(Trace).where(Trace.id.in_(held), ~standing.is_told())
    found = db.session.scalars(left).all()
    notify_many(
        actor,
        [
            Notice(
                trace.owner_state,
                standing.code,
                trace,
                {"by": trace.owner_state, "priority": trace.priority},
            )
            for trace in found
        ],
    )
    return len(found)


REQUEST_BATCH = 100


def send_pending_requests(actor: Actor) -> int:
    """Send one pending request of the actor's state; returns how many.

    Called by the worker in a transaction of that state, again until it returns 0. Safe to run
    concurrently: locked rows are skipped.
    """
    own = actor.own_state()
    waiting = _pending_legs(own).with_only_columns(TraceLeg.id, TraceLeg.state)
    for leg_id, state in db.session.execute(
        waiting.order_by(TraceLeg.id).limit(REQUEST_BATCH)
    ).all():
        if pair_locks.try_lock_with(own, state) and (found := _lock_pending_leg(own, leg_id)):
            _send_request(actor, *found)
            return 1
    return 0


def _pending_legs(own: str) -> Select[Trace, TraceLeg]:
    unasked = (
        TraceLeg.status == "sent",
        TraceLeg.channel == "salsa",
        TraceLeg.request_envelope_id.is_(None),
    )
    query = select(Trace, TraceLeg).join(TraceLeg, TraceLeg.trace_id == Trace.id)
    return query.where(
        TraceLeg.owner_state == own, *unasked, Trace.status.in_(trace_values.SENT_STATUSES)
    )


def _lock_pending_leg(own: str, leg_id: UUID) -> tuple[Trace, TraceLeg] | None:
    """Return a pending leg and its trace, locked, or None."""
    free = _pending_legs(own).where(TraceLeg.id == leg_id).with_for_update(skip_locked=True)
    row = db.session.execute(free.execution_options(populate_existing=True)).first()
    return (row[0], row[1]) if row else None


def _send_request(actor: Actor, trace: Trace, leg: TraceLeg) -> None:
    purpose = Purpose("investigation", trace.case_number, about=(str(trace.id),))
    legs.ask_pending(actor.for_purpose(purpose), trace, leg)
    append_many(
        actor,
        [
            AuditEvent(Action.TRACE_ASKED, "trace", trace.id, data={"asked": [leg.state]}),
            AuditEvent(Action.TRACE_SENT, "trace", trace.id, concerned=[leg.state], hidden=True),
        ],
    )
    delivery.deliver_now(actor)
