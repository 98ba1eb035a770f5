"""The watch over urgent traces that stand still: approved and not sent, or waiting for a second person.

Who leads traces is reminded, and of what waits the second persons of the own state: once for each
approval or asking, of a flash trace after five minutes, of an urgent one after an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

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
    """How a trace stands still: since when, and by which code that is told."""

    code: str
    is_so: ColumnElement[bool]
    since: InstrumentedAttribute[datetime | None]

    def is_told(self) -> ColumnElement[bool]:
        """Tell whether it was reminded of a trace since."""
        return exists().where(
            Notification.owner_state == Trace.owner_state, Notification.subject_id == Trace.id,
            Notification.code == self.code, Notification.raised_at >= self.since,
        )  # fmt: skip


UNSENT: Final = Standing("trace_unsent", Trace.status == "approved", Trace.approved_at)
WAITING: Final = Standing("trace_waiting", Trace.status == "draft", Trace.approval_asked_at)


def run(*, actor: Actor, most: int = MOST) -> int:
    """Remind of up to `most` of each of the traces of the actor's state that stand still; returns how many.

    Safe to run anywhere, twice, at once: what another run or a command holds is passed over, and
    each approval and each asking is told of once.
    """
    require(actor, Permission.TRACE_REQUEST)
    return sum(_run(actor, standing, most) for standing in (UNSENT, WAITING))


def _run(actor: Actor, standing: Standing, most: int) -> int:
    waited = or_(*(and_(Trace.priority == priority, standing.since <= actor.now() - wait)
                   for priority, wait in WAITS.items()))  # fmt: skip
    rows = select(Trace.id).where(Trace.owner_state == actor.own_state(), standing.is_so, waited,
                                  ~standing.is_told())  # fmt: skip
    held = rows.order_by(Trace.id).limit(most).with_for_update(skip_locked=True)
    return _remind(actor, standing, db.session.scalars(held).all())


def _remind(actor: Actor, standing: Standing, held: Sequence[UUID]) -> int:
    """Tell of those that no other run told of before they were held."""
    left = select(Trace).where(Trace.id.in_(held), ~standing.is_told()) if held else None
    found = db.session.scalars(left).all() if left is not None else ()
    notify_many(actor, [_notice(standing.code, trace) for trace in found])
    return len(found)


def _notice(code: str, trace: Trace) -> Notice:
    own, is_own = trace.owner_state, trace.status == "draft" and trace.approved_in is None
    roles = (*ASKERS, *APPROVERS) if is_own else ASKERS
    return Notice(own, roles, code, "trace", trace.id, own, trace.case_number,
                  {"by": trace.approved_in or own, "priority": trace.priority})  # fmt: skip
