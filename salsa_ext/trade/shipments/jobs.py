"""Background job: shipments that become overdue or expire in transit.

Safe to repeat and to run concurrently: rows locked by another job or command are skipped until the
next run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from salsa_ext.core.actor import Actor
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.jobs.runner import DueJob
from salsa_ext.trade.shipments import refresh
from salsa_ext.trade.shipments.models import Shipment

BATCH_SIZE: Final = 200


def update_due_shipments(actor: Actor, limit: int = BATCH_SIZE) -> int:
    """Update up to `limit` due shipments of the own state.

    Returns their number. Called by the worker in a transaction of the state until it returns 0.
    """
    state, now = actor.own_state(), actor.now()
    due = (Shipment.owner_state == state, Shipment.next_check_at <= now)
    query = select(Shipment.id, Shipment.concerned).where(*due)
    rows = db.session.execute(query.order_by(Shipment.next_check_at).limit(limit)).all()
    if not rows:
        return 0
    locks.share_permits(other for row in rows for other in row.concerned)
    still_due = select(Shipment).where(Shipment.id.in_([row.id for row in rows]), *due)
    free = still_due.order_by(Shipment.id).with_for_update(skip_locked=True)
    shipments = db.session.scalars(free.execution_options(populate_existing=True)).all()
    refresh.update_due(actor, shipments)
    return len(shipments)


JOBS: Final = (DueJob("shipments", timedelta(minutes=1), update_due_shipments),)
