"""Write the index rows of marks' variants, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from salsa_ext.core.batches import chunks
from salsa_ext.database.bulk import copy_many
from salsa_ext.database.session import execute_raw
from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.records.models import MarkVariant
from salsa_ext.firearms.records.values import FIELD_EVENTS

MARKS_PER_WRITE = 500
MAX_BY_STATEMENT: Final = 20
"""Marks whose forms are written by one statement; COPY is the faster way for more."""


class _MarkSpelling(NamedTuple):
    """One spelling of a mark.

    Look-alikes share a key, but not the digits they are found by.
    """

    key: int
    make: str | None
    norm: str


class _Scheme(NamedTuple):
    """How marks are found by a damaged one: the keys to store, and the own key."""

    index_keys: Callable[[str], Iterable[int]]
    own_key: Callable[[str], int]
    is_afield: bool


_NEAR = _Scheme(variants.index_keys, variants.own_key, is_afield=False)
_FIELD = _Scheme(variants.field_index_keys, variants.field_own_key, is_afield=True)


def _distinct_marks(keys: Iterable[Mapping[str, Any]]) -> list[_MarkSpelling]:
    return list(
        dict.fromkeys(_MarkSpelling(row["key"], row["make"], row["serial_norm"]) for row in keys)
    )


def write_variants(keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the variants of marks that have none yet.

    Each spelling with each make once. A mark has a dozen variants, one read in the field some
    fifty, so few marks are written at a time. Concurrent writers may both write a variant;
    duplicates are found once. Stored and `silent` marks cost the same queries and time as new ones:
    writing a mark must not reveal that another state has it.
    """
    rows = list(keys)
    _write_in_chunks(_NEAR, rows)
    _write_in_chunks(_FIELD, (row for row in rows if row["event"] in FIELD_EVENTS))


def write_new_variants(keys: Sequence[Mapping[str, Any]]) -> None:
    """Write variants into a table that holds none of these marks."""
    for scheme in (_NEAR, _FIELD):
        marks = _distinct_marks(
            row for row in keys if not scheme.is_afield or row["event"] in FIELD_EVENTS
        )
        copy_many(
            MarkVariant, [row for mark in marks for row in _variant_rows(mark, scheme.index_keys)]
        )


def _write_in_chunks(scheme: _Scheme, keys: Iterable[Mapping[str, Any]]) -> None:
    for some in chunks(_distinct_marks(keys), MARKS_PER_WRITE):
        (_insert_missing if len(some) <= MAX_BY_STATEMENT else _copy_missing)(scheme, some)


def _insert_missing(scheme: _Scheme, marks: Sequence[_MarkSpelling]) -> None:
    """Insert the variants of few marks by one statement, skipping stored ones."""
    placed = [
        (place, row)
        for place, mark in enumerate(marks, 1)
        for row in _variant_rows(mark, scheme.index_keys)
    ]
    forms = {name: [row[name] for _, row in placed] for name in ("key", "target", "make")}
    execute_raw(
        _INSERT_MISSING_SQL,
        _lookup_arguments(scheme, marks) | forms | {"place": [place for place, _ in placed]},
    )


# A mark stays if its own form is there, or a mark in this very writing.
_VISIBLE_SQL: Final = """SELECT FROM mark_key AS k
    WHERE k.key = m.target AND k.serial_norm = m.norm AND k.visibility <> 'silent'
        AND (%(events)s::text[] IS NULL OR k.event = ANY(%(events)s::text[]))"""
_STORED_SQL: Final = f"""
SELECT m.place
FROM unnest(%(own)s::bigint[], %(of)s::bigint[], %(code)s::smallint[], %(made)s::text[],
    %(norm)s::text[]) WITH ORDINALITY AS m (own, target, code, make, norm, place)
WHERE EXISTS (
    SELECT FROM mark_variant AS f WHERE f.key = m.own AND f.target = m.target AND f.make = m.code
) AND CASE WHEN m.make IS NULL THEN EXISTS ({_VISIBLE_SQL} AND k.make IS NULL)
    ELSE EXISTS ({_VISIBLE_SQL} AND k.make = m.make) END
"""  # noqa: S608 - constants of ours
_INSERT_MISSING_SQL: Final = f"""
WITH kept AS MATERIALIZED ({_STORED_SQL})
INSERT INTO mark_variant (key, target, make)
SELECT f.key, f.target, f.make
FROM unnest(%(key)s::bigint[], %(target)s::bigint[], %(make)s::smallint[], %(place)s::bigint[])
    AS f (key, target, make, place)
WHERE f.place NOT IN (SELECT kept.place FROM kept)
"""  # noqa: S608 - constants of ours


def _lookup_arguments(scheme: _Scheme, marks: Sequence[_MarkSpelling]) -> dict[str, Any]:
    return {
        "own": [scheme.own_key(mark.norm) for mark in marks],
        "of": [mark.key for mark in marks],
        "code": [variants.make_code(mark.make) for mark in marks],
        "made": [mark.make for mark in marks],
        "norm": [mark.norm for mark in marks],
        "events": sorted(FIELD_EVENTS) if scheme.is_afield else None,
    }


def _copy_missing(scheme: _Scheme, marks: Sequence[_MarkSpelling]) -> None:
    kept = {
        place for (place,) in execute_raw(_STORED_SQL, _lookup_arguments(scheme, marks)).fetchall()
    }
    copy_many(
        MarkVariant,
        [
            row
            for place, mark in enumerate(marks, 1)
            if place not in kept
            for row in _variant_rows(mark, scheme.index_keys)
        ],
    )


def _variant_rows(
    mark: _MarkSpelling, make_keys: Callable[[str], Iterable[int]]
) -> Iterator[dict[str, int]]:
    code = variants.make_code(mark.make)
    return ({"key": key, "target": mark.key, "make": code} for key in make_keys(mark.norm))
