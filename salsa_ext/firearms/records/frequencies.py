"""Shares of makes, calibres, types and countries among the records.

They weigh agreement in a search. Counted when records are written, without `silent` ones: the
weight of a rare make would reveal that a state has one.
"""

from __future__ import annotations

import time
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
    since, found = _cache.get(DESCRIBED, (-CACHE_SECONDS, {}))
    if time.monotonic() - since >= CACHE_SECONDS:
        found = _shares_of(_counts())
        _cache[DESCRIBED] = time.monotonic(), found
    return found


def clear_cache() -> None:
    """Clear the cache; for tests and bulk imports."""
    _cache.clear()


def statistics_subject(field: str, value: str) -> str:
    """Return the statistics subject of a field's value."""
    return f"{field}:{value}"


def _counts() -> dict[str, int]:
    parts = [
        select(table.subject, table.amount).where(table.dataset == DESCRIBED)
        for table in (Rollup, RollupDelta)
    ]
    union = parts[0].union_all(parts[1]).subquery()
    sums = select(union.c.subject, func.sum(union.c.amount)).group_by(union.c.subject)
    return {name: int(count) for name, count in db.session.execute(sums)}


def _shares_of(counts: Mapping[str, int]) -> dict[tuple[str, str], float]:
    by_field: dict[str, dict[str, int]] = {field: {} for field in FIELDS}
    for name, count in counts.items():
        if count <= 0:  # corrections take away what they did not add
            continue
        field, _, value = name.partition(":")
        code = (names.calibre_family(value) or value) if field == "calibre" else value
        by_field[field][code] = by_field[field].get(code, 0) + count
    return {
        ("calibre_family" if field == "calibre" else field, value): count / total
        for field, values in by_field.items()
        if (total := sum(values.values())) >= MIN_RECORDS
        for value, count in values.items()
    }
