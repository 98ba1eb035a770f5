"""Read the mark index across all states; callers apply the visibility, but for that of alerts."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from salsa_ext.alerts.models import Alert
from salsa_ext.core.actor import Actor
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import NO_STATE, acting_as, db, execute_raw
from salsa_ext.firearms.marks import keys as mark_keys
from salsa_ext.firearms.marks import variants
from salsa_ext.firearms.marks.keys import skeleton
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.marks.variants import make_code
from salsa_ext.firearms.records.event_kinds import ALERT, FIELD_EVENTS, INCONCLUSIVE, ONCE_EVENTS
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.firearms.search.evidence import WEIGHTS, Description
from salsa_ext.firearms.search.values import Coverage, MarkHit, SearchMark
from salsa_ext.reference import names

MAX_HITS = 60
TIER_BITS: Final = (-8.0, -17.0, -12.0)  # one error, two, a part: before each is compared
PARTIAL_FIT_BITS: Final = 10.0  # bits; what fits all that was read of a mark in part


def find_hits(
    marks: Sequence[SearchMark],
    query: Description,
    asker: str | None,
    *,
    stop_at_exact: bool = True,
    with_silent: bool = False,
) -> list[MarkHit]:
    """Return hits that are or are near the searched marks.

    Others' silent records only `with_silent`. Hits are ranked before they are cut: same key, then
    nearness, then the fields of the query; unreadable records by nearness alone. With
    `stop_at_exact`, near marks are not searched where a visible record is an exact hit
    (`is_exact_hit`); not `with_silent`.
    """
    asker = asker or NO_STATE
    hits: list[MarkHit] = []
    keys = [mark.value for mark in marks if mark.is_whole]
    if stop_at_exact and not with_silent and keys:  # most searches end here
        rows = execute_raw(SEEN_EXACT_SQL, {"keys": keys, "asker": asker, "most": MAX_HITS + 1})
        hits = [MarkHit(*row) for row in rows.fetchall()]
    exact = [hit for hit in hits if is_exact_hit(hit, query, asker)]
    left = marks_without_exact_hit(marks, exact)
    if exact and not left and _is_complete(hits):
        return hits
    gun = _gun_arguments(marks, left and [*left, *_text_marks(marks)], query)
    return [
        MarkHit(*row) for row in db.session.execute(_NEAR_SQL, gun | _arguments(asker, with_silent))
    ]


def _is_complete(hits: Sequence[MarkHit]) -> bool:
    """Return whether no hit was cut; larger crowds are ranked by `salsa_similar_marks`."""
    return len(hits) <= MAX_HITS


def find_hits_of_many(
    guns: Sequence[tuple[Sequence[SearchMark], Description]], asker: str | None
) -> list[list[MarkHit]]:
    """Return the visible hits of several guns in one query, near ones included."""
    searched = []
    for at, (marks, query) in enumerate(guns):
        near = [*marks_without_exact_hit(marks, ()), *_text_marks(marks)]
        searched.append(_gun_arguments(marks, near, query) | {"at": at})
    hits: list[list[MarkHit]] = [[] for _ in guns]
    if searched:
        arguments = _arguments(asker or NO_STATE, with_silent=False) | {
            "asked": json.dumps(searched)
        }
        for at, *row in db.session.execute(_NEAR_OF_MANY_SQL, arguments):
            hits[at].append(MarkHit(*row))
    return hits


def _gun_arguments(
    marks: Sequence[SearchMark], near: Sequence[SearchMark], query: Description
) -> dict[str, Any]:
    """Return the marks' keys, the variant keys of `near`, and the fields of a query."""
    forms = [variants.search_keys(mark.norm) for mark in near]
    patterns = filter(None, (variants.like_pattern(mark.norm) for mark in marks))
    return {
        "keys": _number_array(mark.value for mark in marks if mark.is_whole),
        "norms": _text_array([mark.norm for mark in marks if mark.is_whole]),
        "one": _number_array(key for form in forms for key in form.single),
        "two": _number_array(key for form in forms for key in form.two),
        "part": _number_array(key for form in forms for key in form.part),
        "make": query.make,
        "make_code": make_code(query.make),
        "type": query.type,
        "country": query.country,
        "year": query.year,
        "calibres": _text_array(names.family_calibres(query.calibre_family)),
        "patterns": _text_array([*patterns]),
    }


def _arguments(asker: str, with_silent: bool) -> dict[str, Any]:
    silent = None if with_silent else False
    return {"asker": asker, "silent": silent, "weights": _RANKING_WEIGHTS, "most": MAX_HITS}


