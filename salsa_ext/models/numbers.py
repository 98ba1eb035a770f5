"""The natural numbers under which documents stand today."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class StandingNumber(Base):
    """A number that a state's document of a kind has as it stands.

    The versions are only added to, so that none of their own constraints can say what stands.
    """

    __tablename__ = "standing_number"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
