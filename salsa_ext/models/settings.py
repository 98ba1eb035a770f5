"""Settings that a state makes for itself."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CHAR, CheckConstraint, Date, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class StateSetting(Base):
    """One row a state, read by all: others go by how long it waits and what it agreed to."""

    __tablename__ = "state_setting"
    __table_args__ = (
        CheckConstraint("counterpart_days BETWEEN 1 AND 366", name="counterpart_days"),
        CheckConstraint("overdue_hours BETWEEN 0 AND 720", name="overdue_hours"),
        CheckConstraint("flash_minutes BETWEEN 1 AND 60", name="flash_minutes"),
        CheckConstraint("urgent_hours BETWEEN 1 AND 24", name="urgent_hours"),
        CheckConstraint("priority_days BETWEEN 1 AND 14", name="priority_days"),
        CheckConstraint("routine_days BETWEEN 1 AND 30", name="routine_days"),
        CheckConstraint(
            "cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1,2,3,4,5,6,7]::SMALLINT[]",
            name="weekdays",
        ),
        CheckConstraint("trace_approval IN ('none', 'own', 'alone')", name="trace_approval"),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    counterpart_days: Mapped[int]
    overdue_hours: Mapped[int]
    electronic_copies_with: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    changed_at: Mapped[datetime]
    answers_automatically: Mapped[bool]
    flash_minutes: Mapped[int]
    urgent_hours: Mapped[int]
    priority_days: Mapped[int]
    routine_days: Mapped[int]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    closed_on: Mapped[list[date]] = mapped_column(ARRAY(Date))
    open_on: Mapped[list[date]] = mapped_column(ARRAY(Date))
    trace_approval: Mapped[str]
