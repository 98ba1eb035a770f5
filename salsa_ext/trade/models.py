"""Table of events of trade documents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class TradeEvent(Sealed, Owned, Base):
    """A decision on, or event of, a permit, shipment, discrepancy or licensee.

    Append-only, owned by the state that wrote it. `data` holds codes, dates, numbers and party ids,
    never a personal value.
    """

    __tablename__ = "trade_event"
    seal_key = ("trade_event", "id")
    seal_subject = "subject_id"
    __table_args__ = (
        Index(
            "ix_trade_event_stops",
            "owner_state",
            "recorded_at",
            postgresql_where=text("kind IN ('held', 'incident')"),
        ),
    )
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
    def effective_at(self) -> datetime:
        """Return the effective moment: the earlier of occurred and recorded. A clock may be fast."""
        return min(self.occurred_at, self.recorded_at)
