"""Tables of requests of persons, and of documents whose persons are not erased."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class SubjectRequest(Base):
    """Request of a person about data of one state; `person` is sealed by the vault."""

    __tablename__ = "subject_request"
    __table_args__ = (
        Index(None, "owner_state", "due_on"),
        CheckConstraint("kind IN ('access', 'rectification', 'erasure', 'objection')", name="kind"),
        CheckConstraint("status IN ('open', 'answered', 'refused')", name="status"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    kind: Mapped[str]
    person: Mapped[bytes] = mapped_column(LargeBinary)
    received_on: Mapped[date]
    due_on: Mapped[date]
    status: Mapped[str]
    answer: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]


class LegalHold(Base):
    """Document whose persons are not erased until the hold is lifted."""

    __tablename__ = "legal_hold"
    __table_args__ = (Index(None, "owner_state", "document_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    document_kind: Mapped[str]
    document_id: Mapped[UUID]
    reason: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
