"""Table of checks: searches for a serial in the field."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class Check(Owned, Base):
    """One check with its verdict; one for an incident gets its case number later.

    `mark` is the normal form of its serial, or of its lot.
    """

    __tablename__ = "serial_check"
    __table_args__ = (Index(None, "owner_state", "mark"), Index(None, "owner_state", "case_number"))
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    query: Mapped[dict[str, Any]] = mapped_column(info={"pii": "link"})
    mark: Mapped[str | None] = mapped_column(info={"pii": "link"})
    purpose: Mapped[str]
    case_number: Mapped[str | None]
    incident: Mapped[str | None]
    verdict: Mapped[str]
    checked_at: Mapped[datetime]
