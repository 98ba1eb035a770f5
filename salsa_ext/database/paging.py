"""Keyset pagination by id, or by a column and id; totals, ranges of days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from salsa_ext.core.dates import first_day
from salsa_ext.core.errors import Invalid, message
from salsa_ext.database.session import db

Item = TypeVar("Item")
Other = TypeVar("Other")
WRONG_CURSOR: Final = message("This is not a cursor of this list; begin without one.")
MAX_COUNTED: Final = 10_000
"""Items of a list that are counted; more are shown as more."""
SEPARATOR: Final = "~"
"""Between the id and the value of a sorted list's cursor."""
PARSERS: Final[Mapping[type, Callable[[str], Any]]] = {
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    str: str,
}


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Items and the cursor of the next page (None at the end).

    `reader` opens the view of who reads the items; they are counted in it.
    """

    items: Sequence[Item]
    next: str | None = None
    _query: Select[Any] | None = field(default=None, repr=False, compare=False)
    reader: Callable[[], AbstractContextManager[None]] = field(
        default=nullcontext, repr=False, compare=False
    )

    def count(self, most: int) -> int | None:
        """Return how many items all pages have, `most` + 1 for more; None if unknown."""
        if self._query is None:
            return None
        some = self._query.order_by(None).limit(most + 1).subquery()
        with self.reader():
            return db.session.scalar(select(func.count()).select_from(some)) or 0

    def with_items(self, items: Sequence[Other]) -> Page[Other]:
        """Return the same page with other items."""
        return replace(self, items=items)  # type: ignore[arg-type,return-value]


def fetch_page(
    query: Select[Any],
    key: Any,
    limit: int,
    cursor: str | None,
    *,
    is_oldest_first: bool = False,
    before: Sequence[Any] = (),
) -> Page[Any]:
    """Fetch one page of an entity's query, by default newest first.

    `before` are columns that sort before the key: imported rows have new ids and old times. Raises
    Invalid for a bad cursor.
    """
    counted = query
    if cursor is not None:
        query = query.where(_after_cursor(key, cursor, is_oldest_first, before))
    order = (*before, key)
    query = query.order_by(
        *(column.asc() if is_oldest_first else column.desc() for column in order)
    )
    query = query.limit(limit + 1)
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    more = len(rows) > limit
    return Page(rows[:limit], str(rows[limit - 1].id) if more else None, counted)


@dataclass(frozen=True)
class Listing:
    """How a list is narrowed and sorted: by what its address may name.

    `day` is the column of the date range. `sorts` are names of columns without nulls, by which the
    list is sorted; with a minus sign the greatest comes first.
    """

    model: Any
    day: str
    sorts: tuple[str, ...]

    @property
    def sort_codes(self) -> tuple[str, ...]:
        """Return what the address may name: each column, upward and downward."""
        return tuple(sign + name for name in self.sorts for sign in ("", "-"))

    def fetch(
        self, query: Select[Any], filters: Mapping[str, Any], limit: int, cursor: str | None
    ) -> Page[Any]:
        """Fetch one page by `from_day`, `to_day` and `sort`, else newest first."""
        query = self.between(query, filters.get("from_day"), filters.get("to_day"))
        sort = filters.get("sort")
        if sort is None:
            return fetch_page(query, self.model.id, limit, cursor)
        return self._fetch_sorted(query, sort, limit, cursor)

    def between(self, query: Select[Any], first: date | None, last: date | None) -> Select[Any]:
        """Narrow to days from `first` to `last`, of a moment in UTC; a rough date is in if it may be."""
        day = getattr(self.model, self.day)
        if isinstance(day.type, DateTime):
            query = query if first is None else query.where(day >= first)
            return query if last is None else query.where(day < last + timedelta(days=1))
        if first is not None:
            query = query.where(day >= first.replace(month=1, day=1))
            within = getattr(self.model, f"{self.day.removesuffix('_on')}_within", None)
            least = func.date_trunc(func.coalesce(within, "day"), first)
            query = query.where(day >= (first if within is None else least))
        return query if last is None else query.where(day <= last)

    def _fetch_sorted(
        self, query: Select[Any], sort: str, limit: int, cursor: str | None
    ) -> Page[Any]:
        name, is_upward = sort.removeprefix("-"), not sort.startswith("-")
        column, key = getattr(self.model, name), self.model.id
        counted = query
        if cursor is not None:
            last = tuple_(*_parse_sorted_cursor(cursor, column, key))
            place = tuple_(column, key)
            query = query.where(place > last if is_upward else place < last)
        query = query.order_by(
            *(each.asc() if is_upward else each.desc() for each in (column, key))
        )
        query = query.limit(limit + 1).execution_options(populate_existing=True)
        rows = db.session.scalars(query).all()
        if len(rows) <= limit:
            return Page(rows, None, counted)
        last_row = rows[limit - 1]
        value = getattr(last_row, name)
        is_exact = isinstance(value, datetime)
        text = (
            value
            if isinstance(value, str)
            else (value if is_exact else first_day(value)).isoformat()
        )
        return Page(rows[:limit], f"{last_row.id}{SEPARATOR}{text}", counted)


def _parse_sorted_cursor(cursor: str, column: Any, key: Any) -> tuple[Any, Any]:
    """Return value and id of the last row; raises Invalid."""
    last, _, text = cursor.partition(SEPARATOR)
    try:
        value = PARSERS[column.type.python_type](text)
        return literal(value, column.type), literal(UUID(last), key.type)
    except ValueError:
        raise Invalid({"cursor": [WRONG_CURSOR]}) from None


def _after_cursor(
    key: Any, cursor: str, is_oldest_first: bool, before: Sequence[Any]
) -> ColumnElement[bool]:
    try:
        last = UUID(cursor)
    except ValueError:
        raise Invalid({"cursor": [WRONG_CURSOR]}) from None
    at, after = _sort_keys(key, last, before) if before else (key, last)
    beyond: ColumnElement[bool] = at > after if is_oldest_first else at < after
    return beyond


def _sort_keys(key: Any, last: UUID, before: Sequence[Any]) -> tuple[Any, Any]:
    """Return the sort columns, and their values in the cursor's row."""
    same = aliased(key.class_)
    then = (
        select(getattr(same, column.key)).where(getattr(same, key.key) == last) for column in before
    )
    values = (each.scalar_subquery() for each in then)
    return tuple_(*before, key), tuple_(*values, literal(last, key.type))
