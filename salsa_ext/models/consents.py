"""Consents: what an asking state may do with a record of the origin, as each of the two keeps it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, CHAR, Date, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Consent(Base):
    """One side of a consent: the origin and the asking state each own a row of the same id.

    `status` is `asked`, `granted`, `refused`, `revoked` or `notified`; what is granted stands
    through `expires_on`. `to_state` is the third state of an onward use.
    It is kept from agencies that must not see a trace which it is `about`, but for `asking_agency`,
    which asked.
    """

    __tablename__ = "consent"
    __table_args__ = (
        Index(None, "owner_state", "record_id"), Index(None, "asking_state", "case_number"),
    )  # fmt: skip
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    version: Mapped[int]
    origin_state: Mapped[str] = mapped_column(CHAR(3))
    asking_state: Mapped[str] = mapped_column(CHAR(3))
    record_id: Mapped[UUID]
    use: Mapped[str]
    to_state: Mapped[str | None] = mapped_column(CHAR(3))
    case_number: Mapped[str]
    reason: Mapped[str]
    status: Mapped[str]
    answer: Mapped[str | None]
    expires_on: Mapped[date | None] = mapped_column(Date)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    asking_agency: Mapped[str | None]
    about: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
