"""Which boards of border posts something changed on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class BoardChange(Base):
    """Something changed that a state may see at a post: which row it was, and nothing of what it says.

    `post` is None for all posts of the state, `agency` the only one to which it shows, `square` where
    the boards have to look that show it, None for all. Written by the database itself, and read by
    functions of it alone.
    """

    __tablename__ = "board_change"
    __table_args__ = (Index(None, "state", "post", "transaction"),)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transaction: Mapped[int] = mapped_column(
        BigInteger, index=True, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    state: Mapped[str] = mapped_column(CHAR(3))
    post: Mapped[str | None]
    told_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    kind: Mapped[str] = mapped_column(server_default="board")
    subject: Mapped[UUID | None]
    agency: Mapped[str | None]
    square: Mapped[int | None]
