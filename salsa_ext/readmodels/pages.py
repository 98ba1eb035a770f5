"""Pages of lists, newest first, by the key that grows with time, or by a moment before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, select, tuple_
from sqlalchemy.orm import aliased

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
    query: Select[Any], key: Any, limit: int, cursor: str | None, *, is_oldest_first: bool = False,
    moment: Any = None,
) -> Page[Any]:  # fmt: skip
    """Run a query of one entity, newest first unless told otherwise, for one page.

    Where a `moment` of the entity is named, that comes before its key: what was imported has new keys
    and old moments.
    """
    if cursor is not None:
        query = query.where(_beyond(key, cursor, is_oldest_first, moment))
    order = (key,) if moment is None else (moment, key)
    query = query.order_by(*(one.asc() if is_oldest_first else one.desc() for one in order))
    query = query.limit(limit + 1)
    rows = db.session.scalars(query.execution_options(populate_existing=True)).all()
    more = len(rows) > limit
    return Page(rows[:limit], str(rows[limit - 1].id) if more else None)


def _beyond(key: Any, cursor: str, is_oldest_first: bool, moment: Any) -> ColumnElement[bool]:
    try:
        last = UUID(cursor)
    except ValueError:
        raise Invalid(
            {"cursor": [say("This is not a cursor of this list; begin without one.")]}
        ) from None
    at, after = (key, last) if moment is None else _at(key, last, moment)
    beyond: ColumnElement[bool] = at > after if is_oldest_first else at < after
    return beyond


def _at(key: Any, last: UUID, moment: Any) -> tuple[Any, Any]:
    """Return where a row stands in the order, and where the last one did that was shown."""
    same = aliased(key.class_)
    then = select(getattr(same, moment.key)).where(getattr(same, key.key) == last)
    return tuple_(moment, key), tuple_(then.scalar_subquery(), literal(last, key.type))
