"""Persons and firms that documents name: the only table with personal values."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned

DIRECT = {"pii": "direct"}


class Party(Owned, Base):
    """Somebody as one document named them; the personal values can be erased, the row stays."""

    __tablename__ = "party"
    __table_args__ = (
        Index("ix_party_owner_state_folded", "owner_state", text("salsa_folded(name)")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    kind: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(3))
    name: Mapped[str | None] = mapped_column(info=DIRECT)
    address: Mapped[str | None] = mapped_column(info=DIRECT)
    contact: Mapped[str | None] = mapped_column(info=DIRECT)
    identification: Mapped[str | None] = mapped_column(info=DIRECT)
    licence: Mapped[str | None] = mapped_column(info=DIRECT)
    erased_at: Mapped[datetime | None]
