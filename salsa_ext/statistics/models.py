"""Sums for statistics, and what each object counts in them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Date
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class Amounts(Base):
    """Amount by dataset, state, partner (or ''), subject, period start and finer dimension (or '')."""

    __abstract__ = True
    dataset: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    partner: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(Date, primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class Rollup(Amounts):
    """Amounts by the periods of their datasets."""

    __tablename__ = "rollup"


class YearlyRollup(Amounts):
    """The same by year: figures of many years are read from few rows."""

    __tablename__ = "yearly_rollup"


class CountedObject(Base):
    """What an object counts: lists of dataset, subject, period, partner, values and amount."""

    __tablename__ = "counted_object"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    object: Mapped[UUID] = mapped_column(primary_key=True)
    facts: Mapped[list[list[Any]]] = mapped_column(JSONB)
