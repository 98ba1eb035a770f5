"""The records that a trace is about: searched once for the asking state, and again by each asked one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from salsa_ext.db import as_state
from salsa_ext.errors import Invalid
from salsa_ext.matching.refined import coarser
from salsa_ext.readmodels import serials
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import Likeness, likeliest, search
from salsa_ext.readmodels.settling import settled
from salsa_ext.values.actor import Actor
from salsa_ext.values.firearms import Mark
from salsa_ext.values.inquiries import Query


def of(
    actor: Actor, firearm: Mapping[str, Any], own: Collection[UUID], *, silent: bool | None = None
) -> list[Candidate]:
    """Return what the records of all states hold; by another mark where no serial can be read.

    But for the seized item itself, `own`: it agrees in all that is asked, and would settle the
    search. With `silent` False, what other states keep silent is not even looked for.
    """
    query = as_query(firearm)
    try:
        found = search(query, actor, settles=False, silent=silent, stands=True, own=own)
    except Invalid:  # no mark, or too short to search alone; the other routes are still asked
        return []
    is_read = bool(serials.of_asked(query))
    hits = [hit for hit in found if hit.evidence.is_by_serial or not is_read]
    # what is traced was found, be it recorded or not
    return [*settled(hits, query, is_seized=True)]


def held_for(
    actor: Actor, asker: Actor, firearm: Mapping[str, Any], own: Collection[UUID], best: Likeness
) -> list[Candidate]:
    """Return the records of the actor's state that the asking state may know of.

    They are about as likely as the best of all states, of which it told. It is the search of the
    asking state itself, with its eyes: what is `silent` makes no difference, not even in time.
    """
    with as_state(actor, asker.own_state()):
        found = of(asker, firearm, own, silent=False)
    return [hit for hit in likeliest(found, best) if hit.held.state == actor.own_state()]


def as_query(firearm: Mapping[str, Any]) -> Query:
    """Return the search for a gun as a trace describes it, by every mark but for coarser readings."""
    serials = [mark["text"] for mark in firearm["marks"] if mark["kind"] == "manufacture"]
    left_out = coarser([firearm["serial"] or "", *serials]) - {firearm["serial"]}
    return Query(
        serial=firearm["serial"] or "", make=firearm["make_text"], model=firearm["model"],
        calibre=firearm["calibre_text"], type=firearm["type_text"],
        country=firearm["country_of_manufacture"], year=firearm["year"],
        marks=tuple(Mark(mark["kind"], mark["text"]) for mark in firearm["marks"]
                    if mark["kind"] != "manufacture" or mark["text"] not in left_out),
        marking=firearm["marking"],
    )  # fmt: skip


def as_kept(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return candidates as a request keeps them for a person: ids, how sure, and how visible."""
    return [
        {"record": str(hit.held.record_id), "event": hit.held.event,
         "strength": hit.evidence.strength, "bits": hit.evidence.bits,
         "visibility": hit.held.visibility}
        for hit in candidates
    ]  # fmt: skip
