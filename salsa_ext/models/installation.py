"""What this installation is: for real records, or a demo region made from a seed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Installation(Base):
    """The one row that says so."""

    __tablename__ = "installation"
    kind: Mapped[str] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    seed: Mapped[int | None]
    anchored_on: Mapped[date | None]
    is_complete: Mapped[bool]
