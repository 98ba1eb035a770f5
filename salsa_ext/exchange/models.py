"""Envelopes sent and received, their progress, and the position of each pair.

Outbox and Inbox are append-only; the progress tables say what became of each envelope. All rows
belong to one of the two states alone: the other has its own, so that either can move to another
installation.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class OutboxEnvelope(Base):
    """An envelope that the owner sent, with the bytes as signed first."""

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("owner_state", "recipient", "sequence"),)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    case_number: Mapped[str]
    hash: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    queued_at: Mapped[datetime]


class OutboxProgress(Base):
    """Delivery of an envelope: attempts, the next one, and the failure."""

    __tablename__ = "outbox_progress"
    __table_args__ = (
        Index(
            "ix_outbox_progress_waiting",
            "owner_state",
            "recipient",
            "sequence",
            postgresql_where=text("delivered_at IS NULL"),
        ),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    envelope_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class OutboxPair(Base):
    """Sequence and hash of the last envelope to a recipient."""

    __tablename__ = "outbox_pair"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    recipient: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class InboxEnvelope(Base):
    """An envelope that the owner received, with the checked bytes. `received_at` is by the owner's clock."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("owner_state", "sender", "sequence"),)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    case_number: Mapped[str]
    previous: Mapped[str | None]
    hash: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]


class InboxProgress(Base):
    """Processing of an envelope: waiting, applied, or refused with a `code`.

    A waiting one with a code is refused in its turn.
    """

    __tablename__ = "inbox_progress"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'applied', 'refused')", name="status"),
        Index(
            "ix_inbox_progress_waiting",
            "owner_state",
            "sender",
            "sequence",
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    envelope_id: Mapped[UUID] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    code: Mapped[str | None]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]


class InboxPair(Base):
    """Position of the owner in the sequence of a sender.

    All up to `received_through` was received without a gap; `hash` is that of the last one. All up
    to `processed_through` was applied or refused.
    """

    __tablename__ = "inbox_pair"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    sender: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    received_through: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str | None]
    processed_through: Mapped[int] = mapped_column(BigInteger)


class ConversationMessage(Base):
    """A message between two states; each has a row of its own, of the same id."""

    __tablename__ = "conversation_message"
    __table_args__ = (Index(None, "owner_state", "conversation_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    conversation_id: Mapped[UUID]
    partner: Mapped[str] = mapped_column(CHAR(3))
    sender: Mapped[str] = mapped_column(CHAR(3))
    title: Mapped[str]
    about_kind: Mapped[str | None]
    about_number: Mapped[str | None]
    agency: Mapped[str | None]
    text: Mapped[str]
    sent_at: Mapped[datetime]

    @property
    def concerned(self) -> list[str]:
        """Return both states, which read what is attached to it."""
        return sorted((self.owner_state, self.partner))


class Webhook(Base):
    """Where a state's own system hears of changes; it sees what the `agency` may see.

    `secret` is sealed; until `old_until` the one before it signs as well. `failures` in a row since
    `failing_since`; nothing is sent before `rests_until`.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'disabled', 'removed')", name="status"),
        Index(None, "owner_state", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    url: Mapped[str]
    kinds: Mapped[list[str]]
    agency: Mapped[str | None]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_until: Mapped[datetime | None]
    status: Mapped[str]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """A message to a webhook; `answer` is the status of its receiver, or why it did not arrive.

    A worker that sends it claims it until `claimed_until`.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'delivered', 'failed')", name="status"),
        Index(None, "webhook_id", "id"),
        Index(
            "ix_webhook_delivery_waiting",
            "owner_state",
            "due_at",
            postgresql_where=text("status = 'waiting'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    webhook_id: Mapped[UUID]
    kind: Mapped[str]
    object_id: Mapped[UUID]
    object_version: Mapped[int]
    at: Mapped[datetime]
    status: Mapped[str]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    answer: Mapped[str | None]
    sent_at: Mapped[datetime | None]
