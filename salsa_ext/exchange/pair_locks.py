"""Locks on pairs of states: one lock for both directions.

Sending, receiving and processing hold the lock of the pair in either direction: with one lock for
each direction, two states that ask each other at one moment would deadlock.

A transaction waits for pairs once, for all that it knows it will need, in one order, and before any
row of a trace or a request. For a pair needed later, such as with a state that an answer refers to,
it tries the lock and leaves the rest to the worker.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlalchemy.orm import SessionTransaction

from salsa_ext.database.session import db, execute_raw

_LOCK = (
    "SELECT pg_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))"
    " FROM unnest(%s::text[]) WITH ORDINALITY AS named (pair, at) ORDER BY at"
)
_TRY = (
    "SELECT pair FROM unnest(%s::text[]) AS named (pair)"
    " WHERE pg_try_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))"
)


def lock_with(state: str, others: Iterable[str]) -> None:
    """Lock a state's pairs with others until the transaction ends."""
    lock_pairs((state, other) for other in others)


def lock_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Lock pairs of states until the transaction ends, in one order."""
    missing = {_pair_name(*each) for each in pairs} - _locked_pairs()
    if missing:
        execute_raw(_LOCK, (sorted(missing),))
        _mark_locked(missing)


def try_lock_with(state: str, other: str) -> bool:
    """Lock a pair if free; returns whether it is locked."""
    return bool(try_lock_each(state, [other]))


def try_lock_each(state: str, others: Iterable[str]) -> set[str]:
    """Lock the pairs that are free; returns the others of locked pairs."""
    names, locked = {_pair_name(state, other): other for other in others}, _locked_pairs()
    if missing := sorted(names.keys() - locked):
        obtained = {name for (name,) in execute_raw(_TRY, (missing,))}
        _mark_locked(obtained)
        locked |= obtained
    return {other for name, other in names.items() if name in locked}


def _locked_pairs() -> set[str]:
    """Return the pairs that this transaction has locked.

    A savepoint's locks end with it.
    """
    savepoints = db.session.info.get("pairs", {})
    locked, within = set[str](), _innermost_transaction()
    while within is not None:
        locked |= savepoints.get(within, set())
        within = within.parent
    return locked


def _mark_locked(names: set[str]) -> None:
    savepoints = db.session.info.setdefault("pairs", WeakKeyDictionary())
    if (within := _innermost_transaction()) is not None:
        savepoints.setdefault(within, set()).update(names)


def _innermost_transaction() -> SessionTransaction | None:
    session = db.session()
    return session.get_nested_transaction() or session.get_transaction()


def _pair_name(state: str, other: str) -> str:
    return " ".join(sorted((state, other)))
