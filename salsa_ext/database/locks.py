"""Versions of append-only rows, and locks until the transaction ends.

Order against deadlocks: guns, rows of shipments, trade of states in alphabetical order, rows of
permits and of their lines, pairs of the exchange.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, select, text
from sqlalchemy.orm import aliased

from salsa_ext.core.errors import NotFound, StaleVersion
from salsa_ext.database.session import db

ModelT = TypeVar("ModelT", bound=Any)


def lock(
    model: type[ModelT], key: Any, expected_version: int | None = None, *, kind: str = ""
) -> ModelT:
    """Return a row, locked and read afresh; raises NotFound, StaleVersion.

    Row-level security lets a state lock only the rows that it may change. `kind` names the object
    in NotFound if it differs from the table.
    """
    row = db.session.get(model, key, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound(kind or model.__tablename__, key[0] if isinstance(key, tuple) else key)
    if expected_version is not None:
        check_version(row.version, expected_version)
    return row


def check_version(version: int, expected: int | None) -> None:
    """Raise StaleVersion unless the caller has read this version, or None is expected."""
    if expected is not None and expected != version:
        raise StaleVersion


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK_TRADE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('trade:' || state, 0))"
    " FROM unnest(CAST(:states AS text[])) WITH ORDINALITY AS locked (state, at) ORDER BY at"
)
_GUNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('second:' || gun, 0))"
    " FROM unnest(CAST(:guns AS text[])) WITH ORDINALITY AS asked (gun, at) ORDER BY at"
)


def lock_trade(states: Iterable[str]) -> None:
    """Lock the permits of these states, with what others ship under them.

    One at a time changes or compares a state's permits, or draws on its import certificates. To be
    acquired before rows of permits; rows of shipments may be locked already.
    """
    db.session.execute(_LOCK_TRADE, {"states": sorted(set(states))})


def lock_call_requests(state: str, post: str) -> None:
    """Lock the call requests of one side of a post."""
    db.session.execute(_LOCK, {"name": f"calls:{state}:{post}"})


def lock_consents(state: str, record: object) -> None:
    """Lock a state's consent requests for one record."""
    db.session.execute(_LOCK, {"name": f"consents:{state}:{record}"})


def lock_guns(guns: Iterable[str]) -> None:
    """Lock guns while checking for duplicate reports, traces and alerts.

    To be acquired before all other locks.
    """
    if keys := sorted(set(guns)):
        db.session.execute(_GUNS, {"guns": keys})


@dataclass(frozen=True)
class VersionInfo:
    """Version with its time and reason; may be a withdrawal."""

    version: int
    recorded_at: datetime
    reason: str | None
    is_withdrawal: bool = False


def list_versions(document: Any, *, is_own: bool) -> Sequence[VersionInfo]:
    """Return a document's versions up to the given one, oldest first."""
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
