"""Requests of persons: access, rectification, erasure, objection; and legal holds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.authentication import is_real
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import is_same_person, require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import CodeLabel, Conflict, Forbidden, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.database.locks import lock
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.documents.models import Report, Seizure, Transfer
from salsa_ext.personal_data.erasure import PersonFinding, erase, find_person
from salsa_ext.personal_data.models import LegalHold, SubjectRequest
from salsa_ext.personal_data.values import ErasureData, LegalHoldData, Person, SubjectRequestData
from salsa_ext.reference.calendars import today
from salsa_ext.trade.permits.models import Licensee, Permit
from salsa_ext.trade.shipments.models import Shipment

DAYS_TO_ANSWER: Final = 30
ERASING_KINDS: Final = ("erasure", "objection")
HELD_MODELS: Final = {
    model.__tablename__: model for model in (Report, Seizure, Transfer, Permit, Shipment, Licensee)
}
"""Tables of the kinds of documents that a hold may be placed on."""


@dataclass(frozen=True)
class SubjectRequestView:
    """A request with its person and what the own documents hold on them; None in a list."""

    request: SubjectRequest
    person: Person
    findings: Sequence[PersonFinding] | None = None

    @property
    def version(self) -> int:
        """Return the version of the request."""
        return self.request.version


def record_request(*, actor: Actor, data: SubjectRequestData) -> UUID:
    """Record a request of a person; raises Invalid for a day in the future."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    if data.received_on > today(actor):
        text = message("A request was received today or before. Give that day.")
        raise Invalid({"received_on": [text]})
    id, person = new_id(), {each.name: getattr(data.person, each.name) for each in fields(Person)}
    row = SubjectRequest(
        id=id,
        owner_state=actor.own_state(),
        version=1,
        kind=data.kind,
        person=actor.vault.seal(json.dumps(person).encode(), _name(id)),
        received_on=data.received_on,
        due_on=data.received_on + timedelta(days=DAYS_TO_ANSWER),
        status="open",
    )
    db.session.add(row)
    append(actor, _event(Action.SUBJECT_REQUEST_RECORDED, row))
    return id


def answer_request(
    *, actor: Actor, subject_request_id: UUID, expected_version: int, answer: str
) -> None:
    """Answer a request; raises NotFound, StaleVersion, Conflict if it is decided."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    _decide(actor, subject_request_id, expected_version, "answered", answer)


def refuse_request(
    *, actor: Actor, subject_request_id: UUID, expected_version: int, reason: str
) -> None:
    """Refuse a request with the reason; raises as `answer_request`."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    _decide(actor, subject_request_id, expected_version, "refused", reason)


def erase_person(
    *, actor: Actor, subject_request_id: UUID, expected_version: int, data: ErasureData
) -> None:
    """Erase the person of a request in the own documents, and answer it.

    Raises as `answer_request`, Conflict where a hold, an open case or a document in force forbids
    it, Invalid for parties that are not of the person. With real records who recorded the request
    erases nobody: Forbidden.
    """
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    if is_real() and is_same_person(actor, subject_request_id, Action.SUBJECT_REQUEST_RECORDED):
        raise Forbidden(message("You recorded this request. A second person has to erase."))
    row = _lock_open(actor, subject_request_id, expected_version)
    if row.kind not in ERASING_KINDS:
        raise Conflict(message("This request asks for no erasure. Answer it instead."))
    findings = [each for each in find_person(actor, _open(actor, row)) if not each.party.erased_at]
    chosen = {*data.parties} or {each.party.id for each in findings}
    if unknown := chosen - {each.party.id for each in findings}:
        text = message("{party} is not of this person, or erased already.", party=str(min(unknown)))
        raise Invalid({"parties": [text]})
    for each in findings:
        if each.party.id in chosen and each.obstacle:
            raise Conflict(
                message(
                    "The party {party} must be retained: {reason}. Leave it out, or refuse the request.",
                    party=str(each.party.id),
                    reason=CodeLabel("erasure_obstacle", each.obstacle),
                )
            )
    erased = [each for each in findings if each.party.id in chosen]
    erase(actor, erased, request=str(row.id))
    _store_decision(actor, row, "answered", data.answer)
    append(actor, _event(Action.SUBJECT_REQUEST_ANSWERED, row, parties=len(erased)))


