"""Messages on legs, requests and traces: append-only, each side stores its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, type_coerce

from salsa_ext.access.audit import AuditEvent, append_with_rows
from salsa_ext.access.models import Account
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import is_any_of_param
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
    """Store messages for the actor's state, in the transaction of their command.

    `acts` are audited in the same round trip.
    """
    append_with_rows(actor, acts, {TraceMessage: [_message_row(actor, word) for word in entries]})


def message_kind(envelope: Envelope) -> str:
    """Return the message kind of an envelope: `answer` for `trace.answer`."""
    return envelope.kind.rpartition(".")[2]


def _message_row(actor: Actor, word: MessageEntry) -> dict[str, Any]:
    envelope, own = word.envelope, actor.own_state()
    sender = envelope.sender if envelope else own
    return {
        "id": new_id(),
        "owner_state": own,
        "subject_kind": word.subject_kind,
        "subject_id": word.subject_id,
        "kind": word.kind,
        "sender": sender,
        "account_id": actor.account_id if sender == own else None,
        "envelope_id": envelope.id if envelope else None,
        "data": dict(word.data),
        "at": actor.now(),
    }


_EVENTS: Final = "events"
_MESSAGE_COLUMNS: Final = (
    TraceMessage.subject_id,
    TraceMessage.kind,
    TraceMessage.sender,
    TraceMessage.at,
    TraceMessage.envelope_id,
    Account.username.label("by"),
    type_coerce(TraceMessage.data.op("-")(_EVENTS), TraceMessage.data.type).label("data"),
    func.jsonb_array_length(TraceMessage.data[_EVENTS]).label(_EVENTS),
)
"""Columns of a message, without the events of an answer."""
_MESSAGES: Final = (
    select(*_MESSAGE_COLUMNS)
    .outerjoin(Account, Account.id == TraceMessage.account_id)
    .where(is_any_of_param(TraceMessage.subject_id))
    .order_by(TraceMessage.id)
)
_ANSWERS: Final = (
    select(TraceMessage.data)
    .where(TraceMessage.subject_id == bindparam("request"), TraceMessage.kind == "answer")
    .order_by(TraceMessage.id)
)


@dataclass(frozen=True)
class MessageView:
    """A stored message, with the username of an own sender.

    For an answer `events` is their number, and `data` has none.
    """

    kind: str
    sender: str
    at: datetime
    envelope_id: UUID | None
    data: Mapping[str, Any]
    events: int | None
    by: str | None


def messages_by_subject(ids: Iterable[UUID]) -> dict[UUID, list[MessageView]]:
    """Return own messages by leg, request or trace, in order."""
    found = defaultdict[UUID, list[MessageView]](list)
    for row in db.session.execute(_MESSAGES, {"ids": list(ids)}):
        said = row._asdict()
        found[said.pop("subject_id")].append(MessageView(**said))
    return found


@dataclass(frozen=True)
class AnswerHandling:
    """Handling codes of a request's answers: the last, and by record."""

    last: str
    by_record: Mapping[str, str]

    def strictest(self, records: Iterable[Any]) -> str:
        """Return the strictest handling of the last answer and these records."""
        return max([self.last, *(self.by_record.get(str(one), self.last) for one in records)])


def answer_handling(request_id: UUID) -> AnswerHandling | None:
    """Return the handling of own answers to a request, or None."""
    answers = db.session.scalars(_ANSWERS, {"request": request_id}).all()
    if not answers:
        return None
    by_record = {event["record"]: event["handling"] for said in answers for event in said[_EVENTS]}
    return AnswerHandling(answers[-1]["handling"], by_record)


def withdrawal_time(said: Sequence[MessageView]) -> datetime | None:
    """Return when the asking state withdrew its request, by its messages."""
    return next((one.at for one in reversed(said) if one.kind == "withdraw"), None)
