"""Messages on legs, requests and traces: append-only, each side stores its own."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, type_coerce

from salsa_ext.access.audit import AuditEvent, append_with_rows
from salsa_ext.access.models import Account
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.core.ids import new_id
from salsa_ext.core.received_json import (
    ListOf,
    Nullable,
    ObjectOf,
    Shape,
    Validator,
    is_boolean,
    is_date,
    is_decimal,
    is_event_date,
    is_integer,
    is_number,
    is_state_code,
    is_uuid,
    one_of,
    prune,
    text_up_to,
)
from salsa_ext.database.bulk import is_any_of
from salsa_ext.database.session import db
from salsa_ext.exchange.envelopes import Envelope
from salsa_ext.tracing.requests.models import TraceMessage

NOTE: Final = "note"
DECLINE: Final = "decline"
"""Kind of a second person's reason for declining."""
REJECTED: Final = "set_aside"
"""Kind of a message that was refused; `code` is the reason."""


@dataclass(frozen=True)
class MessageEntry:
    """A message on a `leg`, `request` or `trace`; notes lack an envelope."""

    subject_kind: str
    subject_id: UUID
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    envelope: Envelope | None = None


def store(actor: Actor, entries: Iterable[MessageEntry], acts: Sequence[AuditEvent] = ()) -> None:
    """Store messages for the actor's state, in the transaction of their command."""
    own, rows = actor.own_state(), []
    for entry in entries:
        sender = entry.envelope.sender if entry.envelope else own
        rows.append(
            {
                "id": new_id(),
                "owner_state": own,
                "subject_kind": entry.subject_kind,
                "subject_id": entry.subject_id,
                "kind": entry.kind,
                "sender": sender,
                "account_id": actor.account_id if sender == own else None,
                "envelope_id": entry.envelope.id if entry.envelope else None,
                "data": dict(entry.data),
                "at": actor.now(),
            }
        )
    append_with_rows(actor, acts, {TraceMessage: rows})


def message_kind(envelope: Envelope) -> str:
    """Return the message kind of an envelope: `answer` for `trace.answer`."""
    return envelope.kind.rpartition(".")[2]


@dataclass(frozen=True)
class MessageView:
    """A stored message, with the username of an own sender."""

    kind: str
    sender: str
    at: datetime
    envelope_id: UUID | None
    data: Mapping[str, Any]
    events: int | None
    by: str | None


def messages_by_subject(ids: Iterable[UUID]) -> dict[UUID, list[MessageView]]:
    """Return own messages by leg, request or trace, in order."""
    data = TraceMessage.data
    query = (
        select(
            TraceMessage.subject_id,
            TraceMessage.kind,
            TraceMessage.sender,
            TraceMessage.at,
            TraceMessage.envelope_id,
            Account.username.label("by"),
            type_coerce(data.op("-")("events"), data.type).label("data"),
            func.jsonb_array_length(data["events"]).label("events"),
        )
        .outerjoin(Account, Account.id == TraceMessage.account_id)
        .where(is_any_of(TraceMessage.subject_id, ids))
        .order_by(TraceMessage.id)
    )
    messages: dict[UUID, list[MessageView]] = defaultdict(list)
    for row in db.session.execute(query):
        columns = row._asdict()
        messages[columns.pop("subject_id")].append(MessageView(**columns))
    return messages


@dataclass(frozen=True)
class AnswerHandling:
    """Handling codes of a request's answers: the last, and by record."""

    last: str
    by_record: Mapping[str, str]

    def strictest(self, records: Iterable[Any]) -> str:
        """Return the strictest handling of the last answer and these records."""
        return max([self.last, *(self.by_record.get(str(key), self.last) for key in records)])


def answer_handling(request_id: UUID) -> AnswerHandling | None:
    """Return the handling of own answers to a request, or None."""
    query = select(TraceMessage.data).order_by(TraceMessage.id)
    own = (TraceMessage.subject_id == request_id, TraceMessage.kind == "answer")
    answers = db.session.scalars(query.where(*own)).all()
    if not answers:
        return None
    events = [event for answer in answers for event in answer["events"]]
    return AnswerHandling(
        answers[-1]["handling"], {event["record"]: event["handling"] for event in events}
    )


def withdrawal_time(messages: Sequence[MessageView]) -> datetime | None:
    """Return when the asking state withdrew its request, by its messages."""
    return next((entry.at for entry in reversed(messages) if entry.kind == "withdraw"), None)


MAX_EVENTS: Final = 500
DEFAULTS: Final[Mapping[str, Any]] = {
    "hidden_from": [],
    "outcome": None,
    "failure_reason": None,
    "office": None,
}
"""Values of fields that older versions do not send."""


