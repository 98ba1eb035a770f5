"""Write the index rows of marks' variants, each once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from salsa_ext.core.batches import chunks
from salsa_ext.database.bulk import array_text, copy_columns
from salsa_ext.database.session import execute_raw
from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.records.event_kinds import FIELD_EVENTS
from salsa_ext.firearms.records.models import MarkVariant

MARKS_PER_WRITE = 500
MAX_BY_STATEMENT: Final = 20
"""Marks whose variants are written by one statement; COPY is faster for more."""


class _MarkSpelling(NamedTuple):
    """One spelling of a mark. Look-alikes share a key, but not the digits they are variant_keys by."""

    key: int
    make: str | None
    norm: str


class _Scheme(NamedTuple):
    """How marks are variant_keys by a damaged one: the keys to store, and the own key."""

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
    duplicates are variant_keys once. Stored and `silent` marks cost the same queries and time as new ones:
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
        copy_columns(MarkVariant, _variant_columns(marks, scheme))


def _write_in_chunks(scheme: _Scheme, keys: Iterable[Mapping[str, Any]]) -> None:
    """Write the variants of marks that are not stored: few by one statement, many by COPY."""
    for marks in chunks(_distinct_marks(keys), MARKS_PER_WRITE):
        arguments: dict[str, Any] = {
            "own": array_text(str(scheme.own_key(mark.norm)) for mark in marks),
            "of": array_text(str(mark.key) for mark in marks),
            "code": array_text(str(variants.make_code(mark.make)) for mark in marks),
            "made": array_text(mark.make for mark in marks),
            "norm": array_text(mark.norm for mark in marks),
            "events": sorted(FIELD_EVENTS) if scheme.is_afield else None,
        }
        stored = set()
        if len(marks) > MAX_BY_STATEMENT:
            rows = execute_raw(_STORED_SQL, arguments).fetchall()
            stored = {place for (place,) in rows}
        if len(marks) > MAX_BY_STATEMENT:
            new = [mark for place, mark in enumerate(marks, 1) if place not in stored]
            copy_columns(MarkVariant, _variant_columns(new, scheme))
        else:
            execute_raw(_INSERT_MISSING_SQL, arguments | _variant_columns(marks, scheme))


# A mark counts as stored where its own variant is, and a shown mark has this very spelling. Both are
# looked up by their index (by arrays: else whole tables may be read), whatever comes of the first.
_STORED_SQL: Final = """
WITH asked AS (
    SELECT m.* FROM unnest(%(own)s::bigint[], %(of)s::bigint[], %(code)s::smallint[],
        %(made)s::text[], %(norm)s::text[]) WITH ORDINALITY
        AS m (own, target, code, make, norm, place)
), indexed AS MATERIALIZED (
    SELECT m.place FROM asked AS m JOIN mark_variant AS f
        ON f.key = m.own AND f.target = m.target AND f.make = m.code
    WHERE f.key = ANY(ARRAY(SELECT unnest(%(own)s::bigint[])))
), shown AS MATERIALIZED (
    SELECT m.place FROM asked AS m JOIN mark_key AS k
        ON k.key = m.target AND k.serial_norm = m.norm AND coalesce(k.make, '') = coalesce(m.make, '')
    WHERE k.key = ANY(ARRAY(SELECT unnest(%(of)s::bigint[]))) AND k.visibility <> 'silent'
        AND (%(events)s::text[] IS NULL OR k.event = ANY(%(events)s::text[]))
)
SELECT i.place FROM indexed AS i INTERSECT SELECT s.place FROM shown AS s
"""
_INSERT_MISSING_SQL: Final = f"""
WITH stored AS MATERIALIZED ({_STORED_SQL})
INSERT INTO mark_variant (key, target, make)
SELECT f.key, f.target, f.make
FROM unnest(%(key)s::bigint[], %(target)s::bigint[], %(make)s::smallint[], %(place)s::bigint[])
    AS f (key, target, make, place)
WHERE f.place NOT IN (SELECT stored.place FROM stored)
"""  # noqa: S608 - constants of ours


def _variant_columns(marks: Iterable[_MarkSpelling], scheme: _Scheme) -> dict[str, list[int]]:
    """Return the columns of marks' variants, and the place of the mark of each."""
    columns: dict[str, list[int]] = {"place": [], "key": [], "target": [], "make": []}
    for place, mark in enumerate(marks, 1):
        variant_keys = [*scheme.index_keys(mark.norm)]
        shared = {"place": place, "target": mark.key, "make": variants.make_code(mark.make)}
        columns["key"] += variant_keys
        for name, value in shared.items():
            columns[name] += [value] * len(variant_keys)
    return columns
