"""Locks of two states that talk: both directions at once, so that answers wait for nobody.

Whoever puts, receives or applies holds the lock of the two, whichever of them speaks. Were it one
lock for each direction, two states that ask each other at one moment would wait for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text

from salsa_ext.db import db

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('envelopes:' || :pair, 0))")
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended('envelopes:' || :pair, 0))")


def lock(state: str, others: Iterable[str]) -> None:
    """Keep everybody else from what a state and each of the others say, until the end."""
    for pair in sorted({_name(state, other) for other in others}):  # in one order for all
        db.session.execute(_LOCK, {"pair": pair})


def try_lock(state: str, other: str) -> bool:
    """Do the same where nobody has it, as SKIP LOCKED does with rows; tells whether it is held."""
    return bool(db.session.scalar(_TRY, {"pair": _name(state, other)}))


def _name(state: str, other: str) -> str:
    return " ".join(sorted((state, other)))
