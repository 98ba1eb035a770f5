"""Tables of call requests between the sides of a post."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class CallRequest(Owned, Base):
    """A request that the other side of a post calls the owner.

    About a shipment if one is given.
    """

    __tablename__ = "call_request"
    __table_args__ = (Index(None, "post", "requested_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    post: Mapped[str]
    agency: Mapped[str | None]
    shipment_id: Mapped[UUID | None]
    shipment_number: Mapped[str | None]
    words: Mapped[str | None]
    requested_at: Mapped[datetime]


class CallAnswer(Owned, Base):
    """The requested side's confirmation that it called.

    A request without such a row is waiting.
    """

    __tablename__ = "call_answer"
    call_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    agency: Mapped[str | None]
    answered_at: Mapped[datetime]
