"""Checks: somebody asked whether a serial is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class Check(Owned, Base):
    """One question with its verdict; an incident gets its case number later.

    `is_told` says that the owners of `silent` records that it hit, if any, know of it.
    """

    __tablename__ = "mark_check"
    __table_args__ = (
        Index("ix_mark_check_untold", "owner_state", "id", postgresql_where=text("NOT is_told")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    query: Mapped[dict[str, Any]] = mapped_column(info={"pii": "link"})
    purpose: Mapped[str]
    case_number: Mapped[str | None]
    incident: Mapped[str | None]
    verdict: Mapped[str]
    is_told: Mapped[bool]
    at: Mapped[datetime]