def marks_without_exact_hit(
    marks: Iterable[SearchMark], exact_hits: Iterable[MarkHit]
) -> list[SearchMark]:
    """Return the marks to search near, without those that have an exact hit."""
    exact = {skeleton(hit.serial_norm) for hit in exact_hits}
    return [
        mark
        for mark in marks
        if mark.is_near and mark.is_mark and not (mark.is_whole and skeleton(mark.norm) in exact)
    ]


def _text_marks(marks: Iterable[SearchMark]) -> list[SearchMark]:
    return [mark for mark in marks if mark.is_near and not mark.is_mark]


def is_exact_hit(
    hit: MarkHit, query: Description, asker: str, inconclusive: Collection[str] = INCONCLUSIVE
) -> bool:
    """Return whether a hit is readable and agrees in every searched field."""
    if (
        hit.is_superseded
        or hit.event in inconclusive
        or not (hit.state == asker or hit.visibility == "open")
    ):
        return False
    calibres = names.family_calibres(query.calibre_family)
    pairs = ((hit.type, query.type), (hit.country, query.country), (hit.year, query.year))
    return (
        (query.make is None or hit.make == query.make)
        and (calibres is None or hit.calibre in calibres)
        and all(None in pair or pair[0] == pair[1] for pair in pairs)
    )


def _number_array(values: Iterable[float]) -> str:
    """Return PostgreSQL array text: read faster than a long expression."""
    return "{" + ",".join(map(str, values)) + "}"


def _text_array(values: Sequence[str] | None) -> str | None:
    if values is None:
        return None
    return "{" + ",".join('"' + re.sub(r'(["\\])', r"\\\1", value) + '"' for value in values) + "}"


def _columns(asker: str) -> str:
    """Return the columns of hits `k`, of which alerts that are not shared with the asker are `silent`.

    In one statement, whether there is such an alert or not: a second one would reveal it. Each is
    looked up by itself: a plan that reads all alerts for the first would reveal it too.
    """
    alert = "(SELECT a.id FROM alert AS a WHERE a.record_id = k.record_id LIMIT 1)"
    hidden = f"k.event = '{ALERT}' AND k.state <> {asker} AND {alert} IS NULL"
    visibility = f"CASE WHEN {hidden} THEN 'silent' ELSE k.visibility END"
    return _HIT_COLUMNS.replace("k.visibility", visibility)


_HIT_COLUMNS: Final = ", ".join(f"k.{name}" for name in MarkHit._fields)
_NEAR_SQL = text(
    f"SELECT {_columns(':asker')} FROM salsa_similar_marks(:asker, :keys, :norms, :one,"  # noqa: S608 - names of columns
    " :two, :part, CAST(:make_code AS smallint), :make, :calibres, :type, :country,"
    " CAST(:year AS smallint), :weights, :silent, :most, :patterns) AS k"
)
_NEAR_OF_MANY_SQL = text(
    f"SELECT a.at, {_columns(':asker')}"  # noqa: S608 - names of columns
    " FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS a (at integer, keys text, norms text, one text,"
    " two text, part text, make_code smallint, make text, calibres text, type text, country text,"
    " year smallint, patterns text)"
    " CROSS JOIN LATERAL salsa_similar_marks(:asker, CAST(a.keys AS bigint[]), CAST(a.norms AS text[]),"
    " CAST(a.one AS bigint[]), CAST(a.two AS bigint[]), CAST(a.part AS bigint[]), a.make_code, a.make,"
    " CAST(a.calibres AS text[]), a.type, CAST(a.country AS char(3)), a.year, :weights, :silent, :most,"
    f" CAST(a.patterns AS text[])) WITH ORDINALITY AS k ({', '.join(MarkHit._fields)}, place)"
    " ORDER BY a.at, k.place"
)
EXACT_SQL: Final = (
    f"SELECT {', '.join(MarkHit._fields)} FROM mark_key"  # noqa: S608 - names of columns
    " WHERE key = ANY(%(keys)s::bigint[]) AND NOT is_void"
    " AND (state = %(asker)s OR visibility <> 'silent') ORDER BY is_superseded,"
    " CASE WHEN state = %(asker)s OR visibility = 'open' THEN occurred_on END DESC NULLS LAST,"
    " mark_id LIMIT %(most)s"
)
SEEN_EXACT_SQL: Final = (
    f"WITH k AS MATERIALIZED ({EXACT_SQL}) SELECT {_columns('%(asker)s')} FROM k"  # noqa: S608 - names of columns
)
_COVERAGE_SQL: Final = (
    "SELECT state, sum(amount), max(period) FROM rollup"
    " WHERE dataset = 'coverage' AND amount > 0 GROUP BY state ORDER BY state"
)
_RANKING_WEIGHTS = _number_array(
    [
        # make, calibre, type, country, year
        *(bits for weight in WEIGHTS[:5] for bits in (weight.agrees, weight.differs)),
        *TIER_BITS,
        PARTIAL_FIT_BITS,
    ]
)


