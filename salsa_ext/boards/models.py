"""Table of changes on boards."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class BoardChange(Base):
    """A change at a post: the changed row, without content.

    `post` is None for all posts of the state. `agency` is the only one that sees it. `square` is
    the grid square of boards that include it, None for all boards. Written by triggers; read by SQL
    functions alone.
    """

    __tablename__ = "board_change"
    __table_args__ = (Index(None, "state", "post", "transaction"),)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    transaction: Mapped[int] = mapped_column(
        BigInteger, index=True, server_default=text("(pg_current_xact_id()::text)::bigint")
    )
    state: Mapped[str] = mapped_column(CHAR(3))
    post: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    kind: Mapped[str] = mapped_column(server_default="board")
    subject_id: Mapped[UUID | None]
    agency: Mapped[str | None]
    square: Mapped[int | None]
