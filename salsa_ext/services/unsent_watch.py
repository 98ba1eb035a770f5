"""The watch over urgent traces that stand still: approved and not sent, or waiting for a second person.

Who leads traces is reminded, and of what waits the second persons who are asked, be it by a partner:
once for each approval or asking, of a flash trace after five minutes, of an urgent one after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, or_, select

from salsa_ext.db import db
from salsa_ext.models import Notification, Trace, TraceApproval
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services.approvals import APPROVERS, ASKERS
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

MOST: Final = 200
WAITS: Final = {"flash": timedelta(minutes=5), "urgent": timedelta(hours=1)}


@dataclass(frozen=True)
class Standing:
    """How traces, or what partners ask, stand still: since when, and by which code that is told."""

    code: str
    model: type[Trace | TraceApproval]
    is_so: ColumnElement[bool]
    since: SQLColumnExpression[Any]
    priority: SQLColumnExpression[Any]

    def has_waited(self, now: datetime) -> ColumnElement[bool]:
        """Tell whether one stands still as long as its priority allows."""
        return or_(*(and_(self.priority == priority, self.since <= now - wait)
                     for priority, wait in WAITS.items()))  # fmt: skip

    def is_told(self) -> ColumnElement[bool]:
        """Tell whether it was reminded of one since."""
        return exists().where(
            Notification.owner_state == self.model.owner_state,
            Notification.subject_id == self.model.id,
            Notification.code == self.code, Notification.raised_at >= self.since,
        )  # fmt: skip


STANDING: Final = (
    Standing("trace_unsent", Trace, Trace.status == "approved", Trace.approved_at, Trace.priority),
    Standing("trace_waiting", Trace, Trace.status == "draft", Trace.approval_asked_at,
             Trace.priority),
    Standing("approval_waiting", TraceApproval, TraceApproval.status == "asked",
             TraceApproval.asked_at, TraceApproval.asked["priority"].astext),
)  # fmt: skip


def run(*, actor: Actor, most: int = MOST) -> int:
    """Remind of up to `most` of each that stand still in the actor's state; returns how many.

    Safe to run anywhere, twice, at once: what another run or a command holds is passed over, and
    each approval and each asking is told of once.
    """
    require(actor, Permission.TRACE_REQUEST)
    return sum(_run(actor, standing, most) for standing in STANDING)


def _run(actor: Actor, standing: Standing, most: int) -> int:
    model = standing.model
    rows = select(model.id).where(
        model.owner_state == actor.own_state(), standing.is_so,
        standing.has_waited(actor.now()), ~standing.is_told(),
    )  # fmt: skip
    held = rows.order_by(model.id).limit(most).with_for_update(skip_locked=True)
    return _remind(actor, standing, db.session.scalars(held).all())


def _remind(actor: Actor, standing: Standing, held: Sequence[UUID]) -> int:
    """Tell of those that no other run told of before they were held."""
    if not held:
        return 0
    left = select(standing.model).where(standing.model.id.in_(held), ~standing.is_told())
    found: Sequence[Any] = db.session.scalars(left).all()
    notify_many(actor, [_notice(standing.code, one) for one in found])
    return len(found)


def _notice(code: str, one: Trace | TraceApproval) -> Notice:
    own = one.owner_state
    if isinstance(one, TraceApproval):
        return Notice(own, APPROVERS, code, "approval", one.id, own, one.case_number,
                      {"by": one.asking_state, "priority": one.asked["priority"]})  # fmt: skip
    is_own = one.status == "draft" and one.approved_in is None
    roles = (*ASKERS, *APPROVERS) if is_own else ASKERS
    return Notice(own, roles, code, "trace", one.id, own, one.case_number,
                  {"by": one.approved_in or own, "priority": one.priority})  # fmt: skip
