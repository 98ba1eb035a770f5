"""The watch over traces that were approved and are not sent: who leads traces is reminded of the urgent.

Once for each approval: of a flash trace after five minutes, of an urgent one after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from salsa_ext.db import db
from salsa_ext.models import Notification, Trace
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services.approvals import ASKERS
from salsa_ext.services.notifications import notify_many
from salsa_ext.values.actor import Actor
from salsa_ext.values.notices import Notice

MOST: Final = 200
CODE: Final = "trace_unsent"
WAITS: Final = {"flash": timedelta(minutes=5), "urgent": timedelta(hours=1)}
REMINDED: Final = exists().where(
    Notification.owner_state == Trace.owner_state, Notification.subject_id == Trace.id,
    Notification.code == CODE, Notification.raised_at >= Trace.approved_at,
)  # fmt: skip


def run(*, actor: Actor, most: int = MOST) -> int:
    """Remind of up to `most` approved traces of the actor's state; returns how many.

    Safe to run anywhere, twice, at once: what another run or a command holds is passed over, and
    each approval is told of once.
    """
    require(actor, Permission.TRACE_REQUEST)
    waited = or_(*(and_(Trace.priority == priority, Trace.approved_at <= actor.now() - wait)
                   for priority, wait in WAITS.items()))  # fmt: skip
    rows = select(Trace.id).where(Trace.owner_state == actor.own_state(),
                                  Trace.status == "approved", waited, ~REMINDED)  # fmt: skip
    held = rows.order_by(Trace.id).limit(most).with_for_update(skip_locked=True)
    return _remind(actor, db.session.scalars(held).all())


def _remind(actor: Actor, held: Sequence[UUID]) -> int:
    """Tell of those that no other run told of before they were held."""
    left = select(Trace).where(Trace.id.in_(held), ~REMINDED) if held else None
    found = db.session.scalars(left).all() if left is not None else ()
    notify_many(actor, [_notice(trace) for trace in found])
    return len(found)


def _notice(trace: Trace) -> Notice:
    own = trace.owner_state
    return Notice(own, ASKERS, CODE, "trace", trace.id, own, trace.case_number,
                  {"by": trace.approved_in or own, "priority": trace.priority})  # fmt: skip
