"""Checks in the field: is a serial known, and what to do."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append, append_with_rows
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.alerts import hits
from salsa_ext.alerts.hits import AlertMatch, AnswerHit
from salsa_ext.checks.models import Check
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.codes import ALERT_ACTIONS, PURPOSES_WITH_INCIDENT
from salsa_ext.core.errors import (
    CodeLabel,
    Conflict,
    Invalid,
    Message,
    SalsaError,
    message,
    too_many_lookups,
)
from salsa_ext.core.ids import new_id
from salsa_ext.core.text import number_spellings
from salsa_ext.database.locks import lock
from salsa_ext.database.session import db
from salsa_ext.disclosure import disclosures
from salsa_ext.disclosure.disclosures import HOLDER_GROUPS, FieldGroups
from salsa_ext.documents.models import DocumentNumber
from salsa_ext.firearms.marks import firearm_marks, keys
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.records.models import Record
from salsa_ext.firearms.records.validation import bracket_problem
from salsa_ext.firearms.search import advice
from salsa_ext.firearms.search.advice import ReportedEvent
from salsa_ext.firearms.search.evidence import verdict
from salsa_ext.firearms.search.search import find_candidates
from salsa_ext.firearms.search.values import Candidate, SearchScope
from salsa_ext.lookups.budgets import Lookups, open_lookups
from salsa_ext.reference import suggestions
from salsa_ext.reference.agencies import ContactOffice
from salsa_ext.reference.suggestions import WordRemark

MAX_BATCH_CHECKS: Final = 10_000


@dataclass(frozen=True)
class CheckData:
    """A check in the field: query, purpose, and case or incident."""

    query: Query
    purpose: Purpose


@dataclass(frozen=True)
class CheckBatchData:
    """Checks of several guns for one purpose. `items` are by line: a query, or the line's problem."""

    purpose: Purpose
    items: Collection[Any] = ()


MAX_LISTED = 10
LOT_NEEDED: Final = message("This lot cannot be searched. Give it whole, as on the box.")


@dataclass(frozen=True)
class CheckAnswer:
    """Answer to a check: verdict, visible candidates, and advice.

    `hits` are on alerts visible to the asker; `action` and `advice` follow from the first one.
    `contacts` are the offices of all states with hits or candidates, `contact` the first of them.
    `scope` is whose registers were searched. `remarks` name unknown words. `more` is the number of
    weaker candidates not listed.
    """

    id: UUID
    verdict: str
    candidates: Sequence[Candidate]
    action: str
    advice: Message
    contact: ContactOffice | None
    scope: SearchScope | None
    hits: Sequence[AnswerHit] = ()
    contacts: Sequence[ContactOffice] = ()
    reported: ReportedEvent | None = None
    remarks: Sequence[WordRemark] = ()
    more: int = 0


@dataclass(frozen=True)
class _SearchedQuery:
    """A searched query with its candidates; `listed` are those in the answer."""

    id: UUID
    query: Query
    candidates: Sequence[Candidate]

    @cached_property
    def listed(self) -> Sequence[Candidate]:
        limit = len(self.candidates) if self.query.every else MAX_LISTED
        return advice.candidates_to_show(self.candidates, limit)


def run_check(*, actor: Actor, data: CheckData) -> CheckAnswer:
    """Check one serial; raises Invalid if nothing can be searched.

    `silent` records of other states are not searched; their owners are notified by `checks.jobs`,
    which makes the hits as well.
    """
    require(actor, Permission.CHECK_MAKE)
    [answer] = run_checks(actor=actor, purpose=data.purpose, queries=[data.query])
    if isinstance(answer, SalsaError):
        raise answer
    return answer


