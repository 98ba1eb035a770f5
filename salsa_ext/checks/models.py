"""Table of checks: searches for a serial in the field."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class OwnerNoticeJob(Base):
    """A seizure or trace queued for owner notices; deleted when done."""

    __tablename__ = "owner_notice_job"
    __table_args__ = (
        CheckConstraint("kind IN ('seizure', 'trace')", name="kind"),
        Index(None, "owner_state", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    kind: Mapped[str]
    cause_id: Mapped[UUID]
    at: Mapped[datetime]


class Check(Owned, Base):
    """One check with its verdict.

    A check for an incident gets its case number later. `are_owners_notified` once the owners of `silent`
    records that matched are notified.
    """

    __tablename__ = "serial_check"
    __table_args__ = (
        Index(
            "ix_serial_check_unnotified",
            "owner_state",
            "id",
            postgresql_where=text("NOT are_owners_notified"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    query: Mapped[dict[str, Any]] = mapped_column(info={"pii": "link"})
    purpose: Mapped[str]
    case_number: Mapped[str | None]
    incident: Mapped[str | None]
    verdict: Mapped[str]
    are_owners_notified: Mapped[bool]
    checked_at: Mapped[datetime]
