"""Table of matches."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Double, FetchedValue, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.session import Base


class Match(Base):
    """One state's row on two records of perhaps one gun.

    `other_record` is None if its owner does not disclose it; `other_pseudonym` (never published)
    replaces it. `is_current` is False once a correction removed the agreement. `worth` is a
    `worths.worth_number`. `is_sure` if it may be confirmed with others: strong, the serial, make and type
    the same, contradicted by nothing, and not yet judged.
    `record_mark` and `other_mark` are as they are compared, None if the other is not disclosed.
    `is_hidden` while the other record is silent: nobody reads the row, its decision remains.
    `record_version` and `other_version` were compared last.
    """

    __tablename__ = "match"
    __table_args__ = (
        UniqueConstraint("owner_state", "record_id", "other_pseudonym"),
        Index(None, "owner_state", "strength", "worth", "id"),
        Index(None, "other_pseudonym"),
        Index(None, "owner_state", "other_record"),
        Index(
            "ix_match_gone",
            "owner_state",
            "strength",
            "worth",
            "id",
            postgresql_where=text("NOT is_current"),
        ),
        Index(
            "ix_match_judged",
            "owner_state",
            "strength",
            "worth",
            "id",
            postgresql_where=text("status <> 'proposed'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    version: Mapped[int]
    record_id: Mapped[UUID]
    record_version: Mapped[int | None]
    other_state: Mapped[str] = mapped_column(CHAR(3))
    other_record: Mapped[UUID | None]
    other_pseudonym: Mapped[UUID]
    other_version: Mapped[int | None]
    record_mark: Mapped[str | None]
    other_mark: Mapped[str | None]
    score: Mapped[float] = mapped_column(Double)
    strength: Mapped[str]
    reasons: Mapped[list[dict[str, Any]]]
    worth: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    is_current: Mapped[bool]
    is_sure: Mapped[bool] = mapped_column(FetchedValue(), server_onupdate=FetchedValue())
    is_hidden: Mapped[bool] = mapped_column(default=False)
    decided_by: Mapped[UUID | None]
    decided_agency: Mapped[str | None]
    decided_officer: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason_code: Mapped[str | None]
    reason: Mapped[str | None]
    proposed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