def find_owner(record_id: UUID) -> tuple[str, str] | None:
    """Return a record's state and visibility, or None."""
    owner = func.salsa_record_visibility(record_id).table_valued("state", "visibility")
    row = db.session.execute(select(owner.c.state, owner.c.visibility)).first()
    return (row.state, row.visibility) if row else None


def load_coverage() -> list[Coverage]:
    """Return every state's coverage, without `silent` records.

    Days and states with no records left are omitted: their presence would reveal newly `silent`
    records.
    """
    rows = execute_raw(_COVERAGE_SQL).fetchall()
    return [Coverage(state, int(records), through) for state, records, through in rows]


MAX_RECORD_MARKS: Final = 20_000
MAX_HITS_PER_KEY: Final = 200
"""Holders of one mark that are read; of more, the likely ones are searched by `search`."""
VARIANTS_PER_HIT: Final = 10
"""Times as many variants as marks are read: most lead to no mark that is searched."""


class VariantHit(NamedTuple):
    """A record found by a variant of a searched mark."""

    key: int
    record_id: UUID
    serial_norm: str


def find_hits_by_key(
    keys: Collection[int], asker: str | None, *, with_silent: bool, limit: int
) -> list[tuple[int, MarkHit]]:
    """Return up to `limit` hits of keys, MAX_HITS_PER_KEY each, without superseded marks."""
    arguments = _bulk_arguments(keys, asker, limit, with_silent=with_silent)
    rows = db.session.execute(_HITS_BY_KEY_SQL, arguments)
    return [(key, MarkHit(*row)) for key, *row in rows]


def find_hits_by_variant(
    variants: Collection[int], asker: str | None, *, events: Collection[str] | None, limit: int
) -> list[VariantHit] | None:
    """Return hits of any of the variants, silent ones included; of some `events` if given.

    None if there are `limit` hits, or ten times as many variants: some may be missing then.
    """
    arguments = _bulk_arguments(variants, asker, limit, with_silent=True) | {
        "events": list(events) if events else None,
        "forms": VARIANTS_PER_HIT * limit,
    }
    rows = db.session.execute(_HITS_BY_VARIANT_SQL, arguments).all()
    is_cut = len(rows) >= limit or any(row[0] is None for row in rows)
    return None if is_cut else [VariantHit(*row) for row in rows]


def find_trade_with_equal_marks(records: Collection[UUID]) -> set[UUID]:
    """Return which records of trade share a mark of which a person should know.

    With a gun of crime, with a pointer, whose event its owner alone knows, or with a record of the
    same state that repeats an event of ONCE_EVENTS.
    """
    events = {"field": list(FIELD_EVENTS), "once": list(ONCE_EVENTS)}
    rows = db.session.scalars(_TRADE_WITH_EQUAL_SQL, {"records": list(records)} | events)
    return set(rows)


def find_marks_of_records(
    record_ids: Collection[UUID], asker: str | None, *, with_silent: bool = False
) -> list[MarkHit]:
    """Return the current marks of a few records."""
    if not record_ids:
        return []
    arguments = _bulk_arguments((), asker, MAX_RECORD_MARKS, with_silent=with_silent)
    rows = db.session.execute(_MARKS_OF_RECORDS_SQL, arguments | {"records": list(record_ids)})
    return [MarkHit(*row) for row in rows]


def _bulk_arguments(
    keys: Collection[int], asker: str | None, most: int, *, with_silent: bool
) -> dict[str, Any]:
    return {
        "keys": _number_array(keys),
        "asker": asker or NO_STATE,
        "silent": None if with_silent else False,
        "most": most,
        "each": MAX_HITS_PER_KEY,
    }


