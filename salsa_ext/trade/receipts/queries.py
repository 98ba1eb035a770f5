"""Queries on receipts, and on shipped goods without serials."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.core.text import format_quantity
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db, read_row
from salsa_ext.firearms.records.models import Record
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.models import Shipment


@dataclass(frozen=True)
class ReceiptView:
    """A receipt in the importing state; `version` is the shipment's."""

    receipt: Receipt
    version: int


def get_receipt(actor: Actor, shipment_id: UUID, as_of: datetime | None = None) -> ReceiptView:
    """Return the receipt in the importing state, current or at `as_of`; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    shipment = read_row(Shipment, shipment_id)
    receipt = find_receipt(shipment, as_of)
    if receipt is None:
        raise NotFound("receipt", shipment_id)
    return ReceiptView(receipt, shipment.version)


def find_receipt(shipment: Shipment, as_of: datetime | None = None) -> Receipt | None:
    """Return the receipt of a shipment in the importing state, or None."""
    own = (Receipt.shipment_id == shipment.id, ~Receipt.is_return)
    receipt: Receipt | None = db.session.scalars(select_current(Receipt, as_of).where(*own)).first()
    return receipt


def received_serials(receipt: Receipt, limit: int) -> list[str] | None:
    """Return the received serials as read; None if more than `limit`."""
    guns = select_current(Record).where(
        Record.document_id == receipt.id,
        Record.linked_record.is_not(None),
        Record.serial.is_not(None),
    )
    query = guns.with_only_columns(Record.serial).order_by(Record.line, Record.linked_record)
    serials = [*map(str, db.session.scalars(query.limit(limit + 1))), *receipt.unexpected]
    return serials if len(serials) <= limit else None


@dataclass(frozen=True)
class UnserialisedLine:
    """Goods shipped without serials on a line; `lot` if single."""

    line: int
    quantity: Decimal
    lot: str | None

    @property
    def quantity_text(self) -> str:
        """Return the quantity as text."""
        return format_quantity(self.quantity)


def list_unserialised(shipment: Shipment) -> list[UnserialisedLine]:
    """Return a shipment's goods without serials by line; one query."""
    items = select_current(Record).where(
        Record.document_id == shipment.id, Record.serial.is_(None), ~Record.is_bulk
    )
    by_lot = items.with_only_columns(Record.line, func.sum(Record.quantity), Record.lot)
    rows = db.session.execute(by_lot.group_by(Record.line, Record.lot))
    parts = [(part["line"], part["quantity"], part.get("lot")) for part in shipment.bulk]
    sums: dict[int, Decimal] = defaultdict(Decimal)
    lots: dict[int, set[str | None]] = defaultdict(set)
    for line, quantity, lot in (*parts, *rows):
        sums[line] += Decimal(str(quantity))
        lots[line].add(lot)
    return [
        UnserialisedLine(line, sums[line], next(iter(lots[line])) if len(lots[line]) == 1 else None)
        for line in sorted(sums)
    ]


def has_serials(shipment: Shipment) -> bool:
    """Return whether any item of a shipment has a serial."""
    return db.session.scalar(_with_serial(shipment).limit(1)) is not None


def shipped_guns(shipment: Shipment, limit: int) -> dict[str, Record]:
    """Return the shipped guns by serial, in the order of lines; none if more than `limit`."""
    guns = db.session.scalars(_with_serial(shipment).limit(limit + 1)).all()
    return {str(gun.serial): gun for gun in guns} if len(guns) <= limit else {}


def _with_serial(shipment: Shipment) -> Select[Any]:
    own = (Record.document_id == shipment.id, Record.serial.is_not(None))
    return select_current(Record).where(*own).order_by(Record.line, Record.id)