def run_checks(
    *, actor: Actor, purpose: Purpose, queries: Sequence[Query]
) -> list[CheckAnswer | SalsaError]:
    """Check several; return answers, or errors, in order. Raises Invalid, TooManyLookups.

    Those for which no look-up is left are TooManyLookups.
    """
    require(actor, Permission.CHECK_MAKE)
    _check_purpose(purpose)
    actor = actor.for_purpose(purpose)
    lookups = open_lookups(actor, len(queries))
    results = [_search_query(actor, query) for query in queries[: lookups.granted]]
    results = _without_own_seizure(actor, purpose, results)
    searches = [result for result in results if isinstance(result, _SearchedQuery)]
    matches = [
        match
        for search in searches
        for match in hits.match_check(
            actor, search.id, search.query, search.candidates, actor.now()
        )
    ]
    _store_checks(actor, purpose, searches, matches, lookups)
    hits_by_check = hits.hits_in_answer(matches)
    scope, answers = advice.cached_scope(actor), list[CheckAnswer | SalsaError]()
    for result in results:
        if isinstance(result, Invalid):
            answers.append(result)
            continue
        alert_hits = sorted(hits_by_check[result.id], key=hit_order)
        answer = build_answer(
            actor, result.id, result.listed, scope, alert_hits, result.query.serial
        )
        if result.query.lot and not result.query.serial:
            answer = replace(answer, advice=_advise_on_goods(answer.advice))
        remarks = suggestions.remarks_on_query(result.query, actor.language)
        more = advice.count_unlisted(result.candidates, result.listed)
        answers.append(replace(answer, remarks=remarks, more=more))
    rest = [too_many_lookups(lookups.seconds) for _ in queries[lookups.granted :]]
    return [*answers, *rest]


def _search_query(actor: Actor, query: Query) -> _SearchedQuery | Invalid:
    if problem := bracket_problem(query.serial):
        return Invalid({"serial": [problem]})
    marked = firearm_marks.query_with_all_marks(query)
    try:
        candidates = find_candidates(marked, actor, stop_at_exact=not query.near)
    except Invalid as error:
        return Invalid({"lot": [LOT_NEEDED]}) if query.lot else error
    return _SearchedQuery(new_id(), query, candidates)


def _without_own_seizure(
    actor: Actor, purpose: Purpose, results: list[_SearchedQuery | Invalid]
) -> list[_SearchedQuery | Invalid]:
    """Leave out the records of the own seizure that is asked for: they are no news of its guns."""
    if purpose.code != "seizure" or not purpose.case_number:
        return results
    numbers = number_spellings(purpose.case_number)
    seizures = select(DocumentNumber.id).where(
        DocumentNumber.owner_state == actor.own_state(),
        DocumentNumber.kind == "seizure",
        DocumentNumber.number.in_(numbers),
    )
    own = {*db.session.scalars(select(Record.id).where(Record.document_id.in_(seizures)))}
    return [
        result
        if isinstance(result, Invalid)
        else replace(
            result,
            candidates=[each for each in result.candidates if each.mark_hit.record_id not in own],
        )
        for result in results
    ]


def _store_checks(
    actor: Actor,
    purpose: Purpose,
    searches: Sequence[_SearchedQuery],
    matches: Sequence[AlertMatch],
    lookups: Lookups,
) -> None:
    """Store checks, and audit them for owners of shown records and alerts."""
    alert_groups: dict[UUID, dict[UUID, FieldGroups]] = defaultdict(dict)
    for match in matches:
        groups = HOLDER_GROUPS if match.is_shown else ()
        alert_groups[match.cause_id][match.alert_record] = groups
    own, events, rows = actor.own_state(), list[AuditEvent](), list[dict[str, Any]]()
    for search in searches:
        result = verdict([candidate.evidence for candidate in search.listed])
        data = {"verdict": result, **lookups.data}
        events.append(AuditEvent(Action.CHECK_MADE, "check", search.id, data=data))
        visible = alert_groups[search.id] | disclosures.groups_of_candidates(search.listed)
        named = [each for each in search.candidates if each.mark_hit.record_id in visible]
        events += disclosures.matched_record_events(actor, "check", search.id, named, visible)
        rows.append(
            {
                "id": search.id,
                "owner_state": own,
                "concerned": [own],
                "query": vars(search.query),
                "mark": keys.normalise(search.query.serial or search.query.lot or "") or None,
                "purpose": purpose.code,
                "case_number": purpose.case_number,
                "incident": purpose.incident,
                "verdict": result,
                "checked_at": actor.now(),
            }
        )
    append_with_rows(actor, events, {Check: rows}, lookups.count)


def build_answer(
    actor: Actor,
    check_id: UUID,
    candidates: Sequence[Candidate],
    scope: SearchScope | None = None,
    created_hits: Sequence[AnswerHit] = (),
    serial: str = "",
) -> CheckAnswer:
    """Return the answer for shown candidates: verdict, advice, contacts."""
    result = verdict([candidate.evidence for candidate in candidates])
    advised = advice.advise(result, candidates, actor.state, serial)
    action, text = advised.action, advised.text
    if created_hits:
        action, text = _advise_on_hit(created_hits[0])
    states = dict.fromkeys([*(hit.alert_state for hit in created_hits), *advised.states])
    offices = [office for state in states if (office := advice.cached_contact(state))]
    return CheckAnswer(
        check_id,
        result,
        candidates,
        action,
        text,
        offices[0] if offices else None,
        scope,
        created_hits,
        offices,
        advised.reported,
    )