_CURRENT_SQL: Final = (
    "NOT k.is_void AND NOT k.is_superseded AND (CAST(:silent AS boolean) IS NULL"
    " OR :silent = (k.state <> :asker AND k.visibility = 'silent'))"
)
_BY_INDEX: Final = "ANY(ARRAY(SELECT unnest(CAST(:records AS uuid[]))))"  # as `is_any_by_index`
_MARKS_OF_RECORDS_SQL: Final = text(
    f"SELECT {_HIT_COLUMNS} FROM mark_key AS k"  # noqa: S608 - names of columns
    f" WHERE k.record_id = {_BY_INDEX} AND {_CURRENT_SQL} LIMIT :most"
)
_TRADE_WITH_EQUAL_SQL: Final = text(
    "SELECT DISTINCT own.record_id FROM mark_key AS own"  # noqa: S608 - a constant of ours
    f" WHERE own.record_id = {_BY_INDEX}"
    " AND NOT own.is_void AND NOT own.is_superseded AND EXISTS (SELECT FROM mark_key AS k"
    " WHERE k.key = own.key AND k.record_id <> own.record_id AND NOT k.is_void"
    " AND NOT k.is_superseded AND (k.event = ANY(:field)"
    " OR (k.state <> own.state AND 'pointer' IN (k.visibility, own.visibility))"
    " OR (k.state = own.state AND k.event = own.event AND k.event = ANY(:once))))"
)
_OF_EVENTS_SQL: Final = " AND (CAST(:events AS text[]) IS NULL OR k.event = ANY(:events))"
_HOLDERS_OF_KEYS_SQL: Final = (
    "k AS MATERIALIZED (SELECT h.* FROM (SELECT k.*,"  # noqa: S608 - a constant of ours
    " row_number() OVER (PARTITION BY k.key ORDER BY k.seen_by, k.mark_id) AS place"
    f" FROM mark_key AS k WHERE k.key = ANY(ARRAY({{keys}})) AND {_CURRENT_SQL}{{more}}) AS h"
    " WHERE h.place <= :each)"
)
_HITS_BY_KEY_SQL: Final = text(
    "WITH "  # noqa: S608 - names of columns
    f"{_HOLDERS_OF_KEYS_SQL.format(keys='SELECT unnest(CAST(:keys AS bigint[]))', more='')}"
    f" SELECT k.key, {_columns(':asker')} FROM k LIMIT :most"
)
# In steps, and the keys by a query of their own: the planner would weigh each of a hundred thousand.
# Where forms are cut, a row of nothing says so.
_HITS_BY_VARIANT_SQL: Final = text(
    "WITH form AS MATERIALIZED (SELECT f.key, f.target FROM mark_variant AS f"  # noqa: S608 - a constant of ours
    " WHERE f.key = ANY(ARRAY(SELECT unnest(CAST(:keys AS bigint[])))) LIMIT :forms),"
    f" {_HOLDERS_OF_KEYS_SQL.format(keys='SELECT form.target FROM form', more=_OF_EVENTS_SQL)}"
    " (SELECT form.key, k.record_id, k.serial_norm FROM (SELECT DISTINCT * FROM form) AS form"
    " JOIN k ON k.key = form.target LIMIT :most)"
    " UNION ALL SELECT NULL, NULL, NULL WHERE (SELECT count(*) FROM form) >= :forms"
)


def query_serials(query: Query) -> frozenset[str]:
    """Return the skeletons of the query's readable serials."""
    restored = (
        mark.text
        for mark in query.marks
        if mark.kind == "manufacture" and mark.text != query.serial
    )
    keys = [mark_keys.serial_key(text, "unknown") for text in restored]
    keys.append(mark_keys.serial_key(query.serial, query.marking))
    return frozenset(key.skeleton for key in keys if key)


def find_record_serials(actor: Actor, hits: Iterable[MarkHit]) -> dict[UUID, str]:
    """Return the skeletons of the hits' readable serials, by record."""
    by_state: dict[str, set[UUID]] = defaultdict(set)
    for hit in hits:
        by_state[hit.state].add(hit.record_id)
    serials: dict[UUID, str] = {}
    for state, ids in by_state.items():
        with acting_as(actor, state):
            for row in db.session.scalars(select_current(Record).where(Record.id.in_(ids))):
                if key := mark_keys.serial_key(row.serial or "", row.marking):
                    serials[row.id] = key.skeleton
    return serials


SILENT: Final = "silent"


def is_hidden_alert(view: RecordView) -> bool:
    """Return whether a record is another state's alert hidden from the asker."""
    if view.record.event != ALERT:
        return False
    visible = select(Alert.id).where(Alert.record_id == view.record.id)
    return db.session.scalar(visible) is None


def is_silent_alert(hit: MarkHit) -> bool:
    """Return whether a hit is a silent alert, hidden from every asker."""
    return hit.event == ALERT and hit.visibility == SILENT
