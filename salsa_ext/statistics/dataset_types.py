"""What is counted: datasets with their periods and readers, and the kinds of objects in them.

Each subject declares its own in `figures.py`; `salsa_ext/figures.py` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

MIN_CELL: Final = 5
"""Smallest amount that other states may read; with one below, a table has no total."""
Readers = Literal["states", "secretariat", "service"]


class Grain(Enum):
    """Length of a dataset's periods."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    ALL_TIME = "all_time"

    def start(self, on: date) -> date:
        """Return the first day of the period of a day."""
        if self is Grain.ALL_TIME:
            return date(1900, 1, 1)
        if self is Grain.DAY:
            return on
        return date(on.year, on.month - ((on.month - 1) % 3 if self is Grain.QUARTER else 0), 1)

    def label(self, start: date) -> str:
        """Return a period as clients read it: 2026-Q1, 2026-03 or 2026-03-14."""
        if self is Grain.QUARTER:
            return f"{start.year}-Q{(start.month + 2) // 3}"
        return start.isoformat()[:7] if self is Grain.MONTH else start.isoformat()


class CountKey(NamedTuple):
    """A cell: what is counted, by state, partner state (or '') and start of the period."""

    dataset: str
    state: str
    subject: str
    period: date
    partner: str = ""


Cells = Mapping[CountKey, int]


@dataclass(frozen=True)
class Dataset:
    """A count by `subject` (its name for clients), state and period.

    Clients filter by the codes that `subjects` returns, or by any if it is None. The secretariat
    reads its own datasets whole and up to the present day, since they count work; what all states
    read ends with the last period and hides small cells. The `service` alone reads the rest.
    """

    code: str
    subject: str = ""
    subjects: Callable[[], Sequence[str]] | None = None
    grain: Grain = Grain.QUARTER
    readers: Readers = "states"

    def key(self, state: str, subject: str, on: date, partner: str = "") -> CountKey:
        """Return the cell in which something of a day counts."""
        return CountKey(self.code, state, subject, self.grain.start(on), partner)


@dataclass(frozen=True)
class CountedKind:
    """Kind of objects, named as in the log of changes, with the table of their ids.

    `count(state, ids)` returns the cells in which a state's objects and their parts count now, by
    id; silent records in none, since figures would reveal them.
    """

    code: str
    model: Any
    count: Callable[[str, Collection[UUID]], Mapping[UUID, Cells]]
