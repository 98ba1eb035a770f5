"""Which boards of border posts something changed on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CHAR, BigInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class BoardChange(Base):
    """Something changed that a state may see at a post; what it was is not said.

    Written by the database itself, and read by `salsa_board_changes` alone.
    """

    __tablename__ = "board_change"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transaction: Mapped[int] = mapped_column(
        BigInteger, index=True, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    state: Mapped[str] = mapped_column(CHAR(3))
    post: Mapped[str]
    told_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
