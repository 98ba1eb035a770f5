"""Locks of the licit trade, by state: whoever changes permits has the states of them to himself.

Standings are of whole families of permits. Two states that post counterparts at one moment would
each miss the other's; so they take turns, and shipments, which change no permit's facts but its
balance, go on side by side.

One order for all, so that nobody waits for good: the states of a command in the order of the
alphabet (`families` finds all of them before anything is written), then rows of permits and
shipments, then draws, then the registers of licensees, and last the pairs of states that talk
(`messages.pairs`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text

from salsa_ext.db import db

EXCLUSIVE = text("SELECT pg_advisory_xact_lock(hashtextextended('permits:' || :state, 0))")
SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('permits:' || :state, 0))")

REGISTERS = text("SELECT pg_advisory_xact_lock(hashtextextended('registers', 0))")
REGISTERS_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('registers', 0))")
CALLS = text("SELECT pg_advisory_xact_lock(hashtextextended('calls:' || :side, 0))")
CONSENTS = text("SELECT pg_advisory_xact_lock(hashtextextended('consents:' || :asked, 0))")
SECONDS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('second:' || gun, 0))"
    " FROM unnest(CAST(:guns AS text[])) WITH ORDINALITY AS asked (gun, at) ORDER BY at"
)
DRAWS = text("SELECT pg_advisory_xact_lock(hashtextextended('draws:' || :state, 0))")


def permits_of(states: Iterable[str]) -> None:
    """Keep everybody else from the permits that concern these states, until the end."""
    for state in sorted(set(states)):  # in order, so that two never wait for each other
        db.session.execute(EXCLUSIVE, {"state": state})


def movements_of(states: Iterable[str]) -> None:
    """Keep the permits that concern these states as they are, until the end."""
    for state in sorted(set(states)):
        db.session.execute(SHARED, {"state": state})


def draws_of(state: str) -> None:
    """Keep everybody else from drawing on the import certificates of a state, until the end.

    Several states may ship under one; what each draws is seen by the next alone.
    """
    db.session.execute(DRAWS, {"state": state})


def calls_of(state: str, post: str) -> None:
    """Keep everybody else of one side of a post from asking the other to call, until the end."""
    db.session.execute(CALLS, {"side": f"{state}:{post}"})


def consents_of(state: str, record: object) -> None:
    """Keep everybody else of a state from asking for a use of a record, until the end."""
    db.session.execute(CONSENTS, {"asked": f"{state}:{record}"})


def seconds_of(guns: Iterable[str]) -> None:
    """Keep everybody else from asking or telling the same of these guns, until the end.

    Whoever looks whether that was done already takes this before all other locks.
    """
    if asked := sorted(set(guns)):
        db.session.execute(SECONDS, {"guns": asked})


def registers() -> None:
    """Keep everybody else from asking or changing the registers of licensees, until the end."""
    db.session.execute(REGISTERS)


def registers_as_they_are() -> None:
    """Keep the registers of licensees as they are, until the end: a permit was checked against them."""
    db.session.execute(REGISTERS_SHARED)
