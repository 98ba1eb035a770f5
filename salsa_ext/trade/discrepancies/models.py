"""Tables of discrepancies and the states' statements on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Discrepancy(Owned, Base):
    """An irregularity of an owner's permit or shipment, recorded once.

    `key` distinguishes several of one kind, such as a field or a line. `data` holds each side's
    values: codes, numbers, dates and serials. `status` follows from the facts, which the owner
    resolves or reopens (`reopened_version`, 0 if never), and from the statements; the owner's job
    stores it.
    """

    __tablename__ = "discrepancy"
    __table_args__ = (
        UniqueConstraint("subject_id", "kind", "key"),
        Index("ix_discrepancy_concerned", "concerned", postgresql_using="gin"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    kind: Mapped[str]
    key: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    subject_number: Mapped[str]
    status: Mapped[str]
    data: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    reopened_version: Mapped[int]


class Statement(Owned, Base):
    """One state's statement on a discrepancy.

    `stance` is open, explained or agreed, made on a `version` of the discrepancy. It ends when the
    facts reopen that later.
    """

    __tablename__ = "discrepancy_statement"
    discrepancy_id: Mapped[UUID] = mapped_column(
        ForeignKey("discrepancy.id"), primary_key=True, sort_order=-30
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True, sort_order=-20)
    stance: Mapped[str]
    explanation: Mapped[str | None]
    version: Mapped[int]
    changed_at: Mapped[datetime]


class DiscrepancyAssignment(Base):
    """The account assigned to a discrepancy in one state. Not visible to other states."""

    __tablename__ = "discrepancy_assignment"
    discrepancy_id: Mapped[UUID] = mapped_column(
        ForeignKey("discrepancy.id"), primary_key=True, sort_order=-30
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True, sort_order=-20)
    account_id: Mapped[UUID] = mapped_column(index=True)
    assigned_at: Mapped[datetime]
