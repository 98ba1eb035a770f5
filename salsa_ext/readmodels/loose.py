"""Goods of a shipment that have no serials, as a receipt says of them: so much of each line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func

from salsa_ext.db import db
from salsa_ext.models import Record, Shipment
from salsa_ext.readmodels.papers import amount
from salsa_ext.readmodels.versions import current


@dataclass(frozen=True)
class Loose:
    """What was shipped of a line without serials; `lot` where it is all of one lot."""

    line: int
    quantity: Decimal
    lot: str | None

    @property
    def shown(self) -> str:
        """Return the quantity as it is typed."""
        return amount(self.quantity)


def loose_of(shipment: Shipment) -> list[Loose]:
    """Return what a shipment has without serials, in bulk and as items, by line, with one query."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    lots: dict[int, set[str | None]] = defaultdict(set)
    for line, quantity, lot in _parts(shipment):
        sums[line] += quantity
        lots[line].add(lot)
    return [
        Loose(line, sums[line], next(iter(lots[line])) if len(lots[line]) == 1 else None)
        for line in sorted(sums)
    ]


def has_serials(shipment: Shipment) -> bool:
    """Tell whether anything of a shipment has a serial."""
    some = current(Record).where(Record.document_id == shipment.id, Record.serial.is_not(None))
    return db.session.scalar(some.with_only_columns(Record.id).limit(1)) is not None


def _parts(shipment: Shipment) -> Iterator[tuple[int, Decimal, str | None]]:
    for part in shipment.bulk:
        yield part["line"], Decimal(str(part["quantity"])), part.get("lot")
    items = current(Record).where(Record.document_id == shipment.id, Record.serial.is_(None))
    by_line = items.with_only_columns(Record.line, func.sum(Record.quantity), Record.lot)
    yield from db.session.execute(by_line.group_by(Record.line, Record.lot))
