"""Receipts: the importing state says what arrived, and each gun becomes its record too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Conflict, Forbidden, IllegalTransition, NotFound, say
from salsa_ext.models import Receipt, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.services import arrivals, ledger, records, returns, takings, telling
from salsa_ext.services.arrivals import Arrival
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.permits import ReceiptData


def confirm(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> None:
    """Confirm what arrived (CIFTA IX.4), or as the exporting state, what came back (`returns`).

    Raises NotFound, Forbidden, Invalid, Conflict for a second receipt, or IllegalTransition.
    """
    require(actor, Permission.RECEIPT_RECORD)
    shipment = db.session.get(Shipment, shipment_id)
    if shipment is not None and shipment.exporting_state == actor.state:
        returns.confirm(actor=actor, shipment_id=shipment_id, data=data)
    else:
        confirm_many(actor=actor, batch=[(shipment_id, data)])


def confirm_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReceiptData]]) -> list[UUID]:
    """Confirm receipts of the importing state in one transaction, all or none."""
    require(actor, Permission.RECEIPT_RECORD)
    state, now, on = actor.own_state(), actor.now(), today(actor)
    shipments = _seen([shipment_id for shipment_id, _ in batch])
    found = []
    for shipment_id, data in batch:
        _check_status(state, shipments[shipment_id])
        arrivals.check(shipments[shipment_id], data, on)
        found.append(arrivals.arrival(shipments[shipment_id], data))
    rows = [arrivals.row(each, state, now) for each in found]
    # the long work comes before the locks, for which others wait
    records.write(chain.from_iterable(map(arrivals.entries, found, rows)), now)
    for shipment in takings.take_many(actor, shipments).values():
        _check_status(state, shipment)  # as it is now, whatever it was before
    insert_many(Receipt, rows)
    ledger.refresh(actor, shipments.values())
    telling.tell(actor, [_news(each) for each in found])
    append_many(actor, [_act(each) for each in found])
    return [row["id"] for row in rows]


def _seen(wanted: Sequence[UUID]) -> dict[UUID, Shipment]:
    """Return shipments as they stand, not locked; raises NotFound."""
    query = select(Shipment).where(Shipment.id.in_(wanted))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    found = {shipment.id: shipment for shipment in rows}
    for shipment_id in wanted:
        if shipment_id not in found:
            raise NotFound("shipment", shipment_id)
    return found


def _check_status(state: str, shipment: Shipment) -> None:
    if shipment.importing_state != state:
        raise Forbidden(say("The importing state confirms the receipt."))
    if shipment.status in ("received", "received_short", "received_over"):
        raise Conflict(say("The receipt of this shipment is confirmed already."))
    if shipment.status in ("cancelled", "returned"):
        raise IllegalTransition("shipment", shipment.status, "receipt")


def _news(found: Arrival) -> News:
    shipment = found.shipment
    said: dict[str, Any] = {"status": shipment.status}
    return News(shipment, "receipt_confirmed", [shipment.exporting_state], said)


def _act(found: Arrival) -> Act:
    shipment = found.shipment
    return Act(
        Action.RECEIPT_CONFIRMED, "shipment", shipment.id, shipment.owner_state,
        shipment.concerned, {"status": shipment.status, "missing": len(found.missing)},
    )  # fmt: skip
