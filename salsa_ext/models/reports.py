"""Reports that a gun is lost, stolen, recovered or surrendered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Occurring, Owned, Versioned


class Report(Owned, Versioned, Occurring, Base):
    """One report, with the one record that it makes; `withdrawn` where it was made in error."""

    __tablename__ = "report"
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
        CheckConstraint("status IN ('standing', 'withdrawn')", name="status"),
    )
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="standing")
    number: Mapped[str]
    stolen_from: Mapped[str | None]
    place: Mapped[dict[str, Any] | None]
    giver_id: Mapped[UUID | None]
