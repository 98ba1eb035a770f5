"""Locks of two states that talk: both directions at once, so that answers wait for nobody.

Whoever puts, receives or applies holds the lock of the two, whichever of them speaks. Were it one
lock for each direction, two states that ask each other at one moment would wait for good.

A transaction waits for pairs once, for all that it knows it will need, in one order, and before any
row of a trace or a request. Of what it comes to need later, such as of a state that an answer points
to, it takes what nobody has, and leaves the rest to the worker.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlalchemy.orm import SessionTransaction

from salsa_ext.db import ask, db

_LOCK = ("SELECT pg_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))"
         " FROM unnest(%s::text[]) WITH ORDINALITY AS named (pair, at) ORDER BY at")  # fmt: skip
_TRY = ("SELECT pair FROM unnest(%s::text[]) AS named (pair)"
        " WHERE pg_try_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))")  # fmt: skip


def lock(state: str, others: Iterable[str]) -> None:
    """Keep everybody else from what a state and each of the others say, until the end."""
    lock_all((state, other) for other in others)


def lock_all(two: Iterable[tuple[str, str]]) -> None:
    """Keep everybody else from what each two states say, until the end: in one order for all."""
    wanted = {_name(*each) for each in two} - _held()
    if wanted:
        ask(_LOCK, (sorted(wanted),))
        _remember(wanted)


def try_lock(state: str, other: str) -> bool:
    """Do the same where nobody has it, as SKIP LOCKED does with rows; tells whether it is held."""
    return bool(try_each(state, [other]))


def try_each(state: str, others: Iterable[str]) -> set[str]:
    """Do the same with those that nobody has; returns the others of which it is held."""
    names, held = {_name(state, other): other for other in others}, _held()
    if wanted := sorted(names.keys() - held):
        taken = {name for (name,) in ask(_TRY, (wanted,))}
        _remember(taken)
        held |= taken
    return {other for name, other in names.items() if name in held}


def _held() -> set[str]:
    """Return the pairs whose lock the transaction has; one that a savepoint took ends with it."""
    taken = db.session.info.get("pairs", {})
    held, within = set[str](), _innermost()
    while within is not None:
        held |= taken.get(within, set())
        within = within.parent
    return held


def _remember(names: set[str]) -> None:
    taken = db.session.info.setdefault("pairs", WeakKeyDictionary())
    if (within := _innermost()) is not None:
        taken.setdefault(within, set()).update(names)


def _innermost() -> SessionTransaction | None:
    session = db.session()
    return session.get_nested_transaction() or session.get_transaction()


def _name(state: str, other: str) -> str:
    return " ".join(sorted((state, other)))
