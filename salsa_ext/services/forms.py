"""The forms of marks, by which a search finds what was misread: written with the marks, once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from salsa_ext.db import db, insert_many
from salsa_ext.matching import neighbours
from salsa_ext.models import MarkForm, MarkKey

BATCH = 5_000


def write(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the forms of marks that are about to be kept, unless the same mark is kept already.

    Call it before the rows of `mark_key` are inserted: a mark that stands there has its forms.
    """
    marks = {(row["key"], row["make"]): str(row["serial_norm"]) for row in keys}
    kept = select(MarkKey.key, MarkKey.make).where(MarkKey.key.in_([key for key, _ in marks]))
    known = {(key, make) for key, make in db.session.execute(kept.distinct())} if marks else set()
    insert_many(MarkForm, [
        row for mark, norm in marks.items() if mark not in known for row in rows_of(*mark, norm)
    ])  # fmt: skip


def rows_of(target: int, make: str | None, norm: str) -> Iterator[dict[str, int]]:
    """Return the rows of one mark."""
    code = neighbours.make_code(make)
    return ({"key": key, "target": target, "make": code} for key in neighbours.kept(norm))


def fill(connection: Connection) -> int:
    """Write the forms of all marks where none stand yet, for the owner of the tables; returns how many.

    Marks that were kept before there were forms are found by their own key alone until then.
    """
    if connection.scalar(select(MarkForm.key).limit(1)) is not None:
        return 0
    marks = select(MarkKey.key, MarkKey.make, func.min(MarkKey.serial_norm))
    marks = marks.group_by(MarkKey.key, MarkKey.make)
    count = 0
    for some in connection.execute(marks.execution_options(yield_per=BATCH)).partitions():
        rows = [row for key, make, norm in some for row in rows_of(key, make, norm)]
        connection.execute(insert(MarkForm), rows)
        count += len(some)
    return count
