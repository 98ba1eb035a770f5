"""Shipments and receipts in files, which name a permit or a shipment by its number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.fields import Field, LineNumber, Rule, StateName, Word
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.receipts import receipts
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.receipts.values import ReceiptData, ReceivedItem
from salsa_ext.trade.shipments import shipments
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.permit_line_check import contradicting_fields
from salsa_ext.trade.shipments.values import BulkGoods, ShipmentData

MOST_ITEMS: Final = 10_000
"""Rows of a shipment or receipt; longer lists are sent as manifests."""


@dataclass(frozen=True)
class ShippedItem(Firearm):
    """A shipped item; 0 is the line of the permit that has such goods."""

    line: Annotated[LineNumber, Field("Line of the permit", "firearm")] = 0
    category: Annotated[
        str | None, Rule(choices=codes.CATEGORIES), Field("Category", "firearm")
    ] = None


@dataclass(frozen=True, kw_only=True)
class PermitShipment(ShipmentData):
    """A shipment under a permit of the own state."""

    permit: Annotated[Word, Field("Number of the permit")]
    items: Annotated[
        tuple[ShippedItem, ...], Rule(most=MOST_ITEMS), Field("Items", "firearm", "rows")
    ] = ()
    bulk: Annotated[tuple[BulkGoods, ...], Field("Bulk", is_sent=False)] = ()


@dataclass(frozen=True)
class ListedItem(ReceivedItem):
    """An item of a list of what arrived, also one that it names as missing."""

    line: Annotated[LineNumber | None, Field("Line of the permit", "firearm")] = None
    is_missing: Annotated[bool, Field("Did not arrive")] = False


@dataclass(frozen=True, kw_only=True)
class ShipmentReceipt(ReceiptData):
    """A receipt of a shipment; `exporting_state` where two states use one number."""

    number: Annotated[Word, Field("Number")]
    shipment: Annotated[Word, Field("Number of the shipment")]
    exporting_state: Annotated[StateName | None, Field("Exporting state")] = None
    all: Annotated[bool, Field("Everything arrived as it was shipped")] = False
    items: Annotated[
        tuple[ListedItem, ...], Rule(most=MOST_ITEMS), Field("Items", "firearm", "rows")
    ] = ()


ROWS_OF_PERMIT: Final = (ShippedItem, ListedItem, BulkGoods)
"""Of each a row of a file makes one, whose line is that of the permit."""


def shipment_checker(actor: Actor, agencies: frozenset[str]) -> Callable[[PermitShipment], None]:
    """Return the check of a batch; a shipment that is recorded is compared with the file instead."""

    def check(data: PermitShipment) -> None:
        permit_id, shipment = _read_shipment(actor, data)
        same = select(Shipment.id).where(
            Shipment.owner_state == actor.own_state(), Shipment.number == data.number
        )
        if db.session.scalar(same) is None:
            shipments.check(actor=actor, permit_id=permit_id, data=shipment)

    return check


def record_shipments(*, actor: Actor, batch: Sequence[PermitShipment]) -> list[UUID]:
    """Record shipments; return their ids. Raises as `shipments.record_many`."""
    read = [_read_shipment(actor, data) for data in batch]
    return shipments.record_many(actor=actor, batch=read)


def _read_shipment(actor: Actor, data: PermitShipment) -> tuple[UUID, ShipmentData]:
    """Return the permit of a shipment, and its value with the lines of its items."""
    own = select(Permit).where(
        Permit.owner_state == actor.own_state(), Permit.number == data.permit
    )
    permits = [
        permit
        for permit in db.session.scalars(own)
        if not shipments.certificate_problem(actor, permit)
    ]
    if len(permits) != 1:
        text = message(
            "Your state has {count} permits of the number {number} for shipments. Correct the number.",
            count=len(permits),
            number=data.permit,
        )
        raise Invalid({"permit": [text]})
    lines = [line for _, line in sorted(quotas.find_lines({permits[0].id}).items())]
    items = tuple(
        item if item.line else replace(item, line=_line_of(at, item, lines))
        for at, item in enumerate(data.items)
    )
    return permits[0].id, _plain(ShipmentData, data, items=items)


def _line_of(at: int, item: ShippedItem, lines: Sequence[PermitLine]) -> int:
    """Return the only line with goods like these; raises Invalid for none, or several."""
    fitting = [
        line.line
        for line in lines
        if item.category in (None, line.category) and not any(contradicting_fields(item, line))
    ]
    if len(fitting) != 1:
        text = message(
            "{count} lines of the permit have such goods. Give the line.", count=len(fitting)
        )
        raise Invalid({f"items.{at}.line": [text]})
    return fitting[0]


def receipt_checker(actor: Actor, agencies: frozenset[str]) -> Callable[[ShipmentReceipt], None]:
    """Return the check of a batch; a receipt that is recorded is compared with the file instead."""

    def check(data: ShipmentReceipt) -> None:
        shipment_id, receipt = _read_receipt(actor, data)
        own = select(Receipt.id).where(
            Receipt.owner_state == actor.own_state(), Receipt.shipment_id == shipment_id
        )
        if db.session.scalar(own.limit(1)) is None:
            receipts.check(actor=actor, shipment_id=shipment_id, data=receipt)

    return check


def record_receipts(*, actor: Actor, batch: Sequence[ShipmentReceipt]) -> list[UUID]:
    """Confirm receipts; return their ids. Raises as `receipts.confirm`."""
    read = [_read_receipt(actor, data) for data in batch]
    return [receipts.confirm(actor=actor, shipment_id=each, data=data) for each, data in read]


def _read_receipt(actor: Actor, data: ShipmentReceipt) -> tuple[UUID, ReceiptData]:
    """Return the shipment of a receipt, and its value without what is missing."""
    query = select(Shipment.id).where(Shipment.number == data.shipment)
    if data.exporting_state:
        query = query.where(Shipment.exporting_state == data.exporting_state)
    ids = db.session.scalars(query).all()
    if len(ids) != 1:
        text = message(
            "Your state sees {count} shipments of the number {number}. Correct it, or give the"
            " exporting state.",
            count=len(ids),
            number=data.shipment,
        )
        raise Invalid({"shipment": [text]})
    arrived = tuple(item for item in data.items if not item.is_missing)
    return ids[0], _plain(ReceiptData, data, items=arrived)


def _plain(cls: type, data: Any, **changes: Any) -> Any:
    """Return the value of a command's class with the fields of one of files."""
    return cls(**{each.name: getattr(data, each.name) for each in fields(cls)} | changes)
