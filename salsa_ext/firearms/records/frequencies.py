"""Shares of makes, calibres, types and countries among the records.

They weigh agreement in a search. Counted when records are written, without `silent` ones: the
weight of a rare make would reveal that a state has one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select

from salsa_ext.database.session import db
from salsa_ext.reference import names
from salsa_ext.statistics.models import Rollup, RollupDelta
from salsa_ext.statistics.rollups import DESCRIBED

CACHE_SECONDS: Final = 600.0  # seconds for which a process keeps the shares: they move slowly
MIN_RECORDS: Final = 1_000  # records with a field; of fewer nothing can be said
FIELDS: Final = ("make", "calibre", "type", "country")

_cache: dict[str, tuple[float, Mapping[tuple[str, str], float]]] = {}


def shares() -> Mapping[tuple[str, str], float]:
    """Return each value's share by field (names of `search.evidence`).

    At most ten minutes old.
    """
    since, cached = _cache.get(DESCRIBED, (-CACHE_SECONDS, {}))
    if time.monotonic() - since < CACHE_SECONDS:
        return cached
    parts = [
        select(table.subject, table.amount).where(table.dataset == DESCRIBED)
        for table in (Rollup, RollupDelta)
    ]
    union = parts[0].union_all(parts[1]).subquery()
    sums = select(union.c.subject, func.sum(union.c.amount)).group_by(union.c.subject)
    by_field: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
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
    _cache[DESCRIBED] = time.monotonic(), result
    return result


def clear_cache() -> None:
    """Clear the cache; for tests and bulk imports."""
    _cache.clear()


def statistics_subject(field: str, value: str) -> str:
    """Return the statistics subject of a field's value."""
    return f"{field}:{value}"
