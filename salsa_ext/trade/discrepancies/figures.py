"""Figures of discrepancies."""

from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Fact
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.queries import select_trade, view_statements

DISCREPANCIES: Final = Dataset(
    "discrepancies",
    base=(Dimension("status", "discrepancy_status"), Dimension("discrepancy", "discrepancy_kind")),
)
"""Discrepancies of a state's permits and shipments, by the day they were raised."""

OF_TRADE: Final = Dataset(
    "trade_discrepancies",
    base=(
        Dimension("exporting_state", "state"),
        Dimension("importing_state", "state"),
        Dimension("heading", "tariff_heading"),
    ),
    readers="service",
)
"""Discrepancies of quantities by the years of their goods, for mirror figures."""


def count_discrepancies(state: str, ids: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what each discrepancy counts: once, for its owner, by its kind and status now."""
    own = Discrepancy.owner_state == state, Discrepancy.id.in_(ids)
    facts: dict[UUID, Counter[Fact]] = {}
    # Its column may be older: the job that stores it comes when it comes.
    for view in view_statements(db.session.scalars(select(Discrepancy).where(*own)).all()):
        row = view.discrepancy
        fact = DISCREPANCIES.fact(state, (view.status, row.kind), row.raised_at.date())
        facts[row.id] = Counter({fact: 1})
    for row_id, *trade, year in db.session.execute(select_trade().where(*own)):
        facts[row_id][OF_TRADE.fact(state, trade, date(year, 1, 1))] += 1
    return facts


COUNTED: Final = CountedKind("discrepancy", Discrepancy, count_discrepancies)
