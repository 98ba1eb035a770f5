"""Counts of records: how many of each day, and the shares of makes, calibres, types, countries.

The shares weigh agreement in a search. Counted when records are written, without `silent` ones: the
weight of a rare make would reveal that a state has one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.database.session import db
from salsa_ext.firearms.records.event_kinds import ALERT
from salsa_ext.reference import names
from salsa_ext.statistics import rollups
from salsa_ext.statistics.dataset_types import CountKey, Dataset, Grain

COVERAGE: Final = Dataset("coverage", grain=Grain.DAY, readers="service")
"""Records by the day of recording: how far back a state's records go."""
DESCRIBED: Final = Dataset("described", grain=Grain.ALL_TIME, readers="service")
"""Records by field and value; all are read at once."""

CACHE_SECONDS: Final = 600.0  # seconds for which a process caches the shares: they change slowly
MIN_RECORDS: Final = 1_000  # records with a field; of fewer nothing can be said
COLUMNS: Final = {
    "make": "make",
    "calibre": "calibre",
    "type": "type",
    "country": "country_of_manufacture",
}
"""Counted columns by the name of their field in `search.evidence`."""

_cache: dict[str, tuple[float, Mapping[tuple[str, str], float]]] = {}


def shares() -> Mapping[tuple[str, str], float]:
    """Return each value's share by field (names of `search.evidence`).

    At most ten minutes old.
    """
    since, cached = _cache.get(DESCRIBED.code, (-CACHE_SECONDS, {}))
    if time.monotonic() - since < CACHE_SECONDS:
        return cached
    stored = rollups.amounts_of(DESCRIBED)
    sums = select(stored.c.subject, func.sum(stored.c.amount)).group_by(stored.c.subject)
    by_field: dict[str, Counter[str]] = {field: Counter() for field in COLUMNS}
    for name, count in db.session.execute(sums):
        if count > 0:  # corrections take away what they did not add
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


def count_record(
    owner: str, columns: Mapping[str, Any], recorded_at: datetime
) -> Iterator[CountKey]:
    """Yield the cells in which a record counts; the caller leaves out `silent` ones.

    Alerts count in none: they are no event of a gun's life.
    """
    if columns["event"] != ALERT:
        on = recorded_at.date()
        yield COVERAGE.key(owner, "", on)
        for field, column in COLUMNS.items():
            if value := columns[column]:
                yield DESCRIBED.key(owner, f"{field}:{value}", on)
