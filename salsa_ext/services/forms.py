"""The forms of marks, by which a search finds what was misread: written with the marks, once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from salsa_ext.db import copy_many, db
from salsa_ext.matching import neighbours
from salsa_ext.models import MarkForm, MarkKey
from salsa_ext.values.manifests import chunks

BATCH = 5_000
TOGETHER = 500
TO_BE_FILLED = "to be filled"


def write(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the forms of marks that have none yet, of each with each make once.

    A mark has a dozen of them, so they are made for few marks at a time. Two who keep the same mark
    at once may both write them; a form that stands twice is found once.
    """
    marks = {(row["key"], row["make"]): str(row["serial_norm"]) for row in keys}
    for some in chunks(marks.items(), TOGETHER):
        _write(some)


def _write(marks: Sequence[tuple[tuple[int, str | None], str]]) -> None:
    rows = {mark: list(rows_of(*mark, norm)) for mark, norm in marks}
    kept = _kept([one[0]["key"] for one in rows.values() if one])
    copy_many(MarkForm, [
        row for (key, make), some in rows.items()
        if (key, neighbours.make_code(make)) not in kept for row in some
    ])  # fmt: skip


def _kept(first: Sequence[int]) -> set[tuple[int, int]]:
    """Return which marks of which makes have forms, by the first form of each."""
    found = select(MarkForm.target, MarkForm.make).where(MarkForm.key.in_(first)).distinct()
    return {(target, make) for target, make in db.session.execute(found)} if first else set()


def rows_of(target: int, make: str | None, norm: str) -> Iterator[dict[str, int]]:
    """Return the rows of one mark, always in the same order."""
    code = neighbours.make_code(make)
    return ({"key": key, "target": target, "make": code} for key in sorted(neighbours.kept(norm)))


def fill(connection: Connection) -> None:
    """Write the forms of marks that were kept before there were any, for the owner of the tables.

    Until then these are found by their own key alone; the table says that it is to be filled.
    """
    if connection.scalar(text("SELECT obj_description('mark_form'::regclass)")) != TO_BE_FILLED:
        return
    marks = select(MarkKey.key, MarkKey.make, func.min(MarkKey.serial_norm))
    marks = marks.group_by(MarkKey.key, MarkKey.make).execution_options(yield_per=BATCH)
    for some in connection.execute(marks).partitions():
        rows = [row for key, make, norm in some for row in rows_of(key, make, norm)]
        connection.execute(insert(MarkForm), rows)
    connection.execute(text("COMMENT ON TABLE mark_form IS NULL"))
