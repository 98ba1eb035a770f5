"""Search for the records that a trace is about."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid
from salsa_ext.database.session import acting_as
from salsa_ext.firearms.marks.values import Firearm, Mark, Query
from salsa_ext.firearms.records.queries import query_for_description
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.search import drop_near_misses, find_candidates, likely_candidates
from salsa_ext.firearms.search.values import BestScores, Candidate


def search_for_trace(
    actor: Actor,
    firearm: Mapping[str, Any],
    excluded: Collection[UUID],
    found_on: date,
    *,
    with_silent: bool = False,
) -> list[Candidate]:
    """Return the records of all states that match a firearm found on a day.

    By another mark without a legible serial. `excluded` is the record of the seized item itself: it
    agrees in all and would suppress other matches. A record of a gun made later is unlikely.
    Other states' silent records only `with_silent`.
    """
    query = replace(description_query(firearm), reported_year=found_on.year)
    try:
        candidates = find_candidates(
            query,
            actor,
            stop_at_exact=False,
            with_silent=with_silent,
            current_only=True,
            excluded=excluded,
        )
    except Invalid:  # no mark, or too short to search alone; the other routes are still asked
        return []
    has_serial = bool(mark_lookup.query_serials(query))
    hits = [hit for hit in candidates if hit.evidence.is_by_serial or not has_serial]
    # the traced gun was found, whether that is recorded or not
    return [*drop_near_misses(hits, query, is_seized=True)]


def find_own_candidates(
    actor: Actor,
    asking: Actor,
    firearm: Mapping[str, Any],
    excluded: Collection[UUID],
    best: BestScores,
    found_on: date,
) -> list[Candidate]:
    """Return the actor's state's records that the asking state may know of.

    About as likely as the best of all states, which is `best`. The search runs as the asking state:
    `silent` records make no difference, not even in time.
    """
    with acting_as(actor, asking.own_state()):
        candidates = search_for_trace(asking, firearm, excluded, found_on)
    return [
        hit
        for hit in likely_candidates(candidates, best)
        if hit.mark_hit.state == actor.own_state()
    ]


def description_query(firearm: Mapping[str, Any]) -> Query:
    """Return the search query for the description of a trace."""
    marks = {Mark(mark["kind"], mark["text"]): None for mark in firearm["marks"]}
    lot = Firearm(category=firearm["category"], serial=firearm["serial"], lot=firearm["lot"])
    marks |= dict.fromkeys(lot.lot_marks())
    return query_for_description(firearm, [*marks])


def candidate_rows(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return candidates as a request stores them: id, strength, bits, visibility."""
    return [
        {
            "record": str(hit.mark_hit.record_id),
            "event": hit.mark_hit.event,
            "strength": hit.evidence.strength,
            "bits": hit.evidence.bits,
            "visibility": hit.mark_hit.visibility,
        }
        for hit in candidates
    ]
