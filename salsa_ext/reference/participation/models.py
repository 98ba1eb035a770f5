"""Declarations of states on their registers."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CHAR, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class Participation(Base):
    """What a state declares of one register; append-only, the last version counts. Readable by all states."""

    __tablename__ = "participation"
    __table_args__ = (UniqueConstraint("owner_state", "register", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    register: Mapped[str]
    version: Mapped[int]
    mode: Mapped[str]
    since: Mapped[date]
    until: Mapped[date | None]
    complete: Mapped[bool]
    makes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    year_from: Mapped[int | None] = mapped_column(SmallInteger)
    year_to: Mapped[int | None] = mapped_column(SmallInteger)
    declared_at: Mapped[datetime]
