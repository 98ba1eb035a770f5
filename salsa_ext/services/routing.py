"""Whom a trace asks, and why: by its own records, those of others, its marks and its make."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from salsa_ext.db import db
from salsa_ext.errors import Message, say
from salsa_ext.models import Trace
from salsa_ext.readmodels import names
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Coverage, coverage
from salsa_ext.readmodels.search import likeliest, likeness
from salsa_ext.readmodels.states import participants
from salsa_ext.services import candidates, owner_waits
from salsa_ext.services.checks import tell_owners
from salsa_ext.services.showings import HOLDER, Shown
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
    with db.session.no_autoflush:  # the search needs nothing of the trace, which is written once
        found = candidates.of(actor, trace.firearm, own, found_on=trace.found_on, silent=False)
    best = likeness(found)
    by_state: dict[str, list[Candidate]] = defaultdict(list)
    for hit in likeliest(found, best):
        by_state[hit.held.state].append(hit)
    tell_owners(actor, "trace", trace.id, found, _shown(by_state))
    owner_waits.add(actor, "trace", trace.id)
    covered = coverage()
    trace.likeness = best._asdict()
    trace.searched = [row._asdict() | {"through": row.through.isoformat()} for row in covered]
    return Route(_reasons(actor, trace.firearm, by_state), by_state, _reach(covered))


def _shown(by_state: Mapping[str, Sequence[Candidate]]) -> Shown:
    """Return what whoever asks learns by it: that a state is asked for its records, and no more of them."""
    return {hit.held.record_id: HOLDER for found in by_state.values() for hit in found
            if hit.shows("holder")}  # fmt: skip


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
    for state in _last_imported_by(firearm.get("marks", ())):
        why.setdefault(state, []).append(say("The import mark names {state}.", state=state))
    if country := firearm.get("country_of_manufacture"):
        why.setdefault(country, []).append(say("The gun was made there."))
    return of_today(why)


def _last_imported_by(marks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the state of the last import mark, by its year; where none has one, each that is named."""
    named = [mark for mark in marks if mark.get("state") and mark["kind"] == "import"]
    last = max((mark.get("year") or 0 for mark in named), default=0)
    return list(dict.fromkeys(mark["state"] for mark in named if (mark.get("year") or 0) == last))


def of_today(why: Reasons) -> Reasons:
    """Return whom to ask today: of a state that is no more, those of its successors that can know.

    These are its only one, and those that take part; which of several others it is nobody knows,
    and the result says so.
    """
    asked = Reasons()
    for state, reasons in why.items():
        for name in _followed(state):
            followed = [] if name == state else [say("{state} is no more; {other} followed it.",
                                                     state=state, other=name)]  # fmt: skip
            asked.setdefault(name, []).extend([*reasons, *followed])
    return asked


def _followed(state: str) -> Sequence[str]:
    if state not in names.ended_states():
        return [state]
    _, successors = names.ended_states()[state]
    return (
        successors if len(successors) == 1 else [one for one in successors if one in participants()]
    )


def _reach(covered: Sequence[Coverage]) -> dict[str, date | None]:
    """Return the participating states, each with the day through which its records reach."""
    through = {row.state: row.through for row in covered}
    return {state: through.get(state) for state in participants()}
