"""Published statistics: sums of ended quarters, small cells suppressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import PRIORITIES, TRACE_OUTCOMES
from salsa_ext.core.errors import Invalid, NotFound, message
from salsa_ext.database.session import db
from salsa_ext.reference import names
from salsa_ext.statistics.models import Rollup, RollupDelta

MIN_CELL: Final = 5
DATASETS: Final = {"seizures": "type", "traces": "outcome", "licit_trade": "type"}
OVERDUE_DATASET: Final = "overdue"
UNSUPPRESSED: Final = {OVERDUE_DATASET: "priority"}
"""Datasets of the secretariat only, without suppression: they count work, not guns."""


@dataclass(frozen=True)
class StatisticsCell:
    """One figure; `amount` None if suppressed."""

    state: str
    partner: str | None
    subject: str
    period: date
    amount: int | None


@dataclass(frozen=True)
class StatisticsTable:
    """Cells of one dataset; `total` None if any cell is suppressed."""

    dataset: str
    subject: str
    through: date
    cells: Sequence[StatisticsCell]
    total: int | None

    @property
    def withheld(self) -> int:
        """Return the number of suppressed cells."""
        return sum(cell.amount is None for cell in self.cells)


def list_datasets(actor: Actor) -> list[str]:
    """Return the datasets available to the reader."""
    require(actor, Permission.STATISTICS_READ)
    return list(_visible_datasets(actor))


def _visible_datasets(actor: Actor) -> dict[str, str]:
    """Return the reader's datasets with their subjects; the secretariat has no state."""
    return DATASETS if actor.state else DATASETS | UNSUPPRESSED


def get_table(actor: Actor, dataset: str, filters: dict[str, Any]) -> StatisticsTable:
    """Return figures of ended quarters by state, partner, subject and quarter.

    One breakdown for all readers: a coarser one would reveal small cells by subtraction. Cells
    below 5 are suppressed, and with them the total. Datasets of the secretariat run to the present
    day, unsuppressed. Raises NotFound for an unknown dataset, Invalid for an unknown subject.
    """
    require(actor, Permission.STATISTICS_READ)
    counts = _visible_datasets(actor).get(dataset)
    if counts is None:
        raise NotFound("dataset", dataset)
    _check_subject(counts, filters.get("subject"))
    today = actor.now().date()  # the day of UTC, or a quarter would end sooner for some readers
    is_bare = dataset in UNSUPPRESSED
    through = today + timedelta(days=1) if is_bare else current_quarter(today)
    rows = db.session.execute(_select_sums(dataset, through, filters))
    cells = [_to_cell(row, 0 if is_bare else MIN_CELL) for row in rows]
    amounts = [cell.amount for cell in cells]
    total = None if None in amounts else sum(amount or 0 for amount in amounts)
    return StatisticsTable(dataset, counts, through, cells, total)


def current_quarter(today: date) -> date:
    """Return the first day of the current quarter, excluded from figures."""
    return date(today.year, today.month - (today.month - 1) % 3, 1)


def _check_subject(counts: str, subject: str | None) -> None:
    known: dict[str, tuple[str, ...]] = {"outcome": TRACE_OUTCOMES, "priority": PRIORITIES}
    counted: tuple[str, ...] = known.get(counts) or (*names.type_codes(), "unknown")
    if subject is not None and subject not in counted:
        raise Invalid({"subject": [message("One of: {choices}.", choices=", ".join(counted))]})


def _select_sums(dataset: str, running: date, filters: dict[str, Any]) -> Any:
    columns = ("state", "partner", "subject", "period", "amount")
    parts = [
        select(*(getattr(table, name) for name in columns)).where(table.dataset == dataset)
        for table in (Rollup, RollupDelta)
    ]
    every = parts[0].union_all(parts[1]).subquery()
    keys = [every.c.state, every.c.partner, every.c.subject, every.c.period]
    amount = func.sum(every.c.amount)
    query = select(*keys, amount).where(every.c.period < running)
    for name in ("state", "partner", "subject"):
        if (value := filters.get(name)) is not None:
            query = query.where(every.c[name] == value)
    if (first := filters.get("from_period")) is not None:
        query = query.where(every.c.period >= first)
    if (last := filters.get("to_period")) is not None:
        query = query.where(every.c.period <= last)
    return query.group_by(*keys).having(amount > 0).order_by(*keys)


def _to_cell(row: Any, smallest: int) -> StatisticsCell:
    state, partner, subject, period, amount = row
    return StatisticsCell(
        state, partner or None, subject, period, int(amount) if amount >= smallest else None
    )
