"""Tables of counted look-ups, of canaries, and of reviewed samples."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class LookupCount(Base):
    """Look-ups of an account or agency, less those that came back until `at`."""

    __tablename__ = "lookup_count"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[float]
    at: Mapped[datetime]
    refused_at: Mapped[datetime | None]


class Canary(Base):
    """Serial that a state made up, with its search key; visible to its state and the worker."""

    __tablename__ = "canary"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    serial: Mapped[str]
    key: Mapped[int] = mapped_column(BigInteger, index=True)
    planted_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class LookupReview(Base):
    """Look-up of a week's sample, with what the supervisor of its agency decides."""

    __tablename__ = "lookup_review"
    __table_args__ = (
        UniqueConstraint("owner_state", "entry_id"),
        Index(None, "owner_state", "week"),
        CheckConstraint("status IN ('open', 'justified', 'questioned')", name="status"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    agency: Mapped[str]
    week: Mapped[date]
    entry_id: Mapped[UUID]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    account_id: Mapped[UUID]
    purpose: Mapped[str | None]
    case_number: Mapped[str | None]
    looked_up_at: Mapped[datetime]
    is_flagged: Mapped[bool]
    status: Mapped[str]
    comment: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
