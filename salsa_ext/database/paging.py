"""Keyset pagination by id, or by a time column and id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy.orm import aliased

from salsa_ext.core.errors import Invalid, message
from salsa_ext.database.session import db

Item = TypeVar("Item")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Items and the cursor of the next page (None at the end)."""

    items: Sequence[Item]
    next: str | None = None

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
    moment: Any = None,
) -> Page[Any]:
    """Fetch one page of an entity's query, by default newest first.

    `moment` is a column that sorts before the key: imported rows have new ids and old times. Raises
    Invalid for a bad cursor.
    """
    if cursor is not None:
        query = query.where(_after_cursor(key, cursor, is_oldest_first, moment))
    order = (key,) if moment is None else (moment, key)
    query = query.order_by(
        *(column.asc() if is_oldest_first else column.desc() for column in order)
    )
    query = query.limit(limit + 1)
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    more = len(rows) > limit
    return Page(rows[:limit], str(rows[limit - 1].id) if more else None)


def _after_cursor(key: Any, cursor: str, is_oldest_first: bool, moment: Any) -> ColumnElement[bool]:
    try:
        last = UUID(cursor)
    except ValueError:
        raise Invalid(
            {"cursor": [message("This is not a cursor of this list; begin without one.")]}
        ) from None
    at, after = (key, last) if moment is None else _sort_keys(key, last, moment)
    beyond: ColumnElement[bool] = at > after if is_oldest_first else at < after
    return beyond


def _sort_keys(key: Any, last: UUID, moment: Any) -> tuple[Any, Any]:
    """Return the sort columns, and their values in the cursor's row."""
    same = aliased(key.class_)
    then = select(getattr(same, moment.key)).where(getattr(same, key.key) == last)
    return tuple_(moment, key), tuple_(then.scalar_subquery(), literal(last, key.type))
