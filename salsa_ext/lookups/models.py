"""Table of the look-ups counted for budgets."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class LookupCount(Base):
    """Look-ups of an account or agency, less those that came back until `at`.

    Read and written by functions of the database alone, so that no query of the service frees it.
    """

    __tablename__ = "lookup_count"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[float]
    at: Mapped[datetime]
    refused_at: Mapped[datetime | None]
