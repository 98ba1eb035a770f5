"""Figures for publication: sums of ended quarters, small cells withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.errors import Invalid, NotFound, say
from salsa_ext.models import Rollup, RollupDelta
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import PRIORITIES, TRACE_OUTCOMES

SMALLEST: Final = 5
DATASETS: Final = {
    "seizures": "type",
    "traces": "outcome",
    "licit_trade": "type",
}
OVERDUE: Final = "overdue"
BARE: Final = {OVERDUE: "priority"}
"""Counts that the secretariat alone reads, as they stand: they are of states' work, not of guns."""


@dataclass(frozen=True)
class Cell:
    """One figure; `amount` is None where it is withheld."""

    state: str
    partner: str | None
    subject: str
    period: date
    amount: int | None


@dataclass(frozen=True)
class Table:
    """Cells of one dataset; `total` is None as soon as one cell is withheld."""

    dataset: str
    subject: str
    through: date
    cells: Sequence[Cell]
    total: int | None

    @property
    def withheld(self) -> int:
        """Return how many cells are withheld."""
        return sum(cell.amount is None for cell in self.cells)


def list_datasets(actor: Actor) -> list[str]:
    """Return what there are figures of."""
    require(actor, Permission.STATISTICS_READ)
    return list(_datasets(actor))


def _datasets(actor: Actor) -> dict[str, str]:
    """Return the datasets of a reader with what they count by; the secretariat has no state."""
    return DATASETS if actor.state else DATASETS | BARE


def get_table(actor: Actor, dataset: str, filters: dict[str, Any]) -> Table:
    """Return the figures of ended quarters by state, partner, subject and quarter.

    The breakdown is the same for everybody and for every question: a coarser one beside it would
    give small cells away by subtraction. Cells under 5 are withheld, and no total stands beside
    a withheld cell. What the secretariat alone reads runs to this day, and nothing of it is
    withheld. Raises NotFound for a dataset that there is not, Invalid for a subject that
    it does not count.
    """
    require(actor, Permission.STATISTICS_READ)
    counts = _datasets(actor).get(dataset)
    if counts is None:
        raise NotFound("dataset", dataset)
    _check_subject(counts, filters.get("subject"))
    today = actor.now().date()  # the day of UTC, or a quarter would end sooner for some readers
    is_bare = dataset in BARE
    through = today + timedelta(days=1) if is_bare else running_quarter(today)
    found = db.session.execute(_sums(dataset, through, filters))
    cells = [_cell(row, 0 if is_bare else SMALLEST) for row in found]
    amounts = [cell.amount for cell in cells]
    total = None if None in amounts else sum(amount or 0 for amount in amounts)
    return Table(dataset, counts, through, cells, total)


def running_quarter(today: date) -> date:
    """Return the first day of the quarter that has not ended: figures run to it."""
    return date(today.year, today.month - (today.month - 1) % 3, 1)


def _check_subject(counts: str, subject: str | None) -> None:
    known: dict[str, tuple[str, ...]] = {"outcome": TRACE_OUTCOMES, "priority": PRIORITIES}
    counted: tuple[str, ...] = known.get(counts) or (*names.types(), "unknown")
    if subject is not None and subject not in counted:
        raise Invalid({"subject": [say("One of: {choices}.", choices=", ".join(counted))]})


def _sums(dataset: str, running: date, filters: dict[str, Any]) -> Any:
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


def _cell(row: Any, smallest: int) -> Cell:
    state, partner, subject, period, amount = row
    return Cell(
        state, partner or None, subject, period, int(amount) if amount >= smallest else None
    )
