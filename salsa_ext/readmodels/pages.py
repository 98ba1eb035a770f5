"""Pages of lists, newest first, by the key that grows with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select

from salsa_ext.db import db
from salsa_ext.errors import Invalid, say

Item = TypeVar("Item")
Other = TypeVar("Other")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items, and the cursor after which the next ones begin (None at the end)."""

    items: Sequence[Item]
    next: str | None = None

    def of(self, items: Sequence[Other]) -> Page[Other]:
        """Return the same page with other items."""
        return replace(self, items=items)  # type: ignore[arg-type,return-value]


def page(
    query: Select[Any], key: Any, limit: int, cursor: str | None, *, is_oldest_first: bool = False
) -> Page[Any]:
    """Run a query of one entity, newest first unless told otherwise, for one page."""
    if cursor is not None:
        query = query.where(_beyond(key, cursor, is_oldest_first))
    query = query.order_by(key.asc() if is_oldest_first else key.desc()).limit(limit + 1)
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    more = len(rows) > limit
    return Page(rows[:limit], str(rows[limit - 1].id) if more else None)


def _beyond(key: Any, cursor: str, is_oldest_first: bool) -> ColumnElement[bool]:
    try:
        last = UUID(cursor)
    except ValueError:
        raise Invalid(
            {"cursor": [say("This is not a cursor of this list; begin without one.")]}
        ) from None
    beyond: ColumnElement[bool] = key > last if is_oldest_first else key < last
    return beyond
