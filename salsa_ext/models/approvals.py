"""What another state asks of the owner's second persons: to approve a trace of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class TraceApproval(Base):
    """A trace of the asking state that waits for the owner's second person.

    `asked` is the little of the draft that he is shown; `envelope_id` that by which it was asked.
    """

    __tablename__ = "trace_approval"
    __table_args__ = (
        UniqueConstraint("owner_state", "envelope_id"),
        Index(None, "owner_state", "id"),
        Index(None, "owner_state", "case_number"),
        CheckConstraint(
            "status IN ('asked', 'granted', 'declined', 'withdrawn')", name="status"
        ),
    )  # fmt: skip
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    asking_state: Mapped[str] = mapped_column(CHAR(3))
    trace_id: Mapped[UUID]
    status: Mapped[str]
    case_number: Mapped[str]
    asked: Mapped[dict[str, Any]]
    envelope_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]
    reason: Mapped[str | None]
