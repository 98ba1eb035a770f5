"""States that a trace asks, with the reasons: records, marks, manufacture."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import Message, message
from salsa_ext.database.session import db
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, log_matched_records
from salsa_ext.firearms.search.mark_lookup import load_coverage
from salsa_ext.firearms.search.search import best_scores, likely_candidates
from salsa_ext.firearms.search.values import Candidate, Coverage
from salsa_ext.reference import names
from salsa_ext.reference.names import participants
from salsa_ext.reference.participation.declarations import declarations_at, participating_states
from salsa_ext.reference.participation.rules import reports_no_record
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.traces.models import Trace

AMERICAN: Final = re.compile(r"\bU\.? ?S\.? ?A\b|\bUnited States\b", re.I)
"""How the mark of an American importer ends (27 CFR 478.92)."""
Reasons = dict[str, list[Message]]


@dataclass(frozen=True)
class Route:
    """States to ask in order, with reasons, likeliest records, and coverage."""

    why: Reasons
    by_state: Mapping[str, Sequence[Candidate]]
    reach: Mapping[str, date | None]


def find_route(actor: Actor, trace: Trace) -> Route:
    """Search, notify owners (of `silent` records later), and return the states to ask."""
    own = [trace.record_id] if trace.record_id else []
    with db.session.no_autoflush:  # the search needs nothing of the trace, which is written once
        candidates = request_queries.search_for_trace(actor, trace.firearm, own, trace.found_on)
    best = best_scores(candidates)
    likely = [hit for hit in likely_candidates(candidates, best) if hit.evidence.may_be_same]
    by_state = group_by(likely, lambda candidate: candidate.mark_hit.state)
    disclosed = {  # that a state has records, no more
        candidate.mark_hit.record_id: HOLDER_GROUPS
        for candidate in likely
        if candidate.shows("holder")
    }
    log_matched_records(actor, "trace", trace.id, candidates, disclosed)
    coverage = load_coverage()
    trace.likeness = best._asdict()
    trace.coverage = [row._asdict() | {"through": row.through.isoformat()} for row in coverage]
    why: Reasons = {actor.own_state(): [message("Your own state's records are asked first.")]}
    for state in sorted(by_state):
        why.setdefault(state, []).append(message("Its records have a mark like this one."))
    for state, reasons in origin_reasons(trace.firearm).items():
        why.setdefault(state, []).extend(reasons)
    return Route(with_successors(why), by_state, _coverage_by_state(actor, coverage))


def origin_reasons(firearm: Mapping[str, Any]) -> Reasons:
    """Return the states that follow from the description of a gun: of import, and manufacture."""
    why: Reasons = {}
    imports = [
        mark for mark in firearm.get("marks", ()) if mark.get("state") and mark["kind"] == "import"
    ]
    # of the last import marks by their years; without years, of all
    last = max((mark.get("year") or 0 for mark in imports), default=0)
    importers = [mark["state"] for mark in imports if (mark.get("year") or 0) == last]
    for state in dict.fromkeys(importers):
        why.setdefault(state, []).append(message("The import mark names {state}.", state=state))
    if "USA" not in importers and has_american_importer(firearm):
        reason = message("It bears the mark of an importer there, by whom ATF traces it.")
        why.setdefault("USA", []).append(reason)
    if country := firearm.get("country_of_manufacture"):
        why.setdefault(country, []).append(message("The gun was made there."))
    return why


def unasked_maker(trace: Trace, states: Collection[str]) -> str | None:
    """Return the state of the maker, if neither asked nor searched."""
    gun = trace.firearm
    maker = gun.get("country_of_manufacture") or names.make_country(gun.get("make"))
    if maker is None or not {*states}.isdisjoint(with_successors({maker: []}).keys() | {maker}):
        return None
    declared = declarations_at({maker: trace.sent_at or trace.created_at})[maker]
    is_searched = reports_no_record(declared, gun.get("make"), gun.get("year"))
    return None if is_searched else maker


def has_american_importer(firearm: Mapping[str, Any]) -> bool:
    """Return whether a gun bears the mark of an importer of the United States, as the last or not."""
    marks = firearm.get("marks") or ()
    is_marked = any(mark["kind"] == "import" and mark.get("state") == "USA" for mark in marks)
    return is_marked or bool(AMERICAN.search(firearm.get("importer_mark") or ""))


def route_to(actor: Actor, reasons: Reasons) -> Route:
    """Return the route to states that no search found."""
    return Route(reasons, {}, _coverage_by_state(actor, load_coverage()))


def with_successors(reasons_by_state: Reasons) -> Reasons:
    """Replace states that no longer exist by their successors."""
    result = Reasons()
    for state, reasons in reasons_by_state.items():
        if state not in names.former_states():
            result.setdefault(state, []).extend(reasons)
            continue
        _, successors = names.former_states()[state]
        if len(successors) > 1:
            successors = [successor for successor in successors if successor in participants()]
        for name in successors:
            followed = message("{state} is no more; {other} followed it.", state=state, other=name)
            result.setdefault(name, []).extend([*reasons, followed])
    return result


def _coverage_by_state(actor: Actor, coverage: Sequence[Coverage]) -> dict[str, date | None]:
    """Return the states that take part, with the day through which their records reach."""
    through = {row.state: row.through for row in coverage}
    return {state: through.get(state) for state in participating_states(actor)}