def read_body(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields of a body; raises EnvelopeRefused."""
    shape, body = BODIES[kind], {**DEFAULTS, **body}
    for name, is_valid in shape.items():
        if name not in body or not is_valid(body[name]):
            raise EnvelopeRefused("malformed", field=f"body.{name}")
    return {name: prune(is_valid, body[name]) for name, is_valid in shape.items()}


_SHORT, _LONG = text_up_to(500), text_up_to(2000)
_CODE, _OPTIONAL, _OPTIONAL_LONG = text_up_to(40), Nullable(_SHORT), Nullable(_LONG)
_MARK: Final[Shape] = {
    "kind": one_of(codes.MARK_KINDS),
    "text": text_up_to(100),
    "state": Nullable(is_state_code),
    "year": Nullable(is_integer),
    "location": _OPTIONAL,
    "condition": Nullable(one_of(codes.MARK_CONDITIONS)),
    "method": Nullable(one_of(codes.MARK_METHODS)),
}
_GUN: Final[Shape] = {
    **dict.fromkeys("type make make_text model calibre calibre_text".split(), _OPTIONAL),
    "country_of_manufacture": Nullable(is_state_code),
    "year": Nullable(is_integer),
    "serial": Nullable(text_up_to(100)),
}
"""What records and descriptions have in common."""
_FIREARM: Final[Shape] = {
    **_GUN,
    **dict.fromkeys(
        "type_text importer_mark part_kind unit lot headstamp hs_code".split(), _OPTIONAL
    ),
    "line": is_integer,
    "category": one_of(codes.CATEGORIES),
    "origin_kind": one_of(codes.ORIGIN_KINDS),
    "quantity": is_decimal,
    "antique": is_boolean,
    "marking": one_of(codes.MARK_CONDITIONS),
    "marks": ListOf(ObjectOf(_MARK), 200),
}
_PARTY: Final[Shape] = {"id": is_uuid, "kind": one_of(codes.PARTY_KINDS), "country": is_state_code}
EVENT_SHAPE: Final[Shape] = {
    **_GUN,
    **dict.fromkeys("document_kind shipment_status stolen_from".split(), Nullable(_CODE)),
    **dict.fromkeys(("giver", "receiver"), Nullable(ObjectOf(_PARTY))),
    "state": is_state_code,
    "record": is_uuid,
    "version": Nullable(is_integer),
    "event": one_of(codes.EVENT_KINDS),
    "occurred_on": is_event_date,
    "document_number": Nullable(text_up_to(100)),
    "return_due_on": Nullable(is_date),
    "counterpart_state": Nullable(is_state_code),
    "linked_record": Nullable(is_uuid),
    "handed_in": Nullable(is_boolean),
    "importer_mark": _OPTIONAL,
    "handling": one_of(codes.HANDLING_CODES),
    "strength": Nullable(text_up_to(20)),
    "bits": is_number,
}
"""An event of a chain, from a state's own records or registers."""
_OFFICE: Final = Nullable(ObjectOf({"agency": _SHORT, "telephone": _OPTIONAL, "email": _OPTIONAL}))
"""The contact of the asking agency."""
_AGENCIES, _EVENTS = ListOf(text_up_to(60), 100), ListOf(ObjectOf(EVENT_SHAPE), MAX_EVENTS)
_FAILURE: Final = Nullable(one_of(codes.ANSWER_FAILURE_REASONS))
_LEG: Final[dict[str, Validator]] = {"leg": is_uuid}
_REQUEST: Final[Shape] = {
    **_LEG,
    "trace": is_uuid,
    "firearm": ObjectOf(_FIREARM),
    "found_on": is_event_date,
    "record": Nullable(is_uuid),
    "priority": one_of(codes.PRIORITIES),
    "priority_reason": _OPTIONAL,
    "legal_basis": _SHORT,
    "illicit_reason": one_of(codes.ILLICIT_REASONS),
    "circumstances": _LONG,
    "intended_use": one_of(codes.INTENDED_USES),
    "needed_by": Nullable(is_date),
    "confidentiality_requested": is_boolean,
    "hidden_from": _AGENCIES,
    "office": _OFFICE,
    "likeness": ObjectOf(dict.fromkeys(("bits", "lawful_bits", "serial_bits"), is_number)),
}
_ANSWER: Final[Shape] = {
    **_LEG,
    "completeness": one_of(codes.ANSWER_COMPLETENESS),
    "restriction_reason": _OPTIONAL_LONG,
    "events": _EVENTS,
    "points_to": ListOf(is_state_code, 50),
    "handling": one_of(codes.HANDLING_CODES),
    "note": _OPTIONAL_LONG,
    "is_automatic": is_boolean,
    "failure_reason": _FAILURE,
}
_ACKNOWLEDGE: Final[Shape] = {**_LEG, "text": _OPTIONAL_LONG, "is_automatic": is_boolean}
_NO_RECORD: Final[Shape] = {
    **_LEG,
    "text": _OPTIONAL_LONG,
    "is_automatic": is_boolean,
    "failure_reason": _FAILURE,
}
BODIES: Final[Mapping[str, Shape]] = {
    "trace.request": _REQUEST,
    "trace.renewed": _REQUEST,
    "trace.hide": _LEG | {"hidden_from": _AGENCIES, "office": _OFFICE},
    "trace.reply": _LEG | {"text": _LONG},
    "trace.withdraw": _LEG | {"text": _OPTIONAL_LONG},
    "trace.feedback": {
        **_LEG,
        "helped": is_boolean,
        "text": _OPTIONAL_LONG,
        "outcome": Nullable(one_of(codes.TRACE_OUTCOMES)),
    },
    "trace.compared": {
        **_LEG,
        "record": is_uuid,
        "judgement": one_of(codes.JUDGEMENTS),
        "text": _LONG,
    },
    "trace.acknowledge": _ACKNOWLEDGE,
    "trace.answer": _ANSWER,
    "trace.no_record": _NO_RECORD,
    "trace.refuse": _LEG | {"reason": one_of(codes.REFUSAL_REASONS), "text": _LONG},
    "trace.defer": _LEG | {"until": is_date, "reason": _LONG},
    "trace.ask": _LEG | {"questions": ListOf(_LONG, 50)},
    "trace.forward": _LEG | {"state": is_state_code, "reason": _LONG},
    "trace.corrected": _LEG | {"events": _EVENTS, "gone": ListOf(is_uuid, MAX_EVENTS)},
}
