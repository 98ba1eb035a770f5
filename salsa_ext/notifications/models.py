"""Notifications and their read marks; both append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Notification(Owned, Base):
    """Notification to roles of the owner state, or to one account.

    With `agencies` only their officers are notified. `data` holds ids and codes only.
    """

    __tablename__ = "notification"
    __table_args__ = (
        Index(None, "owner_state", "id"),
        Index(None, "owner_state", "raised_at"),
        Index(
            "ix_notification_subject",
            "owner_state",
            text("COALESCE(data ->> 'record', subject_id::text)"),
            "raised_at",
            "id",
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    roles: Mapped[list[str]]
    code: Mapped[str]
    subject_kind: Mapped[str]
    subject_state: Mapped[str] = mapped_column(CHAR(3))
    subject_id: Mapped[UUID]
    number: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    account_id: Mapped[UUID | None]
    agencies: Mapped[list[str] | None]


class NotificationRead(Owned, Base):
    """Read mark of an account; without it a notification is unread."""

    __tablename__ = "notification_read"
    notification_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    account_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-29)
    read_at: Mapped[datetime]
