"""Locks of two states that talk: both directions at once, so that answers wait for nobody.

Whoever puts, receives or applies holds the lock of the two, whichever of them speaks. Were it one
lock for each direction, two states that ask each other at one moment would wait for good.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from sqlalchemy.orm import SessionTransaction

from salsa_ext.db import ask, db

_LOCK = ("SELECT pg_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))"
         " FROM unnest(%s::text[]) WITH ORDINALITY AS named (pair, at) ORDER BY at")  # fmt: skip
_TRY = "SELECT pg_try_advisory_xact_lock(hashtextextended('envelopes:' || %s, 0))"


def lock(state: str, others: Iterable[str]) -> None:
    """Keep everybody else from what a state and each of the others say, until the end."""
    wanted = {_name(state, other) for other in others} - _held()
    if wanted:
        ask(_LOCK, (sorted(wanted),))  # in one order for all
        _remember(wanted)


def try_lock(state: str, other: str) -> bool:
    """Do the same where nobody has it, as SKIP LOCKED does with rows; tells whether it is held."""
    name = _name(state, other)
    if name in _held():
        return True
    is_held = bool(ask(_TRY, (name,)).fetchone()[0])
    if is_held:
        _remember({name})
    return is_held


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
