"""Current or past versions of append-only rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from salsa_ext.database.session import db


@dataclass(frozen=True)
class VersionInfo:
    """Version with its time and reason; may be a withdrawal."""

    version: int
    recorded_at: datetime
    reason: str | None
    is_withdrawal: bool = False


def list_versions(document: Any, *, is_own: bool) -> Sequence[VersionInfo]:
    """Return a document's versions up to the given one, oldest first.

    Reasons of older versions are hidden from other states.
    """
    model = type(document)
    of_it = (model.id == document.id, model.version < document.version)
    before = select(model.version, model.recorded_at, model.reason).where(*of_it)
    rows = db.session.execute(before.order_by(model.version)).all()
    past = [VersionInfo(*row) for row in rows]
    is_gone = getattr(document, "status", None) == "withdrawn"
    now = VersionInfo(document.version, document.recorded_at, document.reason, is_gone)
    return [*(past if is_own else (replace(version, reason=None) for version in past)), now]


def select_current(model: Any, as_of: datetime | None = None) -> Select[Any]:
    """Return a query of the newest versions, now or at `as_of`."""
    return _select_newest(model) if as_of is None else _select_newest_at(model, as_of)


@cache
def _select_newest(model: Any) -> Select[Any]:
    """Build the query once per model; an alias costs a millisecond."""
    return _select_newest_at(model, None)


def _select_newest_at(model: Any, as_of: datetime | None) -> Select[Any]:
    newer = aliased(model)
    later = select(newer.id).where(newer.id == model.id, newer.version > model.version)
    query = select(model)
    if as_of is not None:
        later = later.where(newer.recorded_at <= as_of)
        query = query.where(model.recorded_at <= as_of)
    return query.where(~later.exists())
