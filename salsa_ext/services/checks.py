"""Checks in the field: is this serial known, how surely, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, Conflict, Invalid, Message, NotFound, say
from salsa_ext.matching.evidence import verdict
from salsa_ext.models import Check, Contact
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.contacts import contact_of
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.marks import Coverage, coverage
from salsa_ext.readmodels.search import search
from salsa_ext.services import readings
from salsa_ext.values.actor import Actor, Purpose
from salsa_ext.values.codes import PURPOSES_WITH_INCIDENT
from salsa_ext.values.ids import new_id
from salsa_ext.values.inquiries import CheckData

MOST = 10


@dataclass(frozen=True)
class Answer:
    """What a check says: the verdict, visible candidates, what next, and who was searched."""

    id: UUID
    verdict: str
    candidates: Sequence[Candidate]
    action: str
    advice: Message
    contact: Contact | None
    searched: Sequence[Coverage]


ADVICE = {
    "hit": (
        "call_owner",
        say("Compare the gun with the record, then call the state that holds it."),
    ),
    "possible": ("compare", say("Compare make, model and calibre with the record before you act.")),
    "no_hit": ("none", say("Not in the records searched; that does not make it lawful.")),
}


def make(*, actor: Actor, data: CheckData) -> Answer:
    """Ask about one serial; raises Invalid where nothing could be searched.

    A `silent` record of another state is not even looked for: its owner is told later, by
    `telling_owners`, so that neither the answer nor the time it takes depends on it.
    """
    require(actor, Permission.CHECK_MAKE)
    check_purpose(data.purpose)
    actor = actor.for_purpose(data.purpose)
    found = search(readings.all_of(data.query), actor, silent=False)
    seen = found[:MOST]
    said = verdict([candidate.evidence for candidate in seen])
    check_id = _write(actor, data, said)
    tell_owners(actor, "check", check_id, found)
    action, advice = ADVICE[said]
    contact = contact_of(seen[0].held.state) if seen else None
    return Answer(check_id, said, seen, action, advice, contact, coverage())


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


def visible(found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that the asking state may know of."""
    return [candidate for candidate in found if candidate.held.visibility != "silent"]


def tell_owners(actor: Actor, kind: str, cause: UUID, found: Sequence[Candidate]) -> None:
    """Write for each owner which records a `kind` of question hit.

    The asker's own audit names `open` records alone, since it may not know the others.
    """
    owners: dict[tuple[str, bool], list[str]] = {}
    for candidate in found:
        held = candidate.held
        if held.state != actor.state:
            owners.setdefault((held.state, held.visibility != "open"), []).append(
                str(held.record_id)
            )
    append_many(actor, [
        Act(Action.RECORD_MATCHED, kind, cause, subject_state=state, concerned=[state],
            data={"records": records}, hidden=hidden)
        for (state, hidden), records in owners.items()
    ])  # fmt: skip


def _write(actor: Actor, data: CheckData, said: str) -> UUID:
    check_id = new_id()
    row: dict[str, Any] = {
        "id": check_id, "owner_state": actor.own_state(), "concerned": [actor.own_state()],
        "query": vars(data.query), "purpose": data.purpose.code,
        "case_number": data.purpose.case_number, "incident": data.purpose.incident,
        "verdict": said, "is_told": False, "at": actor.now(),
    }  # fmt: skip
    insert_many(Check, [row])
    append(actor, Act(Action.CHECK_MADE, "check", check_id, data={"verdict": said}))
    return check_id
