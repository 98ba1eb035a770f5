"""Locks until the transaction ends: of one row, and advisory locks by name.

Order against deadlocks: guns, rows of shipments, trade of states in alphabetical order, rows of
permits and of their lines, pairs of the exchange.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import text

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
