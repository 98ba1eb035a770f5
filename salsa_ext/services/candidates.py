"""The records that a trace is about: searched once for the asking state, and again by each asked one."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.db import as_state
from salsa_ext.errors import Invalid
from salsa_ext.readmodels import serials
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import Likeness, likeliest, search
from salsa_ext.readmodels.settling import settled
from salsa_ext.readmodels.sides import query_about
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Mark
from salsa_ext.values.inquiries import Query

_FOUND: Final[ContextVar[dict[Hashable, list[Candidate]]]] = ContextVar("found")


@contextmanager
def searching_once() -> Iterator[None]:
    """Let the same search by the same state be made once while the block runs, which records nothing.

    A state that asks several others of this installation has each of them search with its eyes.
    """
    token = _FOUND.set({})
    try:
        yield
    finally:
        _FOUND.reset(token)


def of(
    actor: Actor, firearm: Mapping[str, Any], own: Collection[UUID], *,
    found_on: date | None = None, silent: bool | None = None,
) -> list[Candidate]:  # fmt: skip
    """Return what the records of all states hold; by another mark where no serial can be read.

    But for the seized item itself, `own`: it agrees in all that is asked, and would settle the
    search. A record of a gun that was made after `found_on` is hardly of this one. With
    `silent` False, what other states keep silent is not even looked for.
    """
    query, kept = asked_by(firearm, found_on), _FOUND.get({})
    key = _key(actor, query, own, silent=silent)
    found = kept[key] if key in kept else _searched(actor, query, own, silent=silent)
    kept[key] = found
    return found


def asked_by(firearm: Mapping[str, Any], found_on: date | None) -> Query:
    """Return the search that a firearm is found by, which was found on a day."""
    return replace(as_query(firearm), told_in=found_on.year if found_on else None)


def _key(
    actor: Actor, query: Query, own: Collection[UUID], *, silent: bool | None
) -> Hashable:  # fmt: skip
    """Return all on which a search depends: it sees what the actor's state sees."""
    return actor.state, query, frozenset(own), silent


def _searched(
    actor: Actor, query: Query, own: Collection[UUID], *, silent: bool | None
) -> list[Candidate]:
    try:
        found = search(query, actor, settles=False, silent=silent, stands=True, own=own)
    except Invalid:  # no mark, or too short to search alone; the other routes are still asked
        return []
    is_read = bool(serials.of_asked(query))
    hits = [hit for hit in found if hit.evidence.is_by_serial or not is_read]
    # what is traced was found, be it recorded or not
    return [*settled(hits, query, is_seized=True)]


def held_for(
    actor: Actor, asker: Actor, firearm: Mapping[str, Any], own: Collection[UUID], best: Likeness,
    found_on: date,
) -> list[Candidate]:  # fmt: skip
    """Return the records of the actor's state that the asking state may know of.

    They are about as likely as the best of all states, of which it told. It is the search of the
    asking state itself, with its eyes: what is `silent` makes no difference, not even in time.
    """
    found = _FOUND.get({}).get(_key(asker, asked_by(firearm, found_on), own, silent=False))
    if found is None:
        with as_state(actor, asker.own_state()):
            found = of(asker, firearm, own, found_on=found_on, silent=False)
    return [hit for hit in likeliest(found, best) if hit.held.state == actor.own_state()]


def as_query(firearm: Mapping[str, Any]) -> Query:
    """Return the search for a gun as a trace describes it."""
    borne = [Mark(mark["kind"], mark["text"]) for mark in firearm["marks"]]
    return query_about(firearm, borne)


def as_kept(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return candidates as a request keeps them for a person: ids, how sure, and how visible."""
    return [
        {"record": str(hit.held.record_id), "event": hit.held.event,
         "strength": hit.evidence.strength, "bits": hit.evidence.bits,
         "visibility": hit.held.visibility}
        for hit in candidates
    ]  # fmt: skip
