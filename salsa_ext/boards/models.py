"""Tables of changes on boards and of call requests."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
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


class CallRequest(Owned, Base):
    """A request that the other side of a post calls the owner.

    About a shipment if one is given.
    """

    __tablename__ = "call_request"
    __table_args__ = (Index(None, "post", "requested_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    post: Mapped[str]
    agency: Mapped[str | None]
    shipment_id: Mapped[UUID | None]
    shipment_number: Mapped[str | None]
    requested_at: Mapped[datetime]


class CallAnswer(Owned, Base):
    """The requested side's confirmation that it called.

    A request without such a row is waiting.
    """

    __tablename__ = "call_answer"
    call_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    agency: Mapped[str | None]
    answered_at: Mapped[datetime]
