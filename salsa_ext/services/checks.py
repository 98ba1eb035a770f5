"""Checks in the field: is this serial known, how surely, and what to do now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append, append_many, append_with
from salsa_ext.db import db
from salsa_ext.errors import Coded, Conflict, Invalid, Message, NotFound, say
from salsa_ext.matching.events import ALERT
from salsa_ext.matching.evidence import verdict
from salsa_ext.models import Check
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import lately, remarks
from salsa_ext.readmodels.contacts import Office
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Coverage
from salsa_ext.readmodels.remarks import Remark
from salsa_ext.readmodels.search import search
from salsa_ext.services import advice, alert_advice, hits, readings, showings
from salsa_ext.services.advice import Reported
from salsa_ext.services.fields import wrong_bracket
from salsa_ext.services.hits import Made, Met
from salsa_ext.services.showings import HOLDER, Groups, Shown
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import PURPOSES_WITH_INCIDENT
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import CheckData, Query

MOST = 10


@dataclass(frozen=True)
class Answer:
    """What a check says: the verdict, visible candidates, what next, and who was searched.

    `hits` are those on alerts that show to the asker; what next follows from the first of them.
    `contacts` are the offices of all states that hold something, `contact` the first of them;
    `remarks` are on words that did not count; `more` is how many records fit less well and are not listed.
    """

    id: UUID
    verdict: str
    candidates: Sequence[Candidate]
    action: str
    advice: Message
    contact: Office | None
    searched: Sequence[Coverage]
    hits: Sequence[Made] = ()
    contacts: Sequence[Office] = ()
    reported: Reported | None = None
    remarks: Sequence[Remark] = ()
    more: int = 0


@dataclass(frozen=True)
class _Asked:
    """A question that could be searched, and what was found; `seen` is what is shown of it."""

    id: UUID
    query: Query
    found: Sequence[Candidate]

    @cached_property
    def seen(self) -> Sequence[Candidate]:
        return advice.shown(self.found, len(self.found) if self.query.every else MOST)

    @property
    def more(self) -> int:
        return advice.left_out(self.found, self.seen)

    @property
    def verdict(self) -> str:
        return verdict([candidate.evidence for candidate in self.seen])


def make(*, actor: Actor, data: CheckData) -> Answer:
    """Ask about one serial; raises Invalid where nothing could be searched.

    A `silent` record of another state is not even looked for: its owner is told later, by
    `telling_owners`, so that neither the answer nor the time it takes depends on it.
    """
    require(actor, Permission.CHECK_MAKE)
    [said] = make_many(actor=actor, purpose=data.purpose, queries=[data.query])
    if isinstance(said, Invalid):
        raise said
    return said


def make_many(
    *, actor: Actor, purpose: Purpose, queries: Sequence[Query]
) -> list[Answer | Invalid]:
    """Ask about several serials for one purpose; returns what each is answered, in order.

    A query that cannot be searched is answered by why, and keeps no other from its answer. Raises
    Invalid for a purpose without its case.
    """
    require(actor, Permission.CHECK_MAKE)
    check_purpose(purpose)
    actor = actor.for_purpose(purpose)
    outcomes = [_ask(actor, query) for query in queries]
    asked = [outcome for outcome in outcomes if isinstance(outcome, _Asked)]
    met = [
        alert for one in asked
        for alert in hits.of_check(actor, one.id, one.query, one.found, actor.now())
    ]  # fmt: skip
    _write(actor, purpose, asked, {
        (alert.cause_id, alert.alert_record): HOLDER if alert.is_shown else () for alert in met
    })  # fmt: skip
    answers = _answers(actor, asked, _hits(actor, met))
    return [one if isinstance(one, Invalid) else answers[one.id] for one in outcomes]


def _ask(actor: Actor, query: Query) -> _Asked | Invalid:
    if wrong := wrong_bracket(query.serial):
        return Invalid({"serial": [wrong]})
    try:
        found = search(readings.all_of(query), actor, settles=not query.near, silent=False)
    except Invalid as error:
        return error
    return _Asked(new_id(), query, found)


def _hits(actor: Actor, met: Sequence[Met]) -> dict[UUID, list[Made]]:
    """Make a hit of each alert that was met and shows to the asker; by the check, what binds most first."""
    made: dict[UUID, list[Made]] = defaultdict(list)
    for hit in sorted(hits.make(actor, met, is_late=False), key=alert_advice.rank) if met else ():
        made[hit.cause_id].append(hit)
    return made


def _answers(
    actor: Actor, asked: Sequence[_Asked], made: Mapping[UUID, list[Made]]
) -> dict[UUID, Answer]:
    """Return what is answered, by the check; offices and coverage may be a minute old."""
    searched = lately.coverage()
    return {one.id: _answer(actor, one, searched, made.get(one.id, ())) for one in asked}


def _answer(
    actor: Actor, asked: _Asked, searched: Sequence[Coverage], made: Sequence[Made]
) -> Answer:
    said = told_of(actor, asked.id, asked.seen, searched, made)
    noted = remarks.on_query(asked.query, actor.language)
    return replace(said, remarks=noted, more=asked.more)


def told_of(
    actor: Actor, cause: UUID, seen: Sequence[Candidate], searched: Sequence[Coverage] = (),
    made: Sequence[Made] = (),
) -> Answer:  # fmt: skip
    """Return what is said of candidates that are shown: the verdict, what next, and whom to call."""
    judged = verdict([candidate.evidence for candidate in seen])
    advised = advice.of(judged, seen, actor.state)
    action, text = alert_advice.of(made[0]) if made else (advised.action, advised.text)
    states = dict.fromkeys([*(hit.alert_state for hit in made), *advised.states])
    offices = [office for state in states if (office := lately.office_of(state))]
    return Answer(cause, judged, seen, action, text, offices[0] if offices else None, searched,
                  made, offices, advised.reported)  # fmt: skip


def give_case(*, actor: Actor, check_id: UUID, case_number: str) -> None:
    """Add the case number to a check that was made for an incident."""
    require(actor, Permission.CHECK_MAKE)
    check = db.session.get(Check, check_id, with_for_update=True, populate_existing=True)
    if check is None or check.owner_state != actor.state:
        raise NotFound("check", check_id)
    if check.case_number:
        raise Conflict(say("This check has a case number already."))
    check.case_number = case_number
    append(actor, Act(Action.CHECK_GIVEN_CASE, "check", check_id, data={"case": case_number}))


def check_purpose(purpose: Purpose) -> None:
    """Raise Invalid unless the purpose comes with its case, or with an incident where that will do."""
    if purpose.case_number:
        return
    if purpose.code not in PURPOSES_WITH_INCIDENT:
        raise Invalid({"case_number": [say("The purpose {purpose} needs a case number.",
                                           purpose=Coded("purpose", purpose.code))]})  # fmt: skip
    if not purpose.incident:
        raise Invalid({"incident": [say("Give the incident, or a case number.")]})


def tell_owners(
    actor: Actor, kind: str, cause: UUID, found: Sequence[Candidate], shown: Shown, *,
    hidden: bool = False,
) -> None:  # fmt: skip
    """Write for each owner which records a `kind` of question hit, and what was `shown` of them.

    Of what is below a possible hit nobody is told, since no answer shows it, but for alerts, which
    are met by what their own state knows; a trace asks for less.
    The asker's own audit names `open` records alone, since it may not know the others; none at all
    where `hidden`.
    """
    told = found if kind == "trace" else [
        one for one in found if one.evidence.is_worth_a_look or one.held.event == ALERT
    ]  # fmt: skip
    append_many(actor, _matched(actor, kind, cause, told, shown, hidden=hidden))


def _matched(
    actor: Actor, kind: str, cause: UUID, found: Sequence[Candidate], shown: Shown, *,
    hidden: bool = False,
) -> list[Act]:  # fmt: skip
    owners: dict[tuple[str, bool, Groups], list[str]] = {}
    for candidate in found:
        held = candidate.held
        if held.state != actor.state:
            is_hidden = hidden or held.visibility != "open"
            key = (held.state, is_hidden, shown.get(held.record_id, ()))
            owners.setdefault(key, []).append(str(held.record_id))
    return [
        Act(Action.RECORD_MATCHED, kind, cause, subject_state=state, concerned=[state],
            data=showings.data(records, groups), hidden=is_hidden)
        for (state, is_hidden, groups), records in owners.items()
    ]  # fmt: skip


def _write(
    actor: Actor, purpose: Purpose, asked: Sequence[_Asked], met: Mapping[tuple[UUID, UUID], Groups]
) -> None:
    """Keep the checks, and write down that each was made and whose records it showed or met."""
    acts = [
        act for one in asked
        for act in (Act(Action.CHECK_MADE, "check", one.id, data={"verdict": one.verdict}),
                    *_told(actor, one, met))
    ]  # fmt: skip
    append_with(actor, acts, {Check: [_row(actor, purpose, one) for one in asked]})


def _told(
    actor: Actor, asked: _Asked, met: Mapping[tuple[UUID, UUID], Groups]
) -> list[Act]:  # fmt: skip
    """Return the acts that tell of what the asker saw, and of the alerts that were met."""
    shown = showings.of_candidates(asked.seen)
    if met:
        keys = ((asked.id, one.held.record_id) for one in asked.found)
        shown = {key[1]: met[key] for key in keys if key in met} | shown
    told = [one for one in asked.found if one.held.record_id in shown]
    return _matched(actor, "check", asked.id, told, shown)


def _row(actor: Actor, purpose: Purpose, asked: _Asked) -> dict[str, Any]:
    return {
        "id": asked.id, "owner_state": actor.own_state(), "concerned": [actor.own_state()],
        "query": vars(asked.query), "purpose": purpose.code,
        "case_number": purpose.case_number, "incident": purpose.incident,
        "verdict": asked.verdict, "is_told": False, "at": actor.now(),
    }  # fmt: skip
