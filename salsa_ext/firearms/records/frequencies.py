"""Counts of records: how many of each day, and the shares of makes, calibres, types, countries.

The shares weigh agreement in a search. Counted without `silent` records: the weight of a rare make
would reveal that a state has one.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import aliased

from salsa_ext.database.bulk import is_any_by_index
from salsa_ext.database.locks import select_current
from salsa_ext.database.session import db
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.firearms.records.models import Record, RecordSetting
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import Dataset, Fact, Grain
from salsa_ext.statistics.models import Rollup

COVERAGE: Final = Dataset("coverage", grain=Grain.DAY, readers="service")
"""Records by the day of recording: how far back a state's records go."""
DESCRIBED: Final = Dataset("described", grain=Grain.ALL_TIME, readers="service")
"""Records by field and value; all are read at once."""

CACHE_SECONDS: Final = 60.0  # seconds for which a process caches the shares
MIN_RECORDS: Final = 1_000  # records with a field; too few for an estimate
COLUMNS: Final = {
    "make": "make",
    "calibre": "calibre",
    "type": "type",
    "country": "country_of_manufacture",
}
"""Counted columns by the name of their field in `search.evidence`."""

_cache: dict[str, tuple[float, Mapping[tuple[str, str], float]]] = {}


def shares() -> Mapping[tuple[str, str], float]:
    """Return each value's share by field (names of `search.evidence`). At most a minute old."""
    since, cached = _cache.get(DESCRIBED.code, (-CACHE_SECONDS, {}))
    if time.monotonic() - since < CACHE_SECONDS:
        return cached
    is_described = (Rollup.dataset == DESCRIBED.code, Rollup.amount > 0)
    sums = select(Rollup.subject, func.sum(Rollup.amount)).where(*is_described)
    by_field: dict[str, Counter[str]] = {field: Counter() for field in COLUMNS}
    for name, count in db.session.execute(sums.group_by(Rollup.subject)):
        field, _, value = name.partition(":")
        code = (names.calibre_family(value) or value) if field == "calibre" else value
        by_field[field][code] += int(count)
    result = {
        ("calibre_family" if field == "calibre" else field, value): count / total
        for field, values in by_field.items()
        if (total := values.total()) >= MIN_RECORDS
        for value, count in values.items()
    }
    _cache[DESCRIBED.code] = time.monotonic(), result
    return result


def clear_cache() -> None:
    """Clear the cache; for tests and bulk imports."""
    _cache.clear()


def select_counted(state: str, documents: Collection[UUID]) -> Select[Any]:
    """Return a query of the records of documents that figures count, with their settings."""
    query = select_current(Record).join(RecordSetting, RecordSetting.record_id == Record.id)
    return query.where(
        is_any_by_index(Record.document_id, documents),
        Record.owner_state == state,
        Record.event != ALERT,
        ~RecordSetting.is_void,
    )


def count_documents(state: str, documents: Collection[UUID]) -> dict[UUID, Counter[Fact]]:
    """Return what the records of documents count, by document."""
    facts: dict[UUID, Counter[Fact]] = {document: Counter() for document in documents}
    first = aliased(Record)
    query = select_counted(state, documents).where(RecordSetting.visibility != "silent")
    query = query.join(first, (first.id == Record.id) & (first.version == 1))
    columns = [getattr(Record, column) for column in COLUMNS.values()]
    keys = (Record.document_id, cast(first.recorded_at, Date), *columns)
    rows = db.session.execute(query.with_only_columns(*keys, func.count()).group_by(*keys))
    for document, on, *values, count in rows:
        facts[document][COVERAGE.fact(state, (), on)] += count
        for field, value in zip(COLUMNS, values, strict=True):
            if value:
                facts[document][DESCRIBED.fact(state, (f"{field}:{value}",), on)] += count
    return facts
