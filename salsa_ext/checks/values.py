"""Input of checks: one query, or a batch for one purpose."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from salsa_ext.core.actor import Purpose
from salsa_ext.firearms.marks.values import Query

MAX_BATCH_CHECKS: Final = 10_000


@dataclass(frozen=True)
class CheckData:
    """A check in the field: query, purpose, and case or incident."""

    query: Query
    purpose: Purpose


@dataclass(frozen=True)
class CheckBatchData:
    """Checks of several guns for one purpose. `items` are by line: a query, or the line's problem."""

    purpose: Purpose
    items: Collection[Any] = ()
