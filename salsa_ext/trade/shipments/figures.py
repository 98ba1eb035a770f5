"""Figures of licit trade."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.core.batches import CHUNK_SIZE
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import Cells, CountKey, Dataset
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.quotas import LineQuantities, PermitLines
from salsa_ext.trade.shipments.fact_queries import current_receipts
from salsa_ext.trade.shipments.models import Shipment


def count_shipment(
    shipment: Shipment, on: date, lines: PermitLines, quantities: LineQuantities
) -> Counter[CountKey]:
    """Return the cells in which quantities of a permit's lines, shipped on a day, count."""
    cells: Counter[CountKey] = Counter()
    for key, quantity in quantities.items():
        if lines[key].category == "firearm":
            subject, partner = lines[key].type or "unknown", shipment.importing_state
            cells[LICIT_TRADE.key(shipment.owner_state, subject, on, partner)] += int(quantity)
    return cells


def recount_shipments(state: str) -> Iterator[Cells]:
    """Yield the cells of the state's shipments, one by one; without what came back unreceived."""
    own = (Shipment.owner_state == state, Shipment.status != "cancelled")
    rows = db.session.scalars(select(Shipment).where(*own).execution_options(yield_per=CHUNK_SIZE))
    for shipments in rows.partitions():
        ids = [shipment.id for shipment in shipments]
        items = select_current(Record).where(Record.document_id.in_(ids))
        keys = (Record.document_id, Record.line)
        sums = items.with_only_columns(*keys, func.sum(Record.quantity)).group_by(*keys)
        shipped: dict[UUID, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for shipment_id, line, quantity in db.session.execute(sums):
            shipped[shipment_id][line] += quantity
        receipts = current_receipts(ids)
        lines = quotas.find_lines({shipment.permit_id for shipment in shipments})
        for shipment in shipments:
            quantities: dict[int, Decimal] = shipped[shipment.id]
            for part in shipment.bulk:
                quantities[part["line"]] += Decimal(str(part["quantity"]))
            if list(receipts[shipment.id]) == [shipment.exporting_state]:
                receipt = receipts[shipment.id][shipment.exporting_state]
                quantities = defaultdict(Decimal)  # what did not come back
                for item in receipt.missing:
                    quantities[item["line"]] += 1
                for row in receipt.differences:
                    quantities[row["line"]] += max(Decimal(0), -Decimal(row["quantity"]))
            by_line = {(shipment.permit_id, line): each for line, each in quantities.items()}
            by_line = {key: each for key, each in by_line.items() if key in lines}
            yield count_shipment(shipment, shipment.ships_on, lines, by_line)


LICIT_TRADE = Dataset(
    "licit_trade",
    subject="type",
    subjects=lambda: (*names.type_codes(), "unknown"),
    recount=recount_shipments,
)
