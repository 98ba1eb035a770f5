"""Whole families of permits, locked before one of them changes.

A family reaches further than the states of one document: an import certificate for goods of one
state and a transit to another may name the same export certificate, and share no state. Who changes
either classifies all of them, so that each waits for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from salsa_ext.db import as_state, db
from salsa_ext.matching.permits import Key
from salsa_ext.models import Permit
from salsa_ext.readmodels.families import reach
from salsa_ext.readmodels.states import participants
from salsa_ext.services import locks
from salsa_ext.values.actor import Actor


class _Further(Exception):
    """The families concern states that are not locked yet."""


def lock(actor: Actor, keys: Iterable[Key], states: Iterable[str]) -> None:
    """Keep everybody else from the families of documents, recorded or not, until the end.

    `states` are those that the documents themselves concern. Where their families concern more, the
    locks are given back and taken anew, since all are taken in one order. Called before anything is
    written.
    """
    wanted, named = set(states), list(keys)
    while True:
        try:
            with db.session.begin_nested():  # its end gives the locks back
                locks.permits_of(wanted)
                if further := _concerned(actor, named, wanted) - wanted:
                    raise _Further
            return
        except _Further:
            wanted |= further


def lock_all(actor: Actor, permits: Sequence[Permit]) -> None:
    """Keep everybody else from the families of recorded permits, until the end."""
    keys = [(permit.owner_state, permit.kind, permit.number) for permit in permits]
    lock(actor, keys, {state for permit in permits for state in permit.concerned})


def _concerned(actor: Actor, keys: Iterable[Key], states: Collection[str]) -> set[str]:
    """Return every state that the families concern, as all states together see them."""
    known, found, members = set(keys), set(states), set(participants())
    asked: dict[str, set[Key]] = defaultdict(set)
    while waiting := [code for code in sorted(found & members) if known - asked[code]]:
        for code in waiting:
            with as_state(actor, code):
                near, concerned = reach(known - asked[code])
            known, found = known | near, found | concerned
            asked[code] |= near
    return found
