"""Figures of licit trade."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.firearms.records.frequencies import count_documents
from salsa_ext.firearms.records.models import Record
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Fact, Published
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.shipments.fact_queries import current_receipts
from salsa_ext.trade.shipments.models import Shipment


def count_shipments(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what shipments count, and their records and those of the state's receipts.

    By shipment and receipt. What came back unreceived is not counted as trade.
    """
    receipts = current_receipts(ids)
    own_receipts = (
        receipt.id for each in receipts.values() for receipt in each if receipt.owner_state == state
    )
    facts = count_documents(state, {*ids, *own_receipts})
    query = select(Shipment).where(
        Shipment.owner_state == state,
        Shipment.exporting_state == state,
        Shipment.status != "cancelled",
    )
    shipments = db.session.scalars(query.where(Shipment.id.in_(ids))).all()
    ids = [each.id for each in shipments]
    items = select_current(Record).where(Record.document_id.in_(ids), ~Record.is_bulk)
    keys = (Record.document_id, Record.line)
    sums = items.with_only_columns(*keys, func.sum(Record.quantity)).group_by(*keys)
    shipped: dict[UUID, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for shipment_id, line, quantity in db.session.execute(sums):
        shipped[shipment_id][line] += quantity
    lines = quotas.find_lines({shipment.permit_id for shipment in shipments})
    for shipment in shipments:
        quantities: dict[int, Decimal] = shipped[shipment.id]
        for part in shipment.bulk:
            quantities[part["line"]] += Decimal(str(part["quantity"]))
        if [receipt.is_return for receipt in receipts[shipment.id]] == [True]:
            [receipt] = receipts[shipment.id]
            quantities = defaultdict(Decimal)  # what did not come back
            for item in receipt.missing:
                quantities[item["line"]] += 1
            for row in receipt.differences:
                quantities[row["line"]] += max(Decimal(0), -Decimal(row["quantity"]))
        for number, quantity in quantities.items():
            goods = lines.get((shipment.permit_id, number))
            if goods:
                subject = (goods.category, names.questionnaire_class(goods.type))
                partner = shipment.importing_state
                values = (
                    ("type", goods.type or "unknown"),
                    ("heading", goods.hs_code[:4] if goods.hs_code else "unknown"),
                )
                fact = LICIT_TRADE.fact(state, subject, shipment.ships_on, partner, values)
                facts[shipment.id][fact] += int(quantity)
    return facts


LICIT_TRADE = Dataset(
    "licit_trade",
    base=(Dimension("category", "category"), Dimension("class", "type")),
    finer=(Dimension("type", "type"), Dimension("heading", "")),
    published=Published("type", {"category": "firearm"}),
)
"""Goods shipped by licence, by the day of shipment, with the importing state as partner."""
COUNTED = CountedKind("shipment", Shipment, count_shipments)