def _decide(
    actor: Actor, subject_request_id: UUID, expected: int, status: str, answer: str
) -> None:
    row = _lock_open(actor, subject_request_id, expected)
    _store_decision(actor, row, status, answer)
    is_answer = status == "answered"
    action = Action.SUBJECT_REQUEST_ANSWERED if is_answer else Action.SUBJECT_REQUEST_REFUSED
    append(actor, _event(action, row))


def _lock_open(actor: Actor, subject_request_id: UUID, expected: int) -> SubjectRequest:
    row = lock(SubjectRequest, subject_request_id, expected)
    if row.status != "open":
        raise Conflict(message("This request is decided already."))
    return row


def _store_decision(actor: Actor, row: SubjectRequest, status: str, answer: str) -> None:
    row.status, row.answer, row.version = status, answer, row.version + 1
    row.decided_by, row.decided_at = actor.account_id, actor.now()


def _event(action: Action, row: SubjectRequest, **data: Any) -> AuditEvent:
    return AuditEvent(action, "subject_request", row.id, data={"kind": row.kind} | data)


def _name(subject_request_id: UUID) -> str:
    return f"subject_request:{subject_request_id}"


def _open(actor: Actor, row: SubjectRequest) -> Person:
    return Person(**json.loads(actor.vault.open(row.person, _name(row.id))))


def get_request(actor: Actor, subject_request_id: UUID) -> SubjectRequestView:
    """Return a request, and what the own documents hold on the person; raises NotFound."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    row = db.session.get(SubjectRequest, subject_request_id, populate_existing=True)
    if row is None:
        raise NotFound("subject_request", subject_request_id)
    person = _open(actor, row)
    findings = find_person(actor, person)
    append(actor, _event(Action.SUBJECT_REQUEST_READ, row, parties=len(findings)))
    return SubjectRequestView(row, person, findings)


def list_requests(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[SubjectRequestView]:
    """Return a page of the own state's requests, newest first."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    query = select(SubjectRequest).where(SubjectRequest.owner_state == actor.state)
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(SubjectRequest, name) == value)
    page = fetch_page(query, SubjectRequest.id, limit, cursor)
    return page.with_items([SubjectRequestView(row, _open(actor, row)) for row in page.items])


# --- legal holds --------------------------------------------------------------------------------


def place_hold(*, actor: Actor, data: LegalHoldData) -> UUID:
    """Keep the persons of an own document from erasure; raises Invalid for an unknown document."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    model, own = HELD_MODELS[data.document_kind], actor.own_state()
    known = select(model.id).where(model.id == data.document_id, model.owner_state == own)
    if db.session.scalar(known.limit(1)) is None:
        raise Invalid({"document": [message("Your state has no such document.")]})
    row = LegalHold(id=new_id(), owner_state=own, version=1, placed_at=actor.now(), **vars(data))
    db.session.add(row)
    append(actor, AuditEvent(Action.HOLD_PLACED, row.document_kind, row.document_id))
    return row.id


def lift_hold(*, actor: Actor, hold_id: UUID) -> None:
    """Lift a hold; idempotent, raises NotFound."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    hold = lock(LegalHold, hold_id)
    if hold.lifted_at is None:
        hold.lifted_at, hold.version = actor.now(), hold.version + 1
        append(actor, AuditEvent(Action.HOLD_LIFTED, hold.document_kind, hold.document_id))


def get_hold(actor: Actor, hold_id: UUID) -> LegalHold:
    """Return a hold of the own state; raises NotFound."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    hold = db.session.get(LegalHold, hold_id, populate_existing=True)
    if hold is None:
        raise NotFound("legal_hold", hold_id)
    return hold


def list_holds(
    actor: Actor, filters: Mapping[str, Any], limit: int, cursor: str | None
) -> Page[LegalHold]:
    """Return a page of the own state's holds, newest first."""
    require(actor, Permission.PERSONAL_DATA_MANAGE)
    query = select(LegalHold).where(LegalHold.owner_state == actor.state)
    return fetch_page(query, LegalHold.id, limit, cursor)
