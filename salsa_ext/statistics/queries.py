"""Published statistics: sums of ended periods, small cells suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import MIN_CELL, Dataset
from salsa_ext.statistics.models import Rollup


@dataclass(frozen=True)
class StatisticsCell:
    """One figure; `amount` None if suppressed."""

    state: str
    partner: str | None
    subject: str
    period: str
    amount: int | None


@dataclass(frozen=True)
class StatisticsTable:
    """Cells of one dataset; `total` None if any cell is suppressed."""

    dataset: Dataset
    through: date
    cells: Sequence[StatisticsCell]
    total: int | None

    @property
    def withheld(self) -> int:
        """Return the number of suppressed cells."""
        return sum(cell.amount is None for cell in self.cells)


def list_datasets(actor: Actor, datasets: Sequence[Dataset]) -> list[Dataset]:
    """Return the datasets available to the reader; the secretariat has no state."""
    require(actor, Permission.STATISTICS_READ)
    readers = ("states",) if actor.state else ("states", "secretariat")
    return [dataset for dataset in datasets if dataset.readers in readers]


def get_table(
    actor: Actor, datasets: Sequence[Dataset], code: str, filters: dict[str, Any]
) -> StatisticsTable:
    """Return figures by state, partner, subject and period.

    One breakdown for all readers: a coarser one would reveal small cells by subtraction. Cells
    below 5 are suppressed, and with them the total. Raises NotFound for an unknown dataset, Invalid
    for an unknown subject.
    """
    require(actor, Permission.STATISTICS_READ)
    dataset = next((each for each in list_datasets(actor, datasets) if each.code == code), None)
    if dataset is None:
        raise NotFound("dataset", code)
    subject, known = filters.get("subject"), dataset.subjects and dataset.subjects()
    if known and subject is not None and subject not in known:
        raise Invalid({"subject": [message("One of: {choices}.", choices=", ".join(known))]})
    today = actor.now().date()  # the day of UTC, or a period would end sooner for some readers
    is_whole = dataset.readers != "states"
    through = today + timedelta(days=1) if is_whole else dataset.grain.start(today)
    keys = (Rollup.state, Rollup.partner, Rollup.subject, Rollup.period)
    is_counted = (Rollup.dataset == dataset.code, Rollup.amount > 0, Rollup.period < through)
    query = select(*keys, Rollup.amount).where(*is_counted)
    for name in ("state", "partner", "subject"):
        if (value := filters.get(name)) is not None:
            query = query.where(getattr(Rollup, name) == value)
    if (first := filters.get("from_period")) is not None:
        query = query.where(Rollup.period >= first)
    if (last := filters.get("to_period")) is not None:
        query = query.where(Rollup.period <= last)
    cells = [
        StatisticsCell(
            state,
            partner or None,
            subject,
            dataset.grain.label(period),
            count if is_whole or count >= MIN_CELL else None,
        )
        for state, partner, subject, period, count in db.session.execute(query.order_by(*keys))
    ]
    amounts = [cell.amount for cell in cells]
    total = None if None in amounts else sum(count or 0 for count in amounts)
    return StatisticsTable(dataset, through, cells, total)
