"""What is counted: datasets with their periods and readers, and the kinds of objects in them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from salsa_ext.reference import names

MIN_CELL: Final = 5
"""Smallest amount of a fine table that a release publishes."""
Readers = Literal["granted", "owner", "secretariat", "service"]
"""The own state, and the secretariat ended years where a state allows it; the own state alone; the
secretariat alone; nobody but the service."""


class Grain(Enum):
    """Length of a dataset's periods."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ALL_TIME = "all_time"

    def start(self, on: date) -> date:
        """Return the first day of the period of a day."""
        if self is Grain.ALL_TIME:
            return ALL_TIME
        if self is Grain.DAY:
            return on
        if self is Grain.YEAR:
            return date(on.year, 1, 1)
        return date(on.year, on.month - ((on.month - 1) % 3 if self is Grain.QUARTER else 0), 1)

    def label(self, start: date) -> str:
        """Return a period as clients read it: 2026, 2026-Q1, 2026-03 or 2026-03-14."""
        if self is Grain.YEAR:
            return str(start.year)
        if self is Grain.QUARTER:
            return f"{start.year}-Q{(start.month + 2) // 3}"
        return start.isoformat()[:7] if self is Grain.MONTH else start.isoformat()


class Fact(NamedTuple):
    """What an object counts: a subject in a period, with a value of each finer dimension.

    `subject` joins the values of the dataset's base with `|`; `partner` is a state or ''.
    """

    dataset: str
    state: str
    subject: str
    period: date
    partner: str = ""
    values: tuple[tuple[str, str], ...] = ()


class CountKey(NamedTuple):
    """A cell: a subject in a period, as a whole (`dimension` '') or by one finer dimension."""

    dataset: str
    state: str
    subject: str
    period: date
    partner: str = ""
    dimension: str = ""
    value: str = ""


Facts = Mapping[Fact, int]
ALL_TIME: Final = date(1900, 1, 1)
"""The period of what is counted by none."""


def expand(facts: Facts) -> Counter[CountKey]:
    """Return the cells of facts: of each the whole, and one for each of its values."""
    cells = Counter[CountKey]()
    for fact, amount in facts.items():
        for dimension, value in (("", ""), *fact.values):
            cells[CountKey(*fact[:5], dimension, value)] += amount
    return cells


def sum_years(cells: Mapping[CountKey, int]) -> Counter[CountKey]:
    """Return the sums of cells by year, of those that have one."""
    sums = Counter[CountKey]()
    for key, amount in cells.items():
        if key.period != ALL_TIME:
            sums[key._replace(period=Grain.YEAR.start(key.period))] += amount
    return sums


@dataclass(frozen=True)
class Dimension:
    """What a dataset is counted by: its name for clients, and the kind of its labels.

    Of `is_several` an object may have several values, and counts under each. A table that is not
    by it counts those of its `default`, or all without one. A finer one of `is_total` is in the
    yearly totals that states allow, as the base is.
    """

    code: str
    labels: str
    is_several: bool = False
    default: str = ""
    is_total: bool = False

    def values(self) -> Sequence[str]:
        """Return the codes that it may have; none where any text may be one."""
        if self.labels in ("", "calibre"):
            return ()
        return tuple(dict.fromkeys((*names.labels(self.labels, "en"), "unknown", "none")))


@dataclass(frozen=True)
class Dataset:
    """A count by the dimensions of its `base`, by each of its `finer` ones, state and period.

    A table combines any of the base and at most one finer dimension: so sums stay few, however many
    objects there are. The own state reads its figures whole, other states what releases publish.
    Of `counted` values a page and a release count alone, unless by that dimension. `silent` is the
    code of the dataset that counts the same of silent records: the own state reads it with this
    one, and releases hold both. `has_partner`: facts have another state as partner.
    `registers` are those that a state has its objects from, each with the first value of what is
    from it, or ''.
    """

    code: str
    base: tuple[Dimension, ...] = ()
    finer: tuple[Dimension, ...] = ()
    counted: Mapping[str, str] = field(default_factory=dict)
    grain: Grain = Grain.MONTH
    readers: Readers = "granted"
    silent: str = ""
    has_partner: bool = False
    registers: Mapping[str, str] = field(default_factory=dict)

    def fact(
        self,
        state: str,
        subject: Sequence[str],
        on: date,
        partner: str = "",
        values: Iterable[tuple[str, str]] = (),
    ) -> Fact:
        """Return what something of a day counts."""
        period = self.grain.start(on)
        return Fact(self.code, state, "|".join(subject), period, partner, tuple(sorted(values)))

    @property
    def counted_values(self) -> dict[str, str]:
        """Return the value that a table counts of each dimension, unless it is by it."""
        return {each.code: each.default for each in self.base if each.default} | {**self.counted}

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """Return all dimensions by their codes."""
        return {each.code: each for each in (*self.base, *self.finer)}

    @property
    def totals(self) -> tuple[Dimension, ...]:
        """Return the dimensions of the yearly totals that states allow."""
        return *self.base, *(each for each in self.finer if each.is_total)


@dataclass(frozen=True)
class CountedKind:
    """Kind of objects, named as in the log of changes, with the table of their ids.

    `count(state, ids)` returns what a state's objects and their parts count now, by id; silent
    records in a dataset of their own or in none, since figures would reveal them.
    """

    code: str
    model: Any
    count: Callable[[str, Collection[UUID]], Mapping[UUID, Facts]]
