"""Where counterparts disagree, and what each state says to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class Discrepancy(Owned, Base):
    """Something that does not add up about a permit or shipment of the owner; raised once.

    `key` tells two of one kind apart, such as a field or a line; `data` says what each side states,
    in codes, numbers, dates and serials.
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


class Position(Owned, Base):
    """What one state says to a discrepancy; each has one position."""

    __tablename__ = "position"
    discrepancy_id: Mapped[UUID] = mapped_column(
        ForeignKey("discrepancy.id"), primary_key=True, sort_order=-30
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True, sort_order=-20)
    stance: Mapped[str]
    explanation: Mapped[str | None]
    changed_at: Mapped[datetime]


class Assignment(Base):
    """Who works on a discrepancy in one state; kept from the others."""

    __tablename__ = "assignment"
    discrepancy_id: Mapped[UUID] = mapped_column(
        ForeignKey("discrepancy.id"), primary_key=True, sort_order=-30
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True, sort_order=-20)
    account_id: Mapped[UUID] = mapped_column(index=True)
    assigned_at: Mapped[datetime]
