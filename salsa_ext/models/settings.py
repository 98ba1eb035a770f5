"""Settings that a state makes for itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CHAR, CheckConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class StateSetting(Base):
    """One row a state, read by all: others go by how long it waits and what it agreed to."""

    __tablename__ = "state_setting"
    __table_args__ = (
        CheckConstraint("counterpart_days BETWEEN 1 AND 366", name="counterpart_days"),
        CheckConstraint("overdue_hours BETWEEN 0 AND 720", name="overdue_hours"),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    counterpart_days: Mapped[int]
    overdue_hours: Mapped[int]
    electronic_copies_with: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    changed_at: Mapped[datetime]
    answers_automatically: Mapped[bool]
