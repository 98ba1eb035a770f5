"""Which agencies must not see a trace or a request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base


class Hiding(Base):
    """An agency from which a subject of the owner is kept: to it, there is no such thing.

    The agency may be of another state, which is told of it when it is asked.
    `is_own` are those of a request that the asked state set, beside the asking state's: of an agency
    that both keep from it each has a row, and one ends without the other. `named_by` is the state that
    named the agency: what another state says of the same subject takes nothing of it back.
    """

    __tablename__ = "hiding"
    __table_args__ = (CheckConstraint("subject_kind IN ('trace', 'request')", name="subject_kind"),)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    subject_kind: Mapped[str]
    hidden_at: Mapped[datetime]
    is_own: Mapped[bool] = mapped_column(primary_key=True)
    named_by: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
