"""Domestic transfers: a gun is made, registered, sold, lent, deactivated or destroyed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from salsa_ext.db import Base
from salsa_ext.models.owned import Occurring, Owned, Versioned


class Transfer(Owned, Versioned, Occurring, Base):
    """One transfer, with the one record that it makes."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
    )
    kind: Mapped[str]
    number: Mapped[str | None]
    giver_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]
