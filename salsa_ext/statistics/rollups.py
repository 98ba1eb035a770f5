"""Deltas of the statistics, and folding them into sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import text

from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.statistics.models import RollupDelta

ALL_TIME: Final = date(1900, 1, 1)
"""Period of sums over all time."""


class CountKey(NamedTuple):
    """Subject to count, by state, partner and the period of `on`."""

    dataset: str
    state: str
    subject: str
    on: date
    partner: str = ""


def quarter_start(on: date) -> date:
    """Return the first day of a calendar quarter."""
    return date(on.year, on.month - (on.month - 1) % 3, 1)


def add_counts(cells: Mapping[CountKey, int]) -> None:
    """Insert the sums of a batch as deltas, by quarter.

    `coverage` keeps the day; `described` is summed over all time.
    """
    sums: Counter[CountKey] = Counter()
    for cell, amount in cells.items():
        sums[cell._replace(on=_period(cell))] += amount
    insert_many(RollupDelta, [_delta_row(cell, amount) for cell, amount in sums.items() if amount])


def _period(cell: CountKey) -> date:
    if cell.dataset == DESCRIBED:  # all of it is read at once, and nobody asks when
        return ALL_TIME
    return cell.on if cell.dataset == "coverage" else quarter_start(cell.on)


def _delta_row(cell: CountKey, amount: int) -> dict[str, object]:
    return {
        "id": new_id(),
        "dataset": cell.dataset,
        "state": cell.state,
        "partner": cell.partner,
        "subject": cell.subject,
        "period": cell.on,
        "amount": amount,
    }


_FOLD = text("""
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


def fold_deltas(most: int = 10_000) -> int:
    """Fold up to `most` deltas into the sums; returns how many.

    Safe to run repeatedly and concurrently.
    """
    return int(db.session.scalar(_FOLD, {"most": most}) or 0)


DESCRIBED: Final = "described"
