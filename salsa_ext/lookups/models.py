"""Tables of counted look-ups and of canaries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger
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


class Canary(Base):
    """Serial that a state made up, with its search key; seen by its state and by the worker."""

    __tablename__ = "canary"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    serial: Mapped[str]
    key: Mapped[int] = mapped_column(BigInteger, index=True)
    planted_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
