"""The search over mark_key: the one reader that sees the keys of all states."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.matching.marks import Key
from salsa_ext.models import MarkKey, RollupDelta
from salsa_ext.models import Rollup as RollupModel

CANDIDATES = 500


class Held(NamedTuple):
    """One key that some state holds."""

    record_id: UUID
    state: str
    serial_norm: str
    event: str
    occurred_on: date
    make: str | None
    calibre: str | None
    type: str | None
    country: str | None
    year: int | None
    visibility: str
    is_superseded: bool


class Coverage(NamedTuple):
    """How far the records of a state reach: how many, and the day of the newest."""

    state: str
    records: int
    through: date


_COLUMNS = tuple(getattr(MarkKey, name) for name in Held._fields)


def holding(keys: Sequence[Key]) -> list[Held]:
    """Return who holds marks of these keys, whatever their visibility; the caller must heed it."""
    wanted = {key.value: key.skeleton for key in keys}
    found = select(*_COLUMNS, MarkKey.skeleton, MarkKey.key).where(MarkKey.key.in_(list(wanted)))
    newest = found.order_by(MarkKey.is_superseded, MarkKey.occurred_on.desc(), MarkKey.mark_id)
    rows = db.session.execute(newest.limit(CANDIDATES)).all()
    return [Held(*row[:-2]) for row in rows if wanted[row.key] == row.skeleton]


def owner_of(record_id: UUID) -> tuple[str, str] | None:
    """Return the state that owns a record with marks, and the record's visibility."""
    row = db.session.execute(
        select(MarkKey.state, MarkKey.visibility).where(MarkKey.record_id == record_id).limit(1)
    ).first()
    return (row.state, row.visibility) if row else None


def coverage() -> list[Coverage]:
    """Return every state's coverage, from sums that leave `silent` records out."""
    parts = [
        select(table.state, table.amount, table.period).where(table.dataset == "coverage")
        for table in (RollupModel, RollupDelta)
    ]
    union = parts[0].union_all(parts[1]).subquery()
    sums = select(union.c.state, func.sum(union.c.amount), func.max(union.c.period))
    rows = db.session.execute(sums.group_by(union.c.state).order_by(union.c.state))
    return [Coverage(state, int(records), through) for state, records, through in rows]