def add_case_number(*, actor: Actor, check_id: UUID, case_number: str) -> None:
    """Add the case number to a check made for an incident; raises NotFound, Conflict."""
    require(actor, Permission.CHECK_MAKE)
    check = lock(Check, check_id, kind="check")
    if check.case_number:
        raise Conflict(message("This check has a case number already."))
    check.case_number = case_number
    data = {"case": case_number}
    append(actor, AuditEvent(Action.CHECK_GIVEN_CASE, "check", check_id, data=data))


def _check_purpose(purpose: Purpose) -> None:
    """Raise Invalid if a purpose lacks its case or incident."""
    if purpose.case_number:
        return
    if purpose.code not in PURPOSES_WITH_INCIDENT:
        code = CodeLabel("purpose", purpose.code)
        problem = message("The purpose {purpose} needs a case number.", purpose=code)
        raise Invalid({"case_number": [problem]})
    if not purpose.incident:
        raise Invalid({"incident": [message("Give the incident, or a case number.")]})


def hit_order(hit: AnswerHit) -> tuple[bool, int, str]:
    """Sort key of hits: strong ones first, then binding actions."""
    return hit.strength != "strong", ALERT_ACTIONS.index(hit.action), str(hit.id)


def _advise_on_hit(hit: AnswerHit) -> tuple[str, Message]:
    """Return the action of a hit and its text. For a hit that is not strong: compare first."""
    state = CodeLabel("state", hit.alert_state)
    if hit.strength == "strong":
        return hit.action, Message(ACTION_TEXTS[hit.action].text, {"state": state})
    return "compare", Message(MAYBE_HIT_TEXT.text, {"state": state})


def _advise_on_goods(text: Message) -> Message:
    """Return an advice on a gun as one on goods of a lot."""
    return Message(GOODS_TEXTS[text.text].text, text.params) if text.text in GOODS_TEXTS else text


MAYBE_HIT_TEXT: Final = message(
    "It may be the gun of an alert of {state}: compare marks, make, model and calibre,"
    " and call {state} before you do anything else."
)


ACTION_TEXTS: Final = {
    "seize": message(
        "Hold the gun and call {state}, which asks to seize it. This hit alone is no ground: seize it"
        " once {state} has confirmed the hit, and by your own law."
    ),
    "hold_and_call": message(
        "Hold the gun and call {state}, which has an alert on it. This hit alone is no ground:"
        " do nothing more until {state} has confirmed it."
    ),
    "inform_only": message(
        "{state} asks to be notified of this firearm, and was. Do not hold it for that: this"
        " hit alone is no ground."
    ),
}
GOODS_TEXTS: Final = {
    of_gun.text: of_goods
    for of_gun, of_goods in (
        (
            advice.CALL_TEXT,
            message("Compare the goods with the record, then call the state that holds it."),
        ),
        (
            advice.OWN_RECORD_TEXT,
            message("Compare the goods with the record, which your own state holds."),
        ),
        (
            advice.RESTRICTED_TEXT,
            message(
                "A state holds something of this lot and lets only its office say what: call it, and"
                " let it compare the goods."
            ),
        ),
        (
            advice.MAYBE_RESTRICTED_TEXT,
            message(
                "A state may hold something of this lot and lets only its office say what: ask it"
                " before you act."
            ),
        ),
        (
            MAYBE_HIT_TEXT,
            message(
                "These may be the goods of an alert of {state}: compare lot, make and calibre,"
                " and call {state} before you do anything else."
            ),
        ),
        (
            ACTION_TEXTS["seize"],
            message(
                "Hold the goods and call {state}, which asks to seize them. This hit alone is no ground:"
                " seize them once {state} has confirmed the hit, and by your own law."
            ),
        ),
        (
            ACTION_TEXTS["hold_and_call"],
            message(
                "Hold the goods and call {state}, which has an alert on them. This hit alone is no ground:"
                " do nothing more until {state} has confirmed it."
            ),
        ),
        (
            ACTION_TEXTS["inform_only"],
            message(
                "{state} asks to be notified of these goods, and was. Do not hold them for that: this"
                " hit alone is no ground."
            ),
        ),
    )
}
"""Advice on goods of a lot, ammunition or parts, by that on a gun."""
