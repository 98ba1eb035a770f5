"""How many pieces the papers of a shipment name: what somebody who counts at a barrier should find."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func

from salsa_ext.db import db
from salsa_ext.models import Record, Shipment
from salsa_ext.readmodels.versions import current


class Pieces(NamedTuple):
    """Firearms and other goods with serials, and the amount of those without."""

    numbered: int
    loose: Decimal

    @property
    def fitting(self) -> tuple[Decimal, ...]:
        """Return the counts that fit: of what has serials, where something has, and of all."""
        counts = (Decimal(self.numbered), self.numbered + self.loose)
        return tuple(dict.fromkeys(count for count in counts if count))


def of_shipments(shipments: Sequence[Shipment]) -> dict[UUID, Pieces]:
    """Return how many pieces each shipment has by its papers; one query for all."""
    if not shipments:
        return {}
    items = current(Record).where(Record.document_id.in_([row.id for row in shipments]))
    has_serial = Record.serial.is_not(None)
    counted = items.with_only_columns(
        Record.document_id, func.count().filter(has_serial),
        func.coalesce(func.sum(Record.quantity).filter(~has_serial), 0),
    )  # fmt: skip
    found = {id_: (numbered, loose) for id_, numbered, loose in db.session.execute(
        counted.group_by(Record.document_id))}  # fmt: skip
    return {row.id: _pieces(row, *found.get(row.id, (0, Decimal()))) for row in shipments}


def _pieces(row: Shipment, numbered: int, loose: Decimal) -> Pieces:
    bulk = sum((Decimal(str(part["quantity"])) for part in row.bulk), Decimal())
    return Pieces(numbered, Decimal(loose) + bulk)
