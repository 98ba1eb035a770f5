"""Sums for figures: every write adds deltas, the worker folds them, readers sum both."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Date
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Summed:
    """So many of `subject` in a dataset, by state, partner state (or '') and first day of period."""

    dataset: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    partner: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class Rollup(Summed, Base):
    """Folded sums."""

    __tablename__ = "rollup"


class RollupDelta(Base):
    """One addition (or, for a correction, subtraction) that is not folded yet."""

    __tablename__ = "rollup_delta"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    state: Mapped[str] = mapped_column(CHAR(3))
    partner: Mapped[str]
    subject: Mapped[str]
    period: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)
