"""Deltas of the figures, and their folding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text

from salsa_ext.db import db, insert_many
from salsa_ext.models import RollupDelta
from salsa_ext.readmodels import frequencies
from salsa_ext.values.ids import new_id

EVER: Final = date(1900, 1, 1)
"""The period of what is summed over all time."""


class Cell(NamedTuple):
    """What is counted: so many of `subject`, by state and partner, in the period of `on`."""

    dataset: str
    state: str
    subject: str
    on: date
    partner: str = ""


def quarter(on: date) -> date:
    """Return the first day of the calendar quarter."""
    return date(on.year, on.month - (on.month - 1) % 3, 1)


def add(cells: Mapping[Cell, int]) -> None:
    """Insert the sums of a batch as deltas, by quarter; `coverage` keeps its day, `described` none."""
    sums: Counter[Cell] = Counter()
    for cell, amount in cells.items():
        sums[cell._replace(on=_period(cell))] += amount
    insert_many(RollupDelta, [_delta(cell, amount) for cell, amount in sums.items() if amount])


def _period(cell: Cell) -> date:
    if cell.dataset == frequencies.DATASET:  # all of it is read at once, and nobody asks when
        return EVER
    return cell.on if cell.dataset == "coverage" else quarter(cell.on)


def _delta(cell: Cell, amount: int) -> dict[str, object]:
    return {
        "id": new_id(), "dataset": cell.dataset, "state": cell.state, "partner": cell.partner,
        "subject": cell.subject, "period": cell.on, "amount": amount,
    }  # fmt: skip


FOLD = text("""
    WITH taken AS (
        DELETE FROM rollup_delta WHERE id = ANY(ARRAY(  -- an array is read once, a join may be anew
            SELECT id FROM rollup_delta ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED))
        RETURNING dataset, state, partner, subject, period, amount
    ), folded AS (
        INSERT INTO rollup AS r (dataset, state, partner, subject, period, amount)
        SELECT dataset, state, partner, subject, period, sum(amount) FROM taken
        GROUP BY dataset, state, partner, subject, period
        ORDER BY dataset, state, partner, subject, period
        ON CONFLICT (dataset, state, partner, subject, period)
        DO UPDATE SET amount = r.amount + excluded.amount
    )
    SELECT count(*) FROM taken
""")


def fold(most: int = 10_000) -> int:
    """Fold up to `most` deltas into the sums; returns how many. Safe to run anywhere, twice."""
    return int(db.session.scalar(FOLD, {"most": most}) or 0)
