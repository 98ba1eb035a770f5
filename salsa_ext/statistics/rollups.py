"""Deltas of the statistics, folding them into sums, and recounts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import func, select, text

from salsa_ext.access.audit import Action, AuditEvent, append
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.statistics.dataset_types import Cells, CountKey, Dataset
from salsa_ext.statistics.models import Rollup, RollupDelta


def add_counts(cells: Cells) -> None:
    """Insert the amounts of a batch as deltas; negative ones subtract."""
    insert_many(RollupDelta, delta_rows(cells))


def delta_rows(cells: Cells) -> list[dict[str, Any]]:
    """Return the deltas of a batch, to be inserted with other rows."""
    return [
        {"id": new_id(), "amount": amount} | key._asdict()
        for key, amount in cells.items()
        if amount
    ]


def amounts_of(dataset: Dataset) -> Any:
    """Return a subquery of a dataset's sums and of the deltas not folded yet."""
    parts = [
        select(table.state, table.subject, table.period, table.partner, table.amount).where(
            table.dataset == dataset.code
        )
        for table in (Rollup, RollupDelta)
    ]
    return parts[0].union_all(parts[1]).subquery()


def fold_deltas(most: int = 10_000) -> int:
    """Fold up to `most` deltas into the sums; returns how many.

    Safe to run repeatedly and concurrently.
    """
    return int(db.session.scalar(text("SELECT salsa_fold_deltas(:most)"), {"most": most}) or 0)


def recount(*, actor: Actor, dataset: Dataset) -> int:
    """Count the stored records of the own state again; return how many cells were corrected.

    For a new dataset, or after a fault. Whoever counts something waits until it ends.
    """
    if dataset.recount is None:
        return 0
    state = actor.own_state()
    db.session.execute(text("SELECT salsa_lock_deltas()"))
    missing: Counter[CountKey] = Counter()
    for cells in dataset.recount(state):  # which may count other datasets of the same records too
        missing.update({key: cells[key] for key in cells if key.dataset == dataset.code})
    stored = amounts_of(dataset)
    columns = (stored.c.state, stored.c.subject, stored.c.period, stored.c.partner)
    query = select(*columns, func.sum(stored.c.amount)).where(stored.c.state == state)
    for *key, amount in db.session.execute(query.group_by(*columns)):
        missing[CountKey(dataset.code, *key)] -= int(amount)
    add_counts(missing)
    corrected = sum(map(bool, missing.values()))
    data = {"corrected": corrected}
    append(actor, AuditEvent(Action.DATASET_RECOUNTED, "dataset", dataset.code, state, data=data))
    return corrected
