"""Figures of what is shipped and received by licence."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.database.bulk import is_any_by_index, is_any_of
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.records.frequencies import count_documents
from salsa_ext.firearms.records.models import Record
from salsa_ext.statistics.dataset_types import CountedKind, Fact
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.figures import trade_fact
from salsa_ext.trade.receipts.models import Receipt
from salsa_ext.trade.shipments.fact_queries import current_receipts
from salsa_ext.trade.shipments.models import Shipment

QuantitiesByLine = Mapping[int, Decimal]


def count_shipments(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what shipments count: what a state shipped, and what it received, by its receipt."""
    receipts = current_receipts(ids)
    own_receipts = {
        shipment_id: receipt
        for shipment_id, each in receipts.items()
        for receipt in each
        if receipt.owner_state == state
    }
    facts = count_documents(state, {*ids, *(receipt.id for receipt in own_receipts.values())})
    query = select(Shipment).where(
        is_any_of(Shipment.id, ids),
        Shipment.status != "cancelled",
        (Shipment.exporting_state == state) | (Shipment.importing_state == state),
    )
    shipments = db.session.scalars(query).all()
    shipped = _shipped_quantities(shipments)
    lines = quotas.find_lines({shipment.permit_id for shipment in shipments})
    for shipment in shipments:
        quantities: QuantitiesByLine = shipped[shipment.id]
        receipt = own_receipts.get(shipment.id)
        if state == shipment.exporting_state == shipment.owner_state:
            measure, partner, on = "shipped", shipment.importing_state, shipment.ships_on
            if [each.is_return for each in receipts[shipment.id]] == [True]:
                back = _arrived(quantities, receipts[shipment.id][0])
                quantities = {line: amount - back[line] for line, amount in quantities.items()}
        elif receipt and state == shipment.importing_state:
            measure, partner, on = "received", shipment.exporting_state, receipt.received_on
            quantities = _arrived(quantities, receipt)
        else:
            continue
        for number, quantity in quantities.items():
            goods = lines.get((shipment.permit_id, number))
            fact = trade_fact(measure, state, partner, goods, on) if goods else None
            if fact and quantity > 0:
                facts[shipment.id][fact] += int(quantity)
    return facts


def _shipped_quantities(shipments: Sequence[Shipment]) -> dict[UUID, dict[int, Decimal]]:
    """Return the quantities of shipments by their lines."""
    shipped: dict[UUID, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    ids = [shipment.id for shipment in shipments]
    items = select_current(Record).where(is_any_by_index(Record.document_id, ids), ~Record.is_bulk)
    keys = (Record.document_id, Record.line)
    sums = items.with_only_columns(*keys, func.sum(Record.quantity)).group_by(*keys)
    for shipment_id, line, quantity in db.session.execute(sums):
        shipped[shipment_id][line] += quantity
    for shipment in shipments:
        for part in shipment.bulk:
            shipped[shipment.id][part["line"]] += Decimal(str(part["quantity"]))
    return shipped


def _arrived(shipped: QuantitiesByLine, receipt: Receipt) -> QuantitiesByLine:
    """Return the quantities that a receipt confirms, by line of the shipment."""
    arrived = defaultdict(Decimal, shipped)
    for item in receipt.missing:
        arrived[item["line"]] -= 1
    for row in receipt.differences:
        arrived[row["line"]] += Decimal(row["quantity"])
    if receipt.unexpected and shipped:
        arrived[min(shipped)] += len(receipt.unexpected)
    return arrived


COUNTED: Final = CountedKind("shipment", Shipment, count_shipments)
