"""Figures of discrepancies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import CountedKind, Dataset, Dimension, Facts
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.queries import view_statements

DISCREPANCIES: Final = Dataset(
    "discrepancies",
    base=(Dimension("status", "discrepancy_status"), Dimension("discrepancy", "discrepancy_kind")),
)
"""Discrepancies of a state's permits and shipments, by the day they were raised."""


def count_discrepancies(state: str, ids: Collection[UUID]) -> dict[UUID, Facts]:
    """Return what each discrepancy counts: once, for its owner, by its kind and status now."""
    own = Discrepancy.owner_state == state, Discrepancy.id.in_(ids)
    facts: dict[UUID, Facts] = {}
    # Its column may be older: the job that stores it comes when it comes.
    for view in view_statements(db.session.scalars(select(Discrepancy).where(*own)).all()):
        row = view.discrepancy
        fact = DISCREPANCIES.fact(state, (view.status, row.kind), row.raised_at.date())
        facts[row.id] = {fact: 1}
    return facts


COUNTED: Final = CountedKind("discrepancy", Discrepancy, count_discrepancies)
