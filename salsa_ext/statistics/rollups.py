"""Sums of figures: count objects as they are now, and count all of a state again."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append_many
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import CHUNK_SIZE
from salsa_ext.database.session import db, execute_raw, to_json
from salsa_ext.statistics.dataset_types import (
    CountedKind,
    CountKey,
    Dataset,
    Fact,
    Facts,
    expand,
    sum_years,
)
from salsa_ext.statistics.models import Amounts, CountedObject, Rollup, YearlyRollup

JOB: Final = "figures"
"""The job that counts: one transaction of a state at a time."""
_ADD: Final = """
INSERT INTO {table} AS r (dataset, state, subject, period, partner, dimension, value, amount)
SELECT * FROM unnest(
    %s::text[], %s::text[], %s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::bigint[]
) AS cell (dataset, state, subject, period, partner, dimension, value, amount)
ORDER BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (dataset, state, dimension, period, subject, partner, value)
DO UPDATE SET amount = r.amount + excluded.amount
"""
_STORE: Final = """
INSERT INTO counted_object (owner_state, object, facts)
SELECT %s, * FROM unnest(%s::uuid[], %s::jsonb[])
ON CONFLICT (owner_state, object) DO UPDATE SET facts = excluded.facts
"""
_ADD_CURSOR: Final = "INSERT INTO job_cursor (job, state) VALUES (%s, %s) ON CONFLICT DO NOTHING"
_LOCK_CURSOR: Final = "SELECT 1 FROM job_cursor WHERE job = %s AND state = %s FOR UPDATE"


def add_facts(facts: Facts) -> None:
    """Add amounts to the sums of their cells; negative ones subtract."""
    cells = expand(facts)
    _add_cells(Rollup, cells)
    _add_cells(YearlyRollup, sum_years(cells))


def _add_cells(table: type[Amounts], cells: Mapping[CountKey, int]) -> None:
    if changed := [(*key, amount) for key, amount in cells.items() if amount]:
        statement = _ADD.format(table=table.__tablename__)
        execute_raw(statement, [[*column] for column in zip(*changed, strict=True)])


def count_objects(state: str, kind: CountedKind, ids: Collection[UUID]) -> None:
    """Count objects as they are now, instead of as they were counted before."""
    add_facts(_store_facts(state, kind.count(state, ids)))


def count_now(state: str, kind: CountedKind, ids: Collection[UUID]) -> None:
    """Count objects that another job changed; the job that counts waits until the commit."""
    _lock_counting(state)
    count_objects(state, kind, ids)


def _lock_counting(state: str) -> None:
    execute_raw(_ADD_CURSOR, (JOB, state))
    execute_raw(_LOCK_CURSOR, (JOB, state))


def _store_facts(state: str, facts_by_object: Mapping[UUID, Facts]) -> Facts:
    """Store what objects count; return how it differs from before."""
    query = select(CountedObject.object, CountedObject.facts).where(
        CountedObject.owner_state == state, CountedObject.object.in_(facts_by_object)
    )
    before = {key: _from_stored(state, facts) for key, facts in db.session.execute(query)}
    changes, rows = Counter[Fact](), list[tuple[str, str]]()
    for object_id, facts in facts_by_object.items():
        now, counted = Counter(facts), before.get(object_id, Counter())
        if now != counted:
            changes.update(now)
            changes.subtract(counted)
            stored = [
                [fact.dataset, fact.subject, fact.period.isoformat(), fact.partner, fact.values, n]
                for fact, n in now.items()
                if n
            ]
            rows.append((str(object_id), to_json(stored)))
    if rows:
        execute_raw(_STORE, (state, *([*column] for column in zip(*rows, strict=True))))
    return changes


def _from_stored(state: str, facts: Iterable[Sequence[Any]]) -> Counter[Fact]:
    return Counter(
        {
            Fact(
                dataset,
                state,
                subject,
                date.fromisoformat(period),
                partner,
                tuple((dimension, value) for dimension, value in values),
            ): amount
            for dataset, subject, period, partner, values, amount in facts
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
    _lock_counting(state)
    missing = Counter[CountKey]()
    for kind in kinds:
        ids = select(kind.model.id).distinct().execution_options(yield_per=CHUNK_SIZE)
        for some in db.session.scalars(ids).partitions():
            facts_by_object = kind.count(state, some)
            _store_facts(state, facts_by_object)
            for facts in facts_by_object.values():
                missing.update(expand(facts))
    codes = [dataset.code for dataset in datasets]
    corrected = Counter(dict.fromkeys(codes, 0))
    for table, counted in ((Rollup, missing), (YearlyRollup, sum_years(missing))):
        columns = [getattr(table, name) for name in CountKey._fields]
        stored = select(*columns, table.amount).where(
            table.state == state, table.dataset.in_(codes)
        )
        for *key, amount in db.session.execute(stored):
            counted[CountKey(*key)] -= amount
        _add_cells(table, counted)
        corrected.update(key.dataset for key, amount in counted.items() if amount)
    action = Action.DATASET_RECOUNTED
    append_many(
        actor,
        [
            AuditEvent(action, "dataset", code, state, data={"corrected": count})
            for code, count in corrected.items()
        ],
    )
    return corrected
