"""Licensees: who may make, deal, import, export, carry and broker in a state."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class Licensee(Owned, Base):
    """One licence of a state's register, kept by it for good; its version grows with each change.

    The name stands with the party alone. `name_key` is what it is found by (`matching.names.key`):
    who holds the key can test a name that he guesses, so it is erased with the party, by null.
    `inactive_since` is the day from which the licence gave no right, without a break until now.
    """

    __tablename__ = "licensee"
    __table_args__ = (
        UniqueConstraint("owner_state", "number"),
        Index(None, "owner_state", "id"),
        Index(None, "owner_state", "name_key"),
        CheckConstraint("(status = 'active') = (inactive_since IS NULL)", name="inactive_since"),
        CheckConstraint("(status = 'defunct') = (books_with IS NOT NULL)", name="books_with"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    number: Mapped[str]
    roles: Mapped[list[str]]
    party_id: Mapped[UUID]
    name_key: Mapped[bytes | None] = mapped_column(info={"pii": "link"})
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    status: Mapped[str]
    status_on: Mapped[date]
    status_reason: Mapped[str | None]
    inactive_since: Mapped[date | None]
    books_with: Mapped[str | None]
    recorded_at: Mapped[datetime]
