"""Annual reports and their texts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.core import codes
from salsa_ext.database.session import NO_STATE, Base


class AnnualReport(Base):
    """A state's report of a year, or that of all states (owner `---`) by a release.

    A higher `number` of the same year corrects those before. `content` is what was signed.
    """

    __tablename__ = "annual_report"
    __table_args__ = (
        UniqueConstraint("owner_state", "year", "number"),
        CheckConstraint(f"status IN {codes.ANNUAL_REPORT_STATUSES}", "status"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    year: Mapped[int]
    number: Mapped[int]
    version: Mapped[int]
    status: Mapped[str]
    release_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any] | None]
    token: Mapped[str | None]

    @property
    def state(self) -> str | None:
        """Return the state; None of the report of all states."""
        return None if self.owner_state == NO_STATE else self.owner_state


class AnnualReportText(Base):
    """A version of what persons wrote: `words` by section and language, `numbers` by field."""

    __tablename__ = "annual_report_text"
    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    words: Mapped[dict[str, Any]]
    numbers: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]
