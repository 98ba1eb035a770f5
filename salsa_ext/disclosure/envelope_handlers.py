"""Handle the envelopes of consents: a request to the origin of a record, and its decisions."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, EnvelopeRefused, IllegalTransition, NotFound, message
from salsa_ext.core.received_json import (
    ListOf,
    Nullable,
    ObjectOf,
    is_date,
    is_state_code,
    is_uuid,
    one_of,
    prune,
    text_up_to,
)
from salsa_ext.database.session import db
from salsa_ext.disclosure.consents import DECISIONS, notice_code
from salsa_ext.disclosure.models import Consent
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.exchange.processing import handles
from salsa_ext.firearms.records.queries import find_records
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.notice_rules import Subject

BODIES: Final = {
    "consent.request": ObjectOf(
        {
            "consent": is_uuid,
            "record": is_uuid,
            "use": one_of(codes.CONSENT_USES),
            "to": Nullable(is_state_code),
            "reason": text_up_to(2000),
            "about": ListOf(is_uuid, 100),
        }
    ),
    "consent.decision": ObjectOf(
        {
            "consent": is_uuid,
            "status": one_of(tuple(DECISIONS)),
            "answer": Nullable(text_up_to(2000)),
            "expires_on": Nullable(is_date),
        }
    ),
}


@handles("consent.request")
def _on_request(actor: Actor, envelope: Envelope) -> None:
    """Store a request for consent to a use of an own record, or the notice of one."""
    body, own = _read_body(envelope), actor.own_state()
    views = find_records([UUID(body["record"])])
    is_onward = (body["use"] == "onward") == (body["to"] is not None)
    if not views or views[0].record.owner_state != own or not is_onward:
        raise EnvelopeRefused("malformed", field="body.record")
    if db.session.get(Consent, (UUID(body["consent"]), own)) is not None:
        raise Conflict(message("This was asked already."))
    row = Consent(
        id=UUID(body["consent"]),
        owner_state=own,
        version=1,
        origin_state=own,
        asking_state=envelope.sender,
        record_id=UUID(body["record"]),
        use=body["use"],
        to_state=body["to"],
        case_number=envelope.case_number,
        reason=body["reason"],
        status="notified" if body["use"] == "compelled" else "asked",
        asked_at=envelope.created_at,
        about=[UUID(trace) for trace in body["about"]],
    )
    db.session.add(row)
    db.session.flush()
    _notify(actor, row, envelope)


@handles("consent.decision")
def _on_decision(actor: Actor, envelope: Envelope) -> None:
    """Store what the origin decided on a request of the own state."""
    body, own = _read_body(envelope), actor.own_state()
    row = db.session.get(
        Consent, (UUID(body["consent"]), own), populate_existing=True, with_for_update=True
    )
    if row is None or (row.origin_state, row.asking_state) != (envelope.sender, own):
        raise NotFound("consent", body["consent"])
    verb, earlier_statuses, _ = DECISIONS[body["status"]]
    if row.status not in earlier_statuses:
        raise IllegalTransition("consent", row.status, verb)
    row.version, row.status, row.answer = row.version + 1, body["status"], body["answer"]
    row.expires_on = date.fromisoformat(body["expires_on"]) if body["expires_on"] else None
    row.answered_at = envelope.created_at
    db.session.flush()
    _notify(actor, row, envelope)


def _read_body(envelope: Envelope) -> Mapping[str, Any]:
    shape, body = BODIES[envelope.kind], dict(envelope.body)
    if not shape(body):
        raise EnvelopeRefused("malformed", field="body")
    known: Mapping[str, Any] = prune(shape, body)
    return known


def _notify(actor: Actor, row: Consent, envelope: Envelope) -> None:
    data: dict[str, Any] = {"record": str(row.record_id), "use": row.use, "to": row.to_state}
    subject = Subject(row.id, row.owner_state, row.case_number)
    notify(actor, row.owner_state, notice_code(row), subject, by=envelope.sender, **data)
