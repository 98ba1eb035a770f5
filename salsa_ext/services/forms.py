"""The forms of marks, by which a search finds what was misread: written with the marks, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, distinct, func, insert, select, text

from salsa_ext.db import ask, copy_many
from salsa_ext.matching import neighbours, sightings
from salsa_ext.matching.pairs import READ_AFIELD
from salsa_ext.models import MarkForm, MarkKey
from salsa_ext.values.manifests import chunks

BATCH = 5_000
TOGETHER = 500
FEW: Final = 20
"""Marks whose forms are written by one statement; COPY is the faster way for more."""


class _Made(NamedTuple):
    """What is reckoned: of which marks, and whether of those alone that are kept in several writings."""

    forms: Callable[[str], Iterable[int]]
    is_afield: bool = False
    is_rewritten: bool = False


_ALL, _SIGHTED, _HALVES = (
    _Made(neighbours.kept), _Made(sightings.kept, is_afield=True), _Made(neighbours.larger_halves),
)  # fmt: skip
_LEFT: Final = {
    "halves": (_HALVES,), "sightings": (_SIGHTED,), "halves and sightings": (_HALVES, _SIGHTED),
}  # fmt: skip
_WRITINGS: Final = tuple(one._replace(is_rewritten=True) for one in (_ALL, _SIGHTED))
TO_BE_FILLED: Final = {
    "to be filled": (_ALL, _SIGHTED), "writings to be filled": _WRITINGS,
    **{f"{left} to be filled": made for left, made in _LEFT.items()},
    **{f"{left} and writings to be filled": (*made, *_WRITINGS) for left, made in _LEFT.items()},
}  # fmt: skip
"""What is reckoned of which marks, by what the table says."""


class _Mark(NamedTuple):
    """A mark in one writing: look-alikes share a key, and not the digits that they are found by."""

    key: int
    make: str | None
    norm: str


def _marks(keys: Iterable[Mapping[str, Any]]) -> list[_Mark]:
    return list(dict.fromkeys(_Mark(row["key"], row["make"], row["serial_norm"]) for row in keys))


def write(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the forms of marks that have none yet, of each writing with each make once.

    A mark has a dozen of them, and one that was read in the field some fifty, so they are made for
    few marks at a time. Two who keep the same mark at once may both write them; a form that stands
    twice is found once. The database is asked the same for marks that are kept already, and what is
    kept silent counts as not kept, so that to write it takes as long as to write a new one: who
    writes a mark must not see that another keeps it.
    """
    rows = list(keys)
    _write_all(neighbours, rows)
    _write_all(sightings, (row for row in rows if row["event"] in READ_AFIELD))


def write_first(keys: Sequence[Mapping[str, Any]]) -> None:
    """Write the forms of marks of which none is kept yet, for a table that is filled without its index."""
    for kind in (neighbours, sightings):
        marks = _marks(row for row in keys if kind is neighbours or row["event"] in READ_AFIELD)
        copy_many(MarkForm, [row for mark in marks for row in _rows(mark, kind.kept)])


def _write_all(kind: ModuleType, keys: Iterable[Mapping[str, Any]]) -> None:
    for some in chunks(_marks(keys), TOGETHER):
        (_write if len(some) <= FEW else _copy)(kind, some)


def _write(kind: ModuleType, marks: Sequence[_Mark]) -> None:
    """Write the forms of few marks by one statement, which passes over those that are kept."""
    placed = [(place, row) for place, mark in enumerate(marks, 1) for row in _rows(mark, kind.kept)]
    forms = {name: [row[name] for _, row in placed] for name in ("key", "target", "make")}
    ask(_MISSING, _asked(kind, marks) | forms | {"place": [place for place, _ in placed]})


# A mark is kept where its own form is, and somebody shows a mark in this very writing.
_SHOWN: Final = """SELECT FROM mark_key AS k
    WHERE k.key = m.target AND k.serial_norm = m.norm AND k.visibility <> 'silent'
        AND (%(events)s::text[] IS NULL OR k.event = ANY(%(events)s::text[]))"""
_KEPT: Final = f"""
SELECT m.place
FROM unnest(%(own)s::bigint[], %(of)s::bigint[], %(code)s::smallint[], %(made)s::text[],
    %(norm)s::text[]) WITH ORDINALITY AS m (own, target, code, make, norm, place)
WHERE EXISTS (
    SELECT FROM mark_form AS f WHERE f.key = m.own AND f.target = m.target AND f.make = m.code
) AND CASE WHEN m.make IS NULL THEN EXISTS ({_SHOWN} AND k.make IS NULL)
    ELSE EXISTS ({_SHOWN} AND k.make = m.make) END
"""  # noqa: S608 - constants of ours
_MISSING: Final = f"""
WITH kept AS MATERIALIZED ({_KEPT})
INSERT INTO mark_form (key, target, make)
SELECT f.key, f.target, f.make
FROM unnest(%(key)s::bigint[], %(target)s::bigint[], %(make)s::smallint[], %(place)s::bigint[])
    AS f (key, target, make, place)
WHERE f.place NOT IN (SELECT kept.place FROM kept)
"""  # noqa: S608 - constants of ours


def _asked(kind: ModuleType, marks: Sequence[_Mark]) -> dict[str, Any]:
    return {
        "own": [kind.own(mark.norm) for mark in marks], "of": [mark.key for mark in marks],
        "code": [neighbours.make_code(mark.make) for mark in marks],
        "made": [mark.make for mark in marks], "norm": [mark.norm for mark in marks],
        "events": sorted(READ_AFIELD) if kind is sightings else None,
    }  # fmt: skip


def _copy(kind: ModuleType, marks: Sequence[_Mark]) -> None:
    kept = {place for (place,) in ask(_KEPT, _asked(kind, marks)).fetchall()}
    copy_many(MarkForm, [
        row for place, mark in enumerate(marks, 1) if place not in kept
        for row in _rows(mark, kind.kept)
    ])  # fmt: skip


def _rows(mark: _Mark, made: Callable[[str], Iterable[int]]) -> Iterator[dict[str, int]]:
    code = neighbours.make_code(mark.make)
    return ({"key": key, "target": mark.key, "make": code} for key in made(mark.norm))


def fill(connection: Connection) -> None:
    """Write the forms of marks that were kept before there were any, for the owner of the tables.

    Until then these are found by their own key alone; the table says what is to be filled.
    """
    left = connection.scalar(text("SELECT obj_description('mark_form'::regclass)"))
    for made in TO_BE_FILLED.get(left, ()):
        _fill(connection, made)
    if left in TO_BE_FILLED:
        connection.execute(text("COMMENT ON TABLE mark_form IS NULL"))


def _fill(connection: Connection, made: _Made) -> None:
    writings = distinct(MarkKey.serial_norm)
    marks = select(MarkKey.key, MarkKey.make, func.array_agg(writings))
    marks = marks.group_by(MarkKey.key, MarkKey.make).execution_options(yield_per=BATCH)
    if made.is_afield:
        marks = marks.where(MarkKey.event.in_(READ_AFIELD))
    if made.is_rewritten:
        marks = marks.having(func.count(writings) > 1)
    for some in connection.execute(marks).partitions():
        rows = [row for key, make, norms in some for norm in norms
                for row in _rows(_Mark(key, make, norm), made.forms)]  # fmt: skip
        if rows:
            connection.execute(insert(MarkForm), rows)
