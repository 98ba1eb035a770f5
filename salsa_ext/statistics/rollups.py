"""Sums of figures: count objects as they are now, and count all of a state again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append_many
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import CHUNK_SIZE
from salsa_ext.database.session import db, execute_raw, to_json
from salsa_ext.statistics.dataset_types import Cells, CountedKind, CountKey, Dataset
from salsa_ext.statistics.models import CountedObject, Rollup

JOB: Final = "figures"
"""The job that counts: one transaction of a state at a time."""
_ADD: Final = """
INSERT INTO rollup AS r (dataset, state, subject, period, partner, amount)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::bigint[])
AS cell (dataset, state, subject, period, partner, amount) ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (dataset, state, partner, subject, period)
DO UPDATE SET amount = r.amount + excluded.amount
"""
_STORE: Final = """
INSERT INTO counted_object (owner_state, object, cells)
SELECT %s, * FROM unnest(%s::uuid[], %s::jsonb[])
ON CONFLICT (owner_state, object) DO UPDATE SET cells = excluded.cells
"""
_ADD_CURSOR: Final = "INSERT INTO job_cursor (job, state) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_LOCK_CURSOR: Final = "SELECT 1 FROM job_cursor WHERE job = %s AND state = %s FOR UPDATE"


def add_counts(cells: Cells) -> None:
    """Add amounts to the sums; negative ones subtract."""
    if changed := [(*key, amount) for key, amount in cells.items() if amount]:
        execute_raw(_ADD, [[*column] for column in zip(*changed, strict=True)])


def count_objects(state: str, kind: CountedKind, ids: Collection[UUID]) -> None:
    """Count objects as they are now, instead of as they were counted before."""
    add_counts(_store_cells(state, kind.count(state, ids)))


def _store_cells(state: str, cells_by_object: Mapping[UUID, Cells]) -> Cells:
    """Store the cells in which objects count; return how they differ from those before."""
    query = select(CountedObject.object, CountedObject.cells).where(
        CountedObject.owner_state == state, CountedObject.object.in_(cells_by_object)
    )
    before = {key: _from_stored(state, cells) for key, cells in db.session.execute(query)}
    changes, rows = Counter[CountKey](), list[tuple[str, str]]()
    for object_id, cells in cells_by_object.items():
        now, counted = Counter(cells), before.get(object_id, Counter())
        if now != counted:
            changes.update(now)
            changes.subtract(counted)
            stored = [
                [key.dataset, key.subject, key.period.isoformat(), key.partner, amount]
                for key, amount in now.items()
                if amount
            ]
            rows.append((str(object_id), to_json(stored)))
    if rows:
        execute_raw(_STORE, (state, *([*column] for column in zip(*rows, strict=True))))
    return changes


def _from_stored(state: str, cells: Iterable[Sequence[Any]]) -> Counter[CountKey]:
    return Counter(
        {
            CountKey(dataset, state, subject, date.fromisoformat(period), partner): amount
            for dataset, subject, period, partner, amount in cells
        }
    )


def recount(
    *, actor: Actor, kinds: Iterable[CountedKind], datasets: Sequence[Dataset]
) -> Counter[str]:
    """Count the stored objects of the own state again; return how many cells were corrected.

    By dataset, as the worker. For a new dataset, or after a fault. The job that counts waits
    meanwhile, recording does not.
    """
    state = actor.own_state()
    execute_raw(_ADD_CURSOR, (JOB, state))
    execute_raw(_LOCK_CURSOR, (JOB, state))
    missing = Counter[CountKey]()
    for kind in kinds:
        ids = select(kind.model.id).distinct().execution_options(yield_per=CHUNK_SIZE)
        for some in db.session.scalars(ids).partitions():
            cells_by_object = kind.count(state, some)
            _store_cells(state, cells_by_object)
            for cells in cells_by_object.values():
                missing.update(cells)
    codes = [dataset.code for dataset in datasets]
    stored = select(Rollup).where(Rollup.state == state, Rollup.dataset.in_(codes))
    for row in db.session.scalars(stored.execution_options(populate_existing=True)):
        key = CountKey(row.dataset, state, row.subject, row.period, row.partner)
        missing[key] -= row.amount
    add_counts(missing)
    corrected = Counter(dict.fromkeys(codes, 0))
    corrected.update(key.dataset for key, amount in missing.items() if amount)
    action = Action.DATASET_RECOUNTED
    append_many(
        actor,
        [
            AuditEvent(action, "dataset", code, state, data={"corrected": count})
            for code, count in corrected.items()
        ],
    )
    return corrected
