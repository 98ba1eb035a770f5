"""Table of changes on boards."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, BigInteger
from sqlalchemy.orm import Mapped, mapped_column

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
