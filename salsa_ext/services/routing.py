"""Whom a trace asks, and why: by its own records, those of others, its marks and its make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from salsa_ext.errors import Message, say
from salsa_ext.models import Trace
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Coverage, coverage
from salsa_ext.readmodels.search import likeliest, likeness
from salsa_ext.readmodels.states import participants
from salsa_ext.services import candidates, owner_waits
from salsa_ext.services.checks import tell_owners
from salsa_ext.values.actor import Actor

Reasons = dict[str, list[Message]]


@dataclass(frozen=True)
class Route:
    """Whom to ask, in order and each with the reasons, and the likeliest records of each."""

    why: Reasons
    by_state: Mapping[str, Sequence[Candidate]]
    reach: Mapping[str, date | None]


def route(actor: Actor, trace: Trace) -> Route:
    """Search, tell the owners of what was hit, and return whom to ask and why.

    Owners of `silent` records are told later, as of a check: nothing is looked for in them here.
    """
    own = [trace.record_id] if trace.record_id else []
    found = candidates.of(actor, trace.firearm, own, found_on=trace.found_on, silent=False)
    tell_owners(actor, "trace", trace.id, found)
    owner_waits.add(actor, "trace", trace.id)
    best = likeness(found)
    by_state: dict[str, list[Candidate]] = defaultdict(list)
    for hit in likeliest(found, best):
        by_state[hit.held.state].append(hit)
    covered = coverage()
    trace.likeness = best._asdict()
    trace.searched = [row._asdict() | {"through": row.through.isoformat()} for row in covered]
    return Route(_reasons(actor, trace.firearm, by_state), by_state, _reach(covered))


def to(why: Reasons) -> Route:
    """Return the way to states of which no search said anything."""
    return Route(why, {}, _reach(coverage()))


def _reasons(
    actor: Actor, firearm: Mapping[str, Any], by_state: Mapping[str, Sequence[Candidate]]
) -> Reasons:
    """Return the states to ask, in order, each with the reasons."""
    why: Reasons = {actor.own_state(): [say("Your own state's records are asked first.")]}
    for state in sorted(by_state):
        why.setdefault(state, []).append(say("Its records have a mark like this one."))
    for mark in firearm.get("marks", ()):
        if mark.get("state") and mark["kind"] == "import":
            why.setdefault(mark["state"], []).append(
                say("The import mark names {state}.", state=mark["state"]))  # fmt: skip
    if country := firearm.get("country_of_manufacture"):
        why.setdefault(country, []).append(say("The gun was made there."))
    return why


def _reach(covered: Sequence[Coverage]) -> dict[str, date | None]:
    """Return the participating states, each with the day through which its records reach."""
    through = {row.state: row.through for row in covered}
    return {state: through.get(state) for state in participants()}
