"""Checks in the field: is a serial known, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from salsa_ext.access.audit import Action, AuditEvent, append, append_with_rows
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits
from salsa_ext.alerts.hits import AlertMatch
from salsa_ext.alerts.models import Hit
from salsa_ext.checks.models import Check
from salsa_ext.checks.values import CheckData
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import ALERT_ACTIONS, PURPOSES_WITH_INCIDENT
from salsa_ext.core.errors import CodeLabel, Conflict, Invalid, Message, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, FieldGroups
from salsa_ext.firearms.marks import reading
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.validation import bracket_problem
from salsa_ext.firearms.search import advice
from salsa_ext.firearms.search.advice import ReportedEvent
from salsa_ext.firearms.search.evidence import verdict
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.firearms.search.values import Candidate, Coverage
from salsa_ext.reference import suggestions
from salsa_ext.reference.agencies import ContactOffice
from salsa_ext.reference.suggestions import WordRemark

MAX_LISTED = 10


@dataclass(frozen=True)
class CheckAnswer:
    """Answer to a check: verdict, visible candidates, and advice.

    `hits` are on alerts visible to the asker; `action` and `advice` follow from the first one.
    `contacts` are the offices of all states with hits or candidates, `contact` the first of them.
    `searched` is the coverage of the search. `remarks` name unknown words. `more` is the number of
    weaker candidates not listed.
    """

    id: UUID
    verdict: str
    candidates: Sequence[Candidate]
    action: str
    advice: Message
    contact: ContactOffice | None
    coverage: Sequence[Coverage]
    hits: Sequence[Hit] = ()
    contacts: Sequence[ContactOffice] = ()
    reported: ReportedEvent | None = None
    remarks: Sequence[WordRemark] = ()
    more: int = 0


@dataclass(frozen=True)
class _SearchedQuery:
    """A searched query with its candidates; `seen` are those listed."""

    id: UUID
    query: Query
    found: Sequence[Candidate]

    @cached_property
    def seen(self) -> Sequence[Candidate]:
        return advice.candidates_to_show(
            self.found, len(self.found) if self.query.every else MAX_LISTED
        )

    @property
    def more(self) -> int:
        return advice.count_unlisted(self.found, self.seen)

    @property
    def verdict(self) -> str:
        return verdict([candidate.evidence for candidate in self.seen])


def run_check(*, actor: Actor, data: CheckData) -> CheckAnswer:
    """Check one serial; raises Invalid if nothing can be searched.

    `silent` records of other states are not searched. Their owners are notified later by
    `owner_notices`, so that neither the answer nor its time depends on them.
    """
    require(actor, Permission.CHECK_MAKE)
    [said] = run_checks(actor=actor, purpose=data.purpose, queries=[data.query])
    if isinstance(said, Invalid):
        raise said
    return said


def run_checks(
    *, actor: Actor, purpose: Purpose, queries: Sequence[Query]
) -> list[CheckAnswer | Invalid]:
    """Check several serials for one purpose; return answers in order.

    A query that cannot be searched gives an Invalid in its place. Raises Invalid for a purpose
    without its case.
    """
    require(actor, Permission.CHECK_MAKE)
    check_purpose(purpose)
    actor = actor.for_purpose(purpose)
    outcomes = [_search_query(actor, query) for query in queries]
    asked = [outcome for outcome in outcomes if isinstance(outcome, _SearchedQuery)]
    met = [
        alert
        for one in asked
        for alert in hits.match_check(actor, one.id, one.query, one.found, actor.now())
    ]
    _store_checks(
        actor,
        purpose,
        asked,
        {
            (alert.cause_id, alert.alert_record): HOLDER_GROUPS if alert.is_shown else ()
            for alert in met
        },
    )
    answers = _build_answers(actor, asked, _create_hits(actor, met))
    return [one if isinstance(one, Invalid) else answers[one.id] for one in outcomes]


def _search_query(actor: Actor, query: Query) -> _SearchedQuery | Invalid:
    if wrong := bracket_problem(query.serial):
        return Invalid({"serial": [wrong]})
    try:
        found = find_candidates(
            reading.query_with_all_marks(query), actor, stop_at_exact=not query.near, silent=False
        )
    except Invalid as error:
        return error
    return _SearchedQuery(new_id(), query, found)


def _create_hits(actor: Actor, matches: Sequence[AlertMatch]) -> dict[UUID | None, list[Hit]]:
    """Create hits; return those shown to the asker, by check.

    The most binding action comes first.
    """
    made: dict[UUID | None, list[Hit]] = defaultdict(list)
    for hit in (
        sorted(hits.create_hits(actor, matches, in_background=False), key=hit_order)
        if matches
        else ()
    ):
        made[hit.cause_id].append(hit)
    return made


def _build_answers(
    actor: Actor, searches: Sequence[_SearchedQuery], hits_by_check: Mapping[UUID | None, list[Hit]]
) -> dict[UUID, CheckAnswer]:
    """Return the answers by check.

    Offices and coverage are cached for a minute.
    """
    searched = advice.cached_coverage()
    return {
        one.id: _complete_answer(actor, one, searched, hits_by_check.get(one.id, ()))
        for one in searches
    }


def _complete_answer(
    actor: Actor,
    search_result: _SearchedQuery,
    searched: Sequence[Coverage],
    created_hits: Sequence[Hit],
) -> CheckAnswer:
    said = build_answer(actor, search_result.id, search_result.seen, searched, created_hits)
    noted = suggestions.remarks_on_query(search_result.query, actor.language)
    return replace(said, remarks=noted, more=search_result.more)


def build_answer(
    actor: Actor,
    check_id: UUID,
    candidates: Sequence[Candidate],
    searched: Sequence[Coverage] = (),
    created_hits: Sequence[Hit] = (),
) -> CheckAnswer:
    """Return the answer for shown candidates: verdict, advice, contacts."""
    judged = verdict([candidate.evidence for candidate in candidates])
    advised = advice.advise(judged, candidates, actor.state)
    action, text = (
        advise_on_hit(created_hits[0]) if created_hits else (advised.action, advised.text)
    )
    states = dict.fromkeys([*(hit.alert_state for hit in created_hits), *advised.states])
    offices = [office for state in states if (office := advice.cached_contact(state))]
    return CheckAnswer(
        check_id,
        judged,
        candidates,
        action,
        text,
        offices[0] if offices else None,
        searched,
        created_hits,
        offices,
        advised.reported,
    )


def add_case_number(*, actor: Actor, check_id: UUID, case_number: str) -> None:
    """Add the case number to a check made for an incident.

    Raises NotFound, Conflict.
    """
    require(actor, Permission.CHECK_MAKE)
    check = lock(Check, check_id, kind="check")
    if check.case_number:
        raise Conflict(message("This check has a case number already."))
    check.case_number = case_number
    append(
        actor, AuditEvent(Action.CHECK_GIVEN_CASE, "check", check_id, data={"case": case_number})
    )


def check_purpose(purpose: Purpose) -> None:
    """Raise Invalid if a purpose lacks its case or incident."""
    if purpose.case_number:
        return
    if purpose.code not in PURPOSES_WITH_INCIDENT:
        raise Invalid(
            {
                "case_number": [
                    message(
                        "The purpose {purpose} needs a case number.",
                        purpose=CodeLabel("purpose", purpose.code),
                    )
                ]
            }
        )
    if not purpose.incident:
        raise Invalid({"incident": [message("Give the incident, or a case number.")]})


def _store_checks(
    actor: Actor,
    purpose: Purpose,
    searches: Sequence[_SearchedQuery],
    hit_groups: Mapping[tuple[UUID, UUID], FieldGroups],
) -> None:
    """Store checks with their audit entries."""
    acts = [
        act
        for one in searches
        for act in (
            AuditEvent(Action.CHECK_MADE, "check", one.id, data={"verdict": one.verdict}),
            *_owner_events(actor, one, hit_groups),
        )
    ]
    append_with_rows(actor, acts, {Check: [_check_row(actor, purpose, one) for one in searches]})


def _owner_events(
    actor: Actor, search_result: _SearchedQuery, hit_groups: Mapping[tuple[UUID, UUID], FieldGroups]
) -> list[AuditEvent]:
    """Return audit events for owners of shown records and alerts."""
    shown = disclosures.groups_of_candidates(search_result.seen)
    if hit_groups:
        keys = ((search_result.id, one.held.record_id) for one in search_result.found)
        shown = {key[1]: hit_groups[key] for key in keys if key in hit_groups} | shown
    told = [one for one in search_result.found if one.held.record_id in shown]
    return disclosures.matched_record_events(actor, "check", search_result.id, told, shown)


def _check_row(actor: Actor, purpose: Purpose, search_result: _SearchedQuery) -> dict[str, Any]:
    return {
        "id": search_result.id,
        "owner_state": actor.own_state(),
        "concerned": [actor.own_state()],
        "query": vars(search_result.query),
        "purpose": purpose.code,
        "case_number": purpose.case_number,
        "incident": purpose.incident,
        "verdict": search_result.verdict,
        "is_told": False,
        "at": actor.now(),
    }


COMPARE_FIRST: Final = "compare"


def hit_order(hit: Hit) -> tuple[bool, int, str]:
    """Sort key of hits: strong ones first, then binding actions."""
    return hit.strength != "strong", ALERT_ACTIONS.index(hit.action), str(hit.id)


def advise_on_hit(hit: Hit) -> tuple[str, Message]:
    """Return the action of a hit and its text.

    For a hit that is not strong: compare first.
    """
    state = CodeLabel("state", hit.alert_state)
    if hit.strength != "strong":
        return COMPARE_FIRST, message(
            "It may be the gun of an alert of {state}: compare marks, make, model and calibre,"
            " and call {state} before you do anything else.",
            state=state,
        )
    return hit.action, Message(_ACTION_TEXTS[hit.action].text, {"state": state})


_ACTION_TEXTS: Final = {
    "seize": message(
        "Hold the gun and call {state}, which asks to seize it. This hit alone is no ground: seize it"
        " once {state} has confirmed the hit, and by your own law."
    ),
    "hold_and_call": message(
        "Hold the gun and call {state}, which has an alert on it. This hit alone is no ground:"
        " do nothing more until {state} has confirmed it."
    ),
    "inform_only": message(
        "{state} asks to be told of this gun, and has been. Do not hold it for that: this hit"
        " alone is no ground."
    ),
}
