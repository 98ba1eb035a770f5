"""What was decided about permits, shipments, discrepancies and licensees, and what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class Event(Owned, Base):
    """One decision or happening, of the state that tells it; only added to.

    `data` holds codes, dates and numbers, and ids of parties, never a personal value.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_stops", "owner_state", "recorded_at",
              postgresql_where=text("kind IN ('held', 'incident')")),
    )  # fmt: skip
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    subject_kind: Mapped[str]
    subject_state: Mapped[str] = mapped_column(CHAR(3))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    occurred_at: Mapped[datetime]
    reason: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]

    @property
    def at(self) -> datetime:
        """Return the moment that counts: nothing is told before it happens, though a clock may be fast."""
        return min(self.occurred_at, self.recorded_at)
