"""What every protected table carries, so that row-level security needs no second look."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CHAR, Date
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column


class Owned:
    """The state that owns the row, and the states that may see it (the owner among them)."""

    owner_state: Mapped[str] = mapped_column(CHAR(3), sort_order=-20)
    concerned: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)), sort_order=-19)


class Versioned:
    """Rows that are only added to: a correction is a new version of the same id."""

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int] = mapped_column(primary_key=True, sort_order=-29)
    recorded_at: Mapped[datetime] = mapped_column(sort_order=90)
    reason: Mapped[str | None] = mapped_column(sort_order=91)


class Occurring:
    """Something that happened on a local date, at a moment where it is known."""

    occurred_on: Mapped[date] = mapped_column(Date)
    occurred_at: Mapped[datetime | None]
    time_zone: Mapped[str | None]
