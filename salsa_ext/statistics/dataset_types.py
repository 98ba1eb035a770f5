"""What is counted: a dataset with its periods, its readers and the count of stored records.

Each subject declares its datasets in `figures.py`; `salsa_ext/figures.py` lists those that clients
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, Literal, NamedTuple

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
    `recount` yields the cells of the stored records of a state; None if these do not tell.
    """

    code: str
    subject: str = ""
    subjects: Callable[[], Sequence[str]] | None = None
    grain: Grain = Grain.QUARTER
    readers: Readers = "states"
    recount: Callable[[str], Iterable[Cells]] | None = None

    def key(self, state: str, subject: str, on: date, partner: str = "") -> CountKey:
        """Return the cell in which something of a day counts."""
        return CountKey(self.code, state, subject, self.grain.start(on), partner)
