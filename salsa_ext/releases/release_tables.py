"""The tables of a release: what each counts, by state and by values of one dimension."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import func, select

from salsa_ext.core.errors import Message, message
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.database.session import db
from salsa_ext.reference.models import StateSetting
from salsa_ext.reference.names import participants
from salsa_ext.releases.models import Amounts
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.models import Rollup
from salsa_ext.tracing.requests.figures import REQUESTS
from salsa_ext.tracing.traces.figures import TRACES
from salsa_ext.trade.permits.figures import LICIT_TRADE, PERMITS

MAX_COLUMNS: Final = 20
OTHERS: Final = "others"
"""Column of what the largest columns leave over."""


@dataclass(frozen=True)
class TableType:
    """A table by state and `by`: dimensions of the base, or a finer one.

    Cells of an `is_uncut` one are never withheld: its totals are those that states let be read.
    """

    code: str
    title: Message
    dataset: Dataset
    by: tuple[str, ...]
    is_uncut: bool = False

    @property
    def where(self) -> Mapping[str, str]:
        """Return the values that are counted alone."""
        counted = self.dataset.counted_values.items()
        return {code: value for code, value in counted if code not in self.by}

    @property
    def is_several(self) -> bool:
        """Return whether an object counts in several columns, so that states have no total."""
        return self.dataset.dimensions[self.by[-1]].is_several

    @property
    def finer(self) -> str:
        """Return the finer dimension; '' for none."""
        return self.by[-1] if self.dataset.dimensions[self.by[-1]] in self.dataset.finer else ""


TABLE_TYPES: Final = (
    TableType(
        "seizures",
        message("Guns seized, found and surrendered, by class"),
        SEIZURES,
        ("kind", "class"),
        is_uncut=True,
    ),
    TableType("types", message("Guns by type"), SEIZURES, ("type",)),
    TableType("markings", message("Guns by the condition of their marks"), SEIZURES, ("marking",)),
    TableType("calibres", message("Guns by calibre"), SEIZURES, ("calibre",)),
    TableType(
        "countries",
        message("Guns by country of manufacture"),
        SEIZURES,
        ("country_of_manufacture",),
    ),
    TableType("grounds", message("Guns by legal ground"), SEIZURES, ("legal_ground",)),
    TableType("contexts", message("Guns by crime context"), SEIZURES, ("crime_context",)),
    TableType("dispositions", message("What became of the guns"), SEIZURES, ("disposition",)),
    TableType(
        "origins",
        message("Guns by who established their origin (SDG 16.4.2)"),
        SEIZURES,
        ("established_by",),
    ),
    TableType("traces", message("Traces by their outcome"), TRACES, ("outcome",)),
    TableType(
        "times", message("Traces by the time from first sale to find"), TRACES, ("time_to_crime",)
    ),
    TableType(
        "trade", message("Guns exported by licence, by tariff heading"), LICIT_TRADE, ("heading",)
    ),
    TableType("permits", message("Export permits, by the decision"), PERMITS, ("decision",)),
    TableType("requests", message("Requests received, by their answer"), REQUESTS, ("answer",)),
)
NOTHING: Final[Mapping[str, Any]] = {"columns": [], "rows": []}
"""What is published of a table in which no state has any figure."""
TABLES_BY_CODE: Final = {each.code: each for each in TABLE_TYPES}


def count_year(year: int) -> dict[str, Amounts]:
    """Return the amounts of all tables for a year, with silent records, by one statement.

    Without states that do not let their totals be read. As the worker.
    """
    amounts: dict[str, Amounts] = {each.code: defaultdict(Counter) for each in TABLE_TYPES}
    for dataset, state, subject, dimension, value, amount in db.session.execute(_select(year)):
        for table in TABLE_TYPES:
            if dataset in (table.dataset.code, table.dataset.silent) and dimension == table.finer:
                base = (each.code for each in table.dataset.base)
                values = {**dict(zip(base, subject.split("|"), strict=True)), dimension: value}
                if all(values[code] == each for code, each in table.where.items()):
                    column = "|".join(values[code] for code in table.by)
                    amounts[table.code][state][column] += int(amount)
    return {code: _limit(each) for code, each in amounts.items()}


def _select(year: int) -> Any:
    codes = {code for each in TABLE_TYPES for code in (each.dataset.code, each.dataset.silent)}
    withheld = select(StateSetting.owner_state).where(~StateSetting.yearly_totals)
    keys = (Rollup.dataset, Rollup.state, Rollup.subject, Rollup.dimension, Rollup.value)
    amount = func.sum(Rollup.amount)
    return (
        select(*keys, amount)
        .where(
            Rollup.dataset.in_(codes),
            Rollup.dimension.in_({each.finer for each in TABLE_TYPES}),
            Rollup.period.between(date(year, 1, 1), date(year, 12, 31)),
            Rollup.state.not_in(withheld),
        )
        .group_by(*keys)
        .having(amount > 0)
    )


def _limit(amounts: Amounts) -> Amounts:
    """Return the amounts of the largest columns, and those of all others as one."""
    totals = Counter[str]()
    for each in amounts.values():
        totals.update(each)
    largest = sorted(totals, key=lambda column: (-totals[column], column))
    if len(largest) <= MAX_COLUMNS:
        return {state: dict(each) for state, each in amounts.items()}
    columns = frozenset(largest[: MAX_COLUMNS - 1])
    limited: Amounts = {}
    for state, each in amounts.items():
        limited[state] = {column: each[column] for column in each if column in columns}
        limited[state][OTHERS] = sum(each[column] for column in each if column not in columns)
    return limited


def read_coverage(year: int) -> dict[str, list[str]]:
    """Return the states with any figure of a year, without, without guns in some months, and withheld.

    Also permits that no table has, as those of import, are figures.
    """
    query = select(StateSetting.owner_state).where(~StateSetting.yearly_totals)
    withheld = {*db.session.scalars(query)}
    codes = {code for each in TABLE_TYPES for code in (each.dataset.code, each.dataset.silent)}
    of_year = Rollup.period.between(date(year, 1, 1), date(year, 12, 31))
    counted_states = (
        select(Rollup.state)
        .where(Rollup.dataset.in_(codes), Rollup.dimension == "", of_year)
        .group_by(Rollup.state)
        .having(func.sum(Rollup.amount) > 0)
    )
    months = (
        select(Rollup.state)
        .where(
            Rollup.dataset.in_((SEIZURES.code, SEIZURES.silent)), Rollup.dimension == "", of_year
        )
        .group_by(Rollup.state, Rollup.period)
        .having(func.sum(Rollup.amount) > 0)
    )
    counted = {*db.session.scalars(counted_states)} - withheld
    full = {state for state, count in Counter(db.session.scalars(months)).items() if count == 12}
    return {
        "counted": sorted(counted),
        "incomplete": sorted(counted - full),
        "without": sorted({*participants()} - counted - withheld),
        "withheld": sorted(withheld),
    }


def changed_cells(
    code: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the cells of a table that were published differently before."""
    old, new = published_cells(before), published_cells(after)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key, 0) != new.get(key, 0):
            yield {
                "table": code,
                "state": key[0],
                "column": key[1],
                "before": old.get(key, 0),
                "after": new.get(key, 0),
            }


def published_cells(content: Mapping[str, Any]) -> dict[tuple[str, str], int | None]:
    """Return the cells of a table as published, by state and column ('' for all); None is withheld."""
    return {
        (row["state"], column): amount
        for row in content["rows"]
        for column, amount in zip(content["columns"], row["amounts"], strict=True)
    }
