"""How common makes, calibres, types and countries are in the records, which gives agreement its weight.

Counted where records are written, from those that are not `silent`: the weight of a rare make would
give away that somebody holds one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.models import Rollup, RollupDelta
from salsa_ext.readmodels import names

DATASET: Final = "described"
FRESH: Final = 600.0  # seconds for which a process keeps the shares: they move slowly
FEWEST: Final = 1_000  # records with a field; of fewer nothing can be said
FIELDS: Final = ("make", "calibre", "type", "country")

_kept: dict[str, tuple[float, Mapping[tuple[str, str], float]]] = {}


def shares() -> Mapping[tuple[str, str], float]:
    """Return the share of each value by field as `matching.evidence` names it; at most ten minutes old."""
    since, found = _kept.get(DATASET, (-FRESH, {}))
    if time.monotonic() - since >= FRESH:
        found = _shares(_counts())
        _kept[DATASET] = time.monotonic(), found
    return found


def forget() -> None:
    """Drop what is kept in memory; for tests and for those who fill a database."""
    _kept.clear()


def subject(field: str, value: str) -> str:
    """Return what a value of a field is counted as."""
    return f"{field}:{value}"


def _counts() -> dict[str, int]:
    parts = [
        select(table.subject, table.amount).where(table.dataset == DATASET)
        for table in (Rollup, RollupDelta)
    ]
    union = parts[0].union_all(parts[1]).subquery()
    sums = select(union.c.subject, func.sum(union.c.amount)).group_by(union.c.subject)
    return {name: int(count) for name, count in db.session.execute(sums)}


def _shares(counts: Mapping[str, int]) -> dict[tuple[str, str], float]:
    by_field: dict[str, dict[str, int]] = {field: {} for field in FIELDS}
    for name, count in counts.items():
        if count <= 0:  # corrections take away what they did not add
            continue
        field, _, value = name.partition(":")
        code = (names.family(value) or value) if field == "calibre" else value
        by_field[field][code] = by_field[field].get(code, 0) + count
    return {
        ("calibre_family" if field == "calibre" else field, value): count / total
        for field, values in by_field.items() if (total := sum(values.values())) >= FEWEST
        for value, count in values.items()
    }  # fmt: skip
