"""The current version of what is only added to, or the one that stood at a moment in the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from salsa_ext.db import db


@dataclass(frozen=True)
class Telling:
    """When a version was told, and why: the first without a reason; one may say that it is withdrawn."""

    version: int
    recorded_at: datetime
    reason: str | None
    is_withdrawal: bool = False


def versions_of(document: Any, *, is_own: bool) -> Sequence[Telling]:
    """Return the versions of a document up to the one that is read, oldest first.

    Why another state corrected what stands no more is not told.
    """
    model = type(document)
    of_it = (model.id == document.id, model.version < document.version)
    before = select(model.version, model.recorded_at, model.reason).where(*of_it)
    rows = db.session.execute(before.order_by(model.version)).all()
    past = [Telling(*row) for row in rows]
    is_gone = getattr(document, "status", None) == "withdrawn"
    now = Telling(document.version, document.recorded_at, document.reason, is_gone)
    return [*(past if is_own else (replace(one, reason=None) for one in past)), now]


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
