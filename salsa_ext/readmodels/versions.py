"""The current version of what is only added to, or the one that stood at a moment in the past."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased


def current(model: Any, as_of: datetime | None = None) -> Select[Any]:
    """Return a query of the newest versions, or of those newest at `as_of`."""
    return _newest(model) if as_of is None else _newest_at(model, as_of)


@cache
def _newest(model: Any) -> Select[Any]:
    """Make the query once: a query is never changed, and an alias of a model costs a millisecond."""
    return _newest_at(model, None)


def _newest_at(model: Any, as_of: datetime | None) -> Select[Any]:
    newer = aliased(model)
    later = select(newer.id).where(newer.id == model.id, newer.version > model.version)
    query = select(model)
    if as_of is not None:
        later = later.where(newer.recorded_at <= as_of)
        query = query.where(model.recorded_at <= as_of)
    return query.where(~later.exists())
