"""Sums for statistics: writers add deltas, the worker folds them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Date
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class RollupColumns:
    """Amount by dataset, state, partner (or ''), subject and period start."""

    dataset: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    partner: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class Rollup(RollupColumns, Base):
    """Folded sums."""

    __tablename__ = "rollup"


class RollupDelta(Base):
    """Addition or, for a correction, subtraction; not folded yet."""

    __tablename__ = "rollup_delta"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    dataset: Mapped[str]
    state: Mapped[str] = mapped_column(CHAR(3))
    partner: Mapped[str]
    subject: Mapped[str]
    period: Mapped[date] = mapped_column(Date)
    amount: Mapped[int] = mapped_column(BigInteger)
