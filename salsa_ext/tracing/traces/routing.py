"""States that a trace asks, with the reasons: records, marks, manufacture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Message, message
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, GroupsByRecord, log_matched_records
from salsa_ext.firearms.records import queue
from salsa_ext.firearms.search.index import load_coverage
from salsa_ext.firearms.search.search import best_scores, likely_candidates
from salsa_ext.firearms.search.values import Candidate, Coverage
from salsa_ext.reference import names
from salsa_ext.reference.names import participants
from salsa_ext.tracing.requests import record_search
from salsa_ext.tracing.traces.models import Trace

Reasons = dict[str, list[Message]]


@dataclass(frozen=True)
class Route:
    """States to ask in order, with reasons, likeliest records, and coverage."""

    why: Reasons
    by_state: Mapping[str, Sequence[Candidate]]
    reach: Mapping[str, date | None]


def find_route(actor: Actor, trace: Trace) -> Route:
    """Search, notify owners, and return the states to ask.

    Owners of `silent` records are notified later, as for a check: their records are not searched
    here.
    """
    own = [trace.record_id] if trace.record_id else []
    with db.session.no_autoflush:  # the search needs nothing of the trace, which is written once
        found = record_search.search_for_trace(
            actor, trace.firearm, own, trace.found_on, silent=False
        )
    best = best_scores(found)
    by_state: dict[str, list[Candidate]] = defaultdict(list)
    for hit in likely_candidates(found, best):
        by_state[hit.mark_hit.state].append(hit)
    log_matched_records(actor, "trace", trace.id, found, _disclosed(by_state))
    queue.queue_owner_notice(actor, "trace", trace.id)
    covered = load_coverage()
    trace.likeness = best._asdict()
    trace.coverage = [row._asdict() | {"through": row.through.isoformat()} for row in covered]
    return Route(_reasons(actor, trace.firearm, by_state), by_state, _coverage_by_state(covered))


def _disclosed(by_state: Mapping[str, Sequence[Candidate]]) -> GroupsByRecord:
    """Return what is disclosed: that a state has records, no more."""
    return {
        hit.mark_hit.record_id: HOLDER_GROUPS
        for found in by_state.values()
        for hit in found
        if hit.shows("holder")
    }


def route_to(reasons: Reasons) -> Route:
    """Return the route to states that no search found."""
    return Route(reasons, {}, _coverage_by_state(load_coverage()))


def _reasons(
    actor: Actor, firearm: Mapping[str, Any], by_state: Mapping[str, Sequence[Candidate]]
) -> Reasons:
    """Return the states to ask, in order, with the reasons."""
    why: Reasons = {actor.own_state(): [message("Your own state's records are asked first.")]}
    for state in sorted(by_state):
        why.setdefault(state, []).append(message("Its records have a mark like this one."))
    for state in _last_imported_by(firearm.get("marks", ())):
        why.setdefault(state, []).append(message("The import mark names {state}.", state=state))
    if country := firearm.get("country_of_manufacture"):
        why.setdefault(country, []).append(message("The gun was made there."))
    return with_successors(why)


def _last_imported_by(marks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the states of the last import marks.

    By their years; without years, all that are named.
    """
    named = [mark for mark in marks if mark.get("state") and mark["kind"] == "import"]
    last = max((mark.get("year") or 0 for mark in named), default=0)
    return list(dict.fromkeys(mark["state"] for mark in named if (mark.get("year") or 0) == last))


def with_successors(reasons_by_state: Reasons) -> Reasons:
    """Replace states that no longer exist by their successors.

    That is the only successor, or the participating ones; which of several others is unknown, and
    the result reports it.
    """
    asked = Reasons()
    for state, reasons in reasons_by_state.items():
        for name in _successors(state):
            followed = (
                []
                if name == state
                else [message("{state} is no more; {other} followed it.", state=state, other=name)]
            )
            asked.setdefault(name, []).extend([*reasons, *followed])
    return asked


def _successors(state: str) -> Sequence[str]:
    if state not in names.former_states():
        return [state]
    _, successors = names.former_states()[state]
    return (
        successors if len(successors) == 1 else [one for one in successors if one in participants()]
    )


def _coverage_by_state(covered: Sequence[Coverage]) -> dict[str, date | None]:
    """Return participating states, with the day through which their records reach."""
    through = {row.state: row.through for row in covered}
    return {state: through.get(state) for state in participants()}
