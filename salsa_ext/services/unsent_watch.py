"""The watch over urgent traces that stand still: approved and not sent, or waiting for a second person.

Who leads traces is reminded, and of what waits the second persons who are asked:
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
from salsa_ext.models import Notification, Trace
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
    """How traces stand still: since when, and by which code that is told."""

    code: str
    is_so: ColumnElement[bool]
    since: SQLColumnExpression[Any]

    def has_waited(self, now: datetime) -> ColumnElement[bool]:
        """Tell whether one stands still as long as its priority allows."""
        return or_(*(and_(Trace.priority == priority, self.since <= now - wait)
                     for priority, wait in WAITS.items()))  # fmt: skip

    def is_told(self) -> ColumnElement[bool]:
        """Tell whether it was reminded of one since."""
        return exists().where(
            Notification.owner_state == Trace.owner_state,
            Notification.subject_id == Trace.id,
            Notification.code == self.code, Notification.raised_at >= self.since,
        )  # fmt: skip


STANDING: Final = (
    Standing("trace_unsent", Trace.status == "approved", Trace.approved_at),
    Standing("trace_waiting", Trace.status == "draft", Trace.approval_asked_at),
)


def run(*, actor: Actor, most: int = MOST) -> int:
    """Remind of up to `most` of each that stand still in the actor's state; returns how many.

    Safe to run anywhere, twice, at once: what another run or a command holds is passed over, and
    each approval and each asking is told of once.
    """
    require(actor, Permission.TRACE_REQUEST)
    return sum(_run(actor, standing, most) for standing in STANDING)


def _run(actor: Actor, standing: Standing, most: int) -> int:
    rows = select(Trace.id).where(
        Trace.owner_state == actor.own_state(), standing.is_so,
        standing.has_waited(actor.now()), ~standing.is_told(),
    )  # fmt: skip
    held = rows.order_by(Trace.id).limit(most).with_for_update(skip_locked=True)
    return _remind(actor, standing, db.session.scalars(held).all())


def _remind(actor: Actor, standing: Standing, held: Sequence[UUID]) -> int:
    """Tell of those that no other run told of before they were held."""
    if not held:
        return 0
    left = select(Trace).where(Trace.id.in_(held), ~standing.is_told())
    found = db.session.scalars(left).all()
    notify_many(actor, [_notice(standing.code, one) for one in found])
    return len(found)


def _notice(code: str, trace: Trace) -> Notice:
    own = trace.owner_state
    roles = (*ASKERS, *APPROVERS) if trace.status == "draft" else ASKERS
    return Notice(own, roles, code, "trace", trace.id, own, trace.case_number,
                  {"by": own, "priority": trace.priority})  # fmt: skip
