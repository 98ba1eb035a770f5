"""The scheduled watch over shipments: what becomes overdue, or expires under way, is found by the hour.

Safe to run anywhere, twice, at once: rows that another watch or a command holds are passed over
until the next time, and what was watched is not due again until something can change.
"""

from __future__ import annotations

from sqlalchemy import select

from salsa_ext.db import db
from salsa_ext.models import Shipment
from salsa_ext.services import ledger, locks
from salsa_ext.values.actor import Actor

MOST = 200


def run(actor: Actor, most: int = MOST) -> int:
    """Look at up to `most` shipments of the actor's state whose moment has come; returns how many.

    Called in a transaction of that state by the worker alone, again until it returns none.
    """
    state, now = actor.own_state(), actor.now()
    come = (Shipment.owner_state == state, Shipment.watch_at <= now)
    waiting = select(Shipment.id, Shipment.concerned).where(*come)
    found = db.session.execute(waiting.order_by(Shipment.watch_at).limit(most)).all()
    if not found:
        return 0
    locks.movements_of(other for _, concerned in found for other in concerned)
    rows = select(Shipment).where(Shipment.id.in_([key for key, _ in found]), *come)
    free = rows.order_by(Shipment.id).with_for_update(skip_locked=True)
    shipments = db.session.scalars(free.execution_options(populate_existing=True)).all()
    ledger.watch(actor, shipments)
    return len(shipments)
