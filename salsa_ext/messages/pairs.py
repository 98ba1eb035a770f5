"""Locks of two states that talk: both directions at once, so that answers wait for nobody.

Whoever puts, receives or applies holds the lock of the two, whichever of them speaks. Were it one
lock for each direction, two states that ask each other at one moment would wait for good.
"""

from __future__ import annotations

from collections.abc import Iterable

from salsa_ext.db import ask

_LOCK = ("SELECT pg_advisory_xact_lock(hashtextextended('envelopes:' || pair, 0))"
         " FROM unnest(%s::text[]) WITH ORDINALITY AS named (pair, at) ORDER BY at")  # fmt: skip
_TRY = "SELECT pg_try_advisory_xact_lock(hashtextextended('envelopes:' || %s, 0))"


def lock(state: str, others: Iterable[str]) -> None:
    """Keep everybody else from what a state and each of the others say, until the end."""
    if named := sorted({_name(state, other) for other in others}):  # in one order for all
        ask(_LOCK, (named,))


def try_lock(state: str, other: str) -> bool:
    """Do the same where nobody has it, as SKIP LOCKED does with rows; tells whether it is held."""
    return bool(ask(_TRY, (_name(state, other),)).fetchone()[0])


def _name(state: str, other: str) -> str:
    return " ".join(sorted((state, other)))
