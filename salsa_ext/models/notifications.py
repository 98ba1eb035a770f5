"""What a state is told, and which of its accounts read it when; both are only added to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class Notification(Owned, Base):
    """Something that waits for the roles of the owner, or for one account of them alone.

    Where `agencies` are named, it waits for those of the roles who are of one of them. `data` holds
    ids and codes alone.
    """

    __tablename__ = "notification"
    __table_args__ = (Index(None, "owner_state", "id"), Index(None, "owner_state", "raised_at"))
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


class NotificationReading(Owned, Base):
    """An account read a notification; without such a row it is unread."""

    __tablename__ = "notification_reading"
    notification_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    account_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-29)
    read_at: Mapped[datetime]
