"""Table of changes on boards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base


class BoardChange(Base):
    """A change at one side of a post: what changed, without content.

    `number` counts the changes of this side, which has a number of its own so that no gap shows the
    activity of others. With `agency` the change shows to that agency alone. Written by a job.
    """

    __tablename__ = "board_change"
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    post: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    agency: Mapped[str | None]
    at: Mapped[datetime] = mapped_column(index=True)


class CallRequest(Owned, Base):
    """A request that the other side of a post calls the owner. About a shipment if one is given."""

    __tablename__ = "call_request"
    __table_args__ = (Index(None, "post", "requested_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    post: Mapped[str]
    agency: Mapped[str | None]
    shipment_id: Mapped[UUID | None]
    shipment_number: Mapped[str | None]
    words: Mapped[str | None]
    requested_at: Mapped[datetime]


class CallAnswer(Owned, Base):
    """The requested side's confirmation that it called. A request without such a row is waiting."""

    __tablename__ = "call_answer"
    call_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    agency: Mapped[str | None]
    answered_at: Mapped[datetime]
