"""Requests received, and messages on legs, requests and traces."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class TraceRequest(Base):
    """One state's request to the owner about one gun, with its status.

    `leg_id` is the asking state's id of it. `envelope_id` is the last request,
    `question_envelope_id` the last question or refusal, which may be replied to. While `stopped_at`
    is set, the clock of `due_at`, which runs since `clock_from`, is stopped. `reminded_percent` is
    the percent of the time reminded of last, `remind_at` the time of the next. `candidates` are own
    records that the asking state may know of.
    """

    __tablename__ = "trace_request"
    __table_args__ = (
        UniqueConstraint("owner_state", "asking_state", "leg_id"),
        Index(None, "owner_state", "id"),
        Index(None, "owner_state", "case_number"),
        Index("ix_trace_request_due", "owner_state", "status", "due_at"),
        Index(
            "ix_trace_request_remind",
            "owner_state",
            "remind_at",
            postgresql_where=text("status IN ('sent', 'acknowledged', 'deferred')"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    asking_state: Mapped[str] = mapped_column(CHAR(3))
    leg_id: Mapped[UUID]
    trace_id: Mapped[UUID]
    status: Mapped[str]
    is_automatic: Mapped[bool]
    case_number: Mapped[str]
    body: Mapped[dict[str, Any]]
    priority: Mapped[str]
    candidates: Mapped[list[dict[str, Any]]]
    envelope_id: Mapped[UUID]
    question_envelope_id: Mapped[UUID | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    assignee_id: Mapped[UUID | None]
    clock_from: Mapped[datetime]
    reminded_percent: Mapped[int] = mapped_column(SmallInteger)
    remind_at: Mapped[datetime | None]


class TraceMessage(Sealed, Base):
    """A message on a leg, a request or a trace; append-only.

    `sender` is the state that sent it, `account_id` the own account that did, `envelope_id` its
    envelope. A note has none: it never leaves its state.
    """

    __tablename__ = "trace_message"
    seal_key = ("trace_message", "id")
    seal_subject = "subject_id"
    __table_args__ = (Index(None, "owner_state", "subject_id", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    kind: Mapped[str]
    sender: Mapped[str] = mapped_column(CHAR(3))
    account_id: Mapped[UUID | None]
    envelope_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
