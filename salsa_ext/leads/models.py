"""Table of the leads of large registers."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Double, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class StoredLead(Base):
    """Records of a lead of a large register, as a job last computed it.

    `with_others`: other states' records count. `record_ids` are those of its guns, `record_states`
    their owners, in this order. `rarity` has the numbers of that reason.
    """

    __tablename__ = "lead"
    __table_args__ = (
        Index("ix_lead_rank", "owner_state", "with_others", text("score DESC"), "id"),
    )
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    with_others: Mapped[bool] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    score: Mapped[float] = mapped_column(Double)
    seized_on: Mapped[date]
    states: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    record_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    record_states: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    rarity: Mapped[dict[str, Any] | None]
