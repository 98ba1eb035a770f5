"""The forms of marks, by which a search finds what was misread: written with the marks, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, text

from salsa_ext.db import ask, copy_many, db
from salsa_ext.matching import neighbours, sightings
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.models import MarkForm, MarkKey
from salsa_ext.values.manifests import chunks

BATCH = 5_000
TOGETHER = 500
FEW: Final = 20
"""Marks whose forms are written by one statement; COPY is the faster way for more."""
_ALL, _SIGHTED, _HALVES = (
    (neighbours.kept, False), (sightings.kept, True), (neighbours.larger_halves, False),
)  # fmt: skip
TO_BE_FILLED: Final = {
    "to be filled": (_ALL, _SIGHTED),
    "sightings to be filled": (_SIGHTED,),
    "halves to be filled": (_HALVES,),
    "halves and sightings to be filled": (_HALVES, _SIGHTED),
}
"""What is reckoned of which marks, by what the table says: of all, or of those read in the field."""
Marks = Sequence[tuple[tuple[int, str | None], str]]


def write(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the forms of marks that have none yet, of each with each make once.

    A mark has a dozen of them, and one that was read in the field some fifty, so they are made for
    few marks at a time. Two who keep the same mark at once may both write them; a form that stands
    twice is found once. The database is asked the same for marks that are kept already: who writes
    one must not see that another keeps it.
    """
    rows = list(keys)
    _write_all(neighbours, rows)
    _write_all(sightings, (row for row in rows if row["event"] in READ_AFIELD))


def write_first(keys: Sequence[Mapping[str, Any]]) -> None:
    """Write the forms of marks of which none is kept yet, for a table that is filled without its index."""
    for kind in (neighbours, sightings):
        marks = {(row["key"], row["make"]): str(row["serial_norm"]) for row in keys
                 if kind is neighbours or row["event"] in READ_AFIELD}  # fmt: skip
        copy_many(MarkForm, [row for (key, make), norm in marks.items()
                             for row in _rows(key, make, kind.kept(norm))])  # fmt: skip


def _write_all(kind: ModuleType, keys: Iterable[Mapping[str, Any]]) -> None:
    marks = {(row["key"], row["make"]): str(row["serial_norm"]) for row in keys}
    for some in chunks(marks.items(), TOGETHER):
        (_write if len(some) <= FEW else _copy)(kind, some)


def _write(kind: ModuleType, marks: Marks) -> None:
    """Write the forms of few marks by one statement, which passes over those that are kept."""
    rows = [row for (key, make), norm in marks for row in _rows(key, make, kind.kept(norm))]
    own = [kind.own(norm) for _, norm in marks]
    ask(_MISSING, {name: [row[name] for row in rows] for name in ("key", "target", "make")}
        | {"own": own, "of": [key for (key, _), _ in marks]})  # fmt: skip


_MISSING: Final = """
WITH kept AS MATERIALIZED (
    SELECT target, make FROM mark_form
    WHERE key = ANY(%(own)s::bigint[]) AND target = ANY(%(of)s::bigint[])
)
INSERT INTO mark_form (key, target, make)
SELECT f.key, f.target, f.make
FROM unnest(%(key)s::bigint[], %(target)s::bigint[], %(make)s::smallint[]) AS f (key, target, make)
WHERE NOT EXISTS (SELECT FROM kept AS k WHERE k.target = f.target AND k.make = f.make)
"""


def _copy(kind: ModuleType, marks: Marks) -> None:
    kept = _kept({key: kind.own(norm) for (key, _), norm in marks})
    copy_many(MarkForm, [
        row for (key, make), norm in marks if (key, neighbours.make_code(make)) not in kept
        for row in _rows(key, make, kind.kept(norm))
    ])  # fmt: skip


def _kept(own: Mapping[int, int]) -> set[tuple[int, int]]:
    """Return which marks of which makes have forms, by the form of each that is its own."""
    here = MarkForm.key.in_(own.values()) & MarkForm.target.in_(own)
    found = select(MarkForm.target, MarkForm.make).where(here).distinct()
    return {(target, make) for target, make in db.session.execute(found)}


def _rows(target: int, make: str | None, keys: Iterable[int]) -> Iterator[dict[str, int]]:
    code = neighbours.make_code(make)
    return ({"key": key, "target": target, "make": code} for key in keys)


def fill(connection: Connection) -> None:
    """Write the forms of marks that were kept before there were any, for the owner of the tables.

    Until then these are found by their own key alone; the table says what is to be filled.
    """
    left = connection.scalar(text("SELECT obj_description('mark_form'::regclass)"))
    for made, is_afield in TO_BE_FILLED.get(left, ()):
        _fill(connection, made, is_afield=is_afield)
    if left in TO_BE_FILLED:
        connection.execute(text("COMMENT ON TABLE mark_form IS NULL"))


def _fill(connection: Connection, made: Callable[[str], Iterable[int]], *, is_afield: bool) -> None:
    marks = select(MarkKey.key, MarkKey.make, func.min(MarkKey.serial_norm))
    if is_afield:
        marks = marks.where(MarkKey.event.in_(READ_AFIELD))
    marks = marks.group_by(MarkKey.key, MarkKey.make).execution_options(yield_per=BATCH)
    for some in connection.execute(marks).partitions():
        rows = [row for key, make, norm in some for row in _rows(key, make, made(norm))]
        if rows:
            connection.execute(insert(MarkForm), rows)
