"""Calls across border posts: asked for by one side, answered by the other."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class PostCall(Owned, Base):
    """The owner asks the other side of a post to call, about a shipment where one is named."""

    __tablename__ = "post_call"
    __table_args__ = (Index(None, "post", "asked_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    post: Mapped[str]
    agency: Mapped[str | None]
    shipment_id: Mapped[UUID | None]
    shipment_number: Mapped[str | None]
    asked_at: Mapped[datetime]


class PostCallAnswer(Owned, Base):
    """The owner, who was asked, says that it called; without such a row the call waits."""

    __tablename__ = "post_call_answer"
    call_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    agency: Mapped[str | None]
    answered_at: Mapped[datetime]
