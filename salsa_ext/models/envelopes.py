"""Envelopes that a state sent and received, how far each came, and where each pair of states stands.

What was said is only added to; the tables beside it say what became of it. All of them belong to one
of the two states alone: the other has its own, so that either can move to another installation.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Outbox(Base):
    """An envelope that the owner sent, as its bytes were signed at first."""

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
    put_at: Mapped[datetime]


class OutboxProgress(Base):
    """Whether an envelope was delivered, how often that was tried, and when it is tried again."""

    __tablename__ = "outbox_progress"
    __table_args__ = (
        Index("ix_outbox_progress_waiting", "owner_state", "recipient", "sequence",
              postgresql_where=text("delivered_at IS NULL")),
    )  # fmt: skip
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    envelope_id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    failure: Mapped[str | None]


class OutboxPair(Base):
    """The last envelope from the owner to a recipient: its number and its hash."""

    __tablename__ = "outbox_pair"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    recipient: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str]


class Inbox(Base):
    """An envelope that the owner received, as its bytes were checked; `received_at` by its clock."""

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
    """What became of an envelope: it waits, was applied, or was set aside for the reason in `code`.

    One that waits with a code is set aside in its turn.
    """

    __tablename__ = "inbox_progress"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'applied', 'refused')", name="status"),
        Index("ix_inbox_progress_waiting", "owner_state", "sender", "sequence",
              postgresql_where=text("status = 'waiting'")),
    )  # fmt: skip
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    envelope_id: Mapped[UUID] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(CHAR(3))
    sequence: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    code: Mapped[str | None]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class InboxPair(Base):
    """Where the owner stands with a sender.

    Everything up to `received_through` came, without a gap; `hash` is that of the last of it.
    Everything up to `settled_through` was applied or set aside.
    """

    __tablename__ = "inbox_pair"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    sender: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    received_through: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str | None]
    settled_through: Mapped[int] = mapped_column(BigInteger)
