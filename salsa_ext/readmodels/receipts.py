"""Receipts of shipments: the version that stands, one that stood, and what was told by each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.models import Receipt, Record, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor


@dataclass(frozen=True)
class ReceiptView:
    """What the importing state received, as it stands or stood; `version` is the shipment's."""

    receipt: Receipt
    version: int


def get_receipt(actor: Actor, shipment_id: UUID, as_of: datetime | None = None) -> ReceiptView:
    """Return the importing state's receipt of a shipment as it stands, or stood at `as_of`.

    Raises NotFound, also where none was confirmed by then.
    """
    require(actor, Permission.SHIPMENT_READ)
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    receipt = of_importer(shipment, as_of)
    if receipt is None:
        raise NotFound("receipt", shipment_id)
    return ReceiptView(receipt, shipment.version)


def of_importer(shipment: Shipment, as_of: datetime | None = None) -> Receipt | None:
    """Return the importing state's receipt of a shipment, or None where there is none."""
    own = (Receipt.shipment_id == shipment.id, Receipt.owner_state == shipment.importing_state)
    found: Receipt | None = db.session.scalars(current(Receipt, as_of).where(*own)).first()
    return found


def of_shipments(shipment_ids: Collection[UUID]) -> dict[UUID, dict[str, Receipt]]:
    """Return the receipts of shipments that stand, by shipment and by who received."""
    found: dict[UUID, dict[str, Receipt]] = defaultdict(dict)
    for receipt in db.session.scalars(
        current(Receipt).where(Receipt.shipment_id.in_(shipment_ids))
    ):
        found[receipt.shipment_id][receipt.owner_state] = receipt
    return found


def told_of(shipment_ids: Iterable[UUID]) -> dict[UUID, list[Any]]:
    """Return every version of the receipts of shipments, in order, with counts of what each says."""
    said = ("shipment_id", "shipment_state", "owner_state", "version", "received_on", "item_count",
            "recorded_at", "reason")  # fmt: skip
    counted = [func.jsonb_array_length(getattr(Receipt, name)).label(name)
               for name in ("missing", "miskeyed")]  # fmt: skip
    query = select(*(getattr(Receipt, name) for name in said), *counted,
                   func.cardinality(Receipt.unexpected).label("unexpected"))  # fmt: skip
    query = query.where(Receipt.shipment_id.in_(list(shipment_ids)))
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in db.session.execute(query.order_by(Receipt.recorded_at, Receipt.version)):
        found[row.shipment_id].append(row)
    return found


def listed(receipt: Receipt, most: int) -> list[str] | None:
    """Return the serials that came by a receipt that stands, as they were read; None if over `most`."""
    guns = current(Record).where(
        Record.document_id == receipt.id, Record.linked_record.is_not(None),
        Record.serial.is_not(None),
    )  # fmt: skip
    in_order = guns.with_only_columns(Record.serial).order_by(Record.line, Record.linked_record)
    came = map(str, db.session.scalars(in_order.limit(most + 1)))
    found = [*came, *receipt.unexpected]
    return found if len(found) <= most else None
