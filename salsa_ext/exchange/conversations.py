"""Conversations between points of contact of two states, by envelopes; of any object or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import AuditEvent, append
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core import codes
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import EnvelopeRefused, Invalid, NotFound, message
from salsa_ext.core.ids import new_id
from salsa_ext.core.received_json import Nullable, ObjectOf, is_uuid, one_of, text_up_to
from salsa_ext.database.paging import Page, fetch_page
from salsa_ext.database.session import db
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import Envelope, EnvelopeData
from salsa_ext.exchange.models import ConversationMessage
from salsa_ext.exchange.processing import handles
from salsa_ext.notifications.commands import notify
from salsa_ext.notifications.notice_rules import Subject
from salsa_ext.reference import names

KIND: Final = "conversation.message"
MAX_TEXT: Final = 4_000
BODY: Final = ObjectOf(
    {
        "message": is_uuid,
        "conversation": is_uuid,
        "text": text_up_to(MAX_TEXT),
        "agency": Nullable(text_up_to(100)),
        "about_kind": Nullable(one_of(codes.CONVERSATION_OBJECTS)),
        "about_number": Nullable(text_up_to(100)),
    }
)


@dataclass(frozen=True)
class ConversationData:
    """First message to another state's point of contact; `about_*` name an object of either."""

    to: str
    title: str
    text: str
    about_kind: str | None = None
    about_number: str | None = None


@dataclass(frozen=True)
class Conversation:
    """The messages of a conversation, oldest first."""

    messages: Sequence[ConversationMessage]

    @property
    def first(self) -> ConversationMessage:
        """Return the message that began it."""
        return self.messages[0]

    @property
    def id(self) -> UUID:
        """Return the id, which is that of the first message."""
        return self.first.conversation_id

    @property
    def partner(self) -> str:
        """Return the other state."""
        return self.first.partner

    @property
    def version(self) -> int:
        """Return the number of messages, for the ETag."""
        return len(self.messages)


def begin(*, actor: Actor, data: ConversationData) -> UUID:
    """Send the first message of a conversation; raises Invalid."""
    require(actor, Permission.CONVERSATION_WRITE)
    if data.to == actor.state or data.to not in names.participants():
        raise Invalid({"to": [message("Choose another state that takes part.")]})
    key = new_id()
    _send(actor, key, key, data)
    return key


def reply(*, actor: Actor, conversation_id: UUID, text: str) -> UUID:
    """Send one more message in a conversation, and return its id; raises NotFound."""
    require(actor, Permission.CONVERSATION_WRITE)
    first = get_conversation(actor, conversation_id).first
    data = ConversationData(first.partner, first.title, text, first.about_kind, first.about_number)
    key = new_id()
    _send(actor, key, conversation_id, data)
    return key


def list_conversations(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[Conversation]:
    """Return a page of the own state's conversations, the last begun first."""
    require(actor, Permission.CONVERSATION_WRITE)
    own = select(ConversationMessage).where(
        ConversationMessage.owner_state == actor.own_state(),
        ConversationMessage.id == ConversationMessage.conversation_id,
    )
    for name in ("partner", "about_kind", "about_number"):
        if (value := filters.get(name)) is not None:
            own = own.where(getattr(ConversationMessage, name) == value)
    page = fetch_page(own, ConversationMessage.id, limit, cursor)
    return page.with_items([Conversation([row]) for row in page.items])


def get_conversation(actor: Actor, conversation_id: UUID) -> Conversation:
    """Return a conversation of the own state with its messages; raises NotFound."""
    require(actor, Permission.CONVERSATION_WRITE)
    rows = db.session.scalars(_messages_of(actor, conversation_id)).all()
    if not rows:
        raise NotFound("conversation", conversation_id)
    return Conversation(rows)


def _messages_of(actor: Actor, conversation_id: UUID) -> Any:
    return (
        select(ConversationMessage)
        .where(
            ConversationMessage.owner_state == actor.own_state(),
            ConversationMessage.conversation_id == conversation_id,
        )
        .order_by(ConversationMessage.sent_at, ConversationMessage.id)
    )


def _send(actor: Actor, key: UUID, conversation_id: UUID, data: ConversationData) -> None:
    row = ConversationMessage(
        id=key,
        owner_state=actor.own_state(),
        conversation_id=conversation_id,
        partner=data.to,
        sender=actor.own_state(),
        title=data.title,
        about_kind=data.about_kind,
        about_number=data.about_number,
        agency=actor.agency,
        text=data.text,
        sent_at=actor.now(),
    )
    db.session.add(row)
    db.session.flush()
    event = AuditEvent(
        Action.MESSAGE_SENT,
        "conversation",
        conversation_id,
        data={"to": data.to, "message": str(key)},
    )
    append(actor, event)
    body = {
        "message": str(key),
        "conversation": str(conversation_id),
        "text": data.text,
        "agency": actor.agency,
        "about_kind": data.about_kind,
        "about_number": data.about_number,
    }
    outbox.send(actor, EnvelopeData(KIND, data.title, data.to, body))


@handles(KIND)
def _on_message(actor: Actor, envelope: Envelope) -> None:
    """Store a message of another state, and notify the points of contact."""
    body, own = dict(envelope.body), actor.own_state()
    if not BODY(body):
        raise EnvelopeRefused("malformed", field="body")
    key, conversation_id = UUID(body["message"]), UUID(body["conversation"])
    known = db.session.scalars(_messages_of(actor, conversation_id)).first()
    is_begun = known is None and key == conversation_id
    if not is_begun and (known is None or known.partner != envelope.sender):
        raise EnvelopeRefused("malformed", field="body.conversation")
    db.session.add(
        ConversationMessage(
            id=key,
            owner_state=own,
            conversation_id=conversation_id,
            partner=envelope.sender,
            sender=envelope.sender,
            title=known.title if known else envelope.case_number,
            about_kind=body["about_kind"],
            about_number=body["about_number"],
            agency=body["agency"],
            text=body["text"],
            sent_at=envelope.created_at,
        )
    )
    db.session.flush()
    subject = Subject(conversation_id, own, envelope.case_number)
    notify(actor, own, "conversation_message", subject, by=envelope.sender)
