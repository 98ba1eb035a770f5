"""Answers that were given already, so that a repeated request has one effect."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CHAR, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class IdempotencyKey(Base):
    """One answer, sealed with the caller's own key: only who repeats the request can open it."""

    __tablename__ = "idempotency_key"
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
