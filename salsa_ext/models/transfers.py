"""Domestic transfers: a gun is made, registered, sold, lent, deactivated or destroyed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Occurring, Owned, Versioned


class Transfer(Owned, Versioned, Occurring, Base):
    """One transfer, with the one record that it makes.

    The licence is that of the transaction, whoever its parties are; it leads to a person only
    through the register that issued it. Its owner erases it by setting it to null, the one change
    that the table takes.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
    )
    kind: Mapped[str]
    number: Mapped[str | None]
    licence: Mapped[str | None] = mapped_column(info={"pii": "link"})
    giver_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]
