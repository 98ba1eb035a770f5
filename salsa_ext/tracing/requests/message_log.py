"""Messages on legs, requests and traces: append-only, each side stores its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, type_coerce

from salsa_ext.access.audit import AuditEvent, append_with_rows
from salsa_ext.access.models import Account
from salsa_ext.core.actor import Actor
from salsa_ext.core.ids import new_id
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
    """Store messages for the actor's state, in the transaction of their command.

    `acts` are audited in the same round trip.
    """
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
