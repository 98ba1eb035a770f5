"""Locks until the transaction ends: of one row, and advisory ones of trade and duplicates.

Comparing permits needs all related ones unchanged, so states that record counterparts at once take
turns; shipments change only balances and share the lock. Order against deadlocks: guns, states of
permits in alphabetical order, rows of permits and shipments, quotas, registers of licensees, pairs
of the exchange.
"""

from __future__ import annotations

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


_PERMITS = text("SELECT pg_advisory_xact_lock(hashtextextended('permits:' || :state, 0))")
_PERMITS_SHARED = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('permits:' || :state, 0))"
)

_REGISTERS = text("SELECT pg_advisory_xact_lock(hashtextextended('registers', 0))")
_REGISTERS_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('registers', 0))")
_CALLS = text("SELECT pg_advisory_xact_lock(hashtextextended('calls:' || :side, 0))")
_CONSENTS = text("SELECT pg_advisory_xact_lock(hashtextextended('consents:' || :asked, 0))")
_GUNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('second:' || gun, 0))"
    " FROM unnest(CAST(:guns AS text[])) WITH ORDINALITY AS asked (gun, at) ORDER BY at"
)
_QUOTAS = text("SELECT pg_advisory_xact_lock(hashtextextended('draws:' || :state, 0))")


def lock_permits(states: Iterable[str]) -> None:
    """Lock the permits that concern these states, exclusively."""
    for state in sorted(set(states)):  # in order, so that two never wait for each other
        db.session.execute(_PERMITS, {"state": state})


def share_permits(states: Iterable[str]) -> None:
    """Lock the permits that concern these states against changes, shared."""
    for state in sorted(set(states)):
        db.session.execute(_PERMITS_SHARED, {"state": state})


def lock_quotas(state: str) -> None:
    """Lock the quotas of a state's import certificates.

    Several states may ship under one certificate; each must see the others' quantities.
    """
    db.session.execute(_QUOTAS, {"state": state})


def lock_call_requests(state: str, post: str) -> None:
    """Lock the call requests of one side of a post."""
    db.session.execute(_CALLS, {"side": f"{state}:{post}"})


def lock_consents(state: str, record: object) -> None:
    """Lock a state's consent requests for one record."""
    db.session.execute(_CONSENTS, {"asked": f"{state}:{record}"})


def lock_guns(guns: Iterable[str]) -> None:
    """Lock guns while checking for duplicate reports, traces and alerts.

    To be acquired before all other locks.
    """
    if asked := sorted(set(guns)):
        db.session.execute(_GUNS, {"guns": asked})


def lock_registers() -> None:
    """Lock the registers of licensees, exclusively."""
    db.session.execute(_REGISTERS)


def share_registers() -> None:
    """Lock the registers of licensees against changes, shared."""
    db.session.execute(_REGISTERS_SHARED)
