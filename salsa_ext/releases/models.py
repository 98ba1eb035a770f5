"""Releases and their tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.core import codes
from salsa_ext.database.session import Base

Amounts = dict[str, dict[str, int]]
"""Amounts by state and column; columns of several dimensions join their values with `|`."""


class Release(Base):
    """A year's figures; a higher `number` of the same year corrects those before.

    `coverage` has lists of states by how they are in it; `changes` are the published cells that
    differ from the number before.
    """

    __tablename__ = "release"
    __table_args__ = (
        Index(
            "ix_release_published",
            "year",
            "number",
            unique=True,
            postgresql_where=text("status = 'published'"),
        ),
        CheckConstraint(f"status IN {codes.RELEASE_STATUSES}", "status"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int]
    number: Mapped[int]
    status: Mapped[str]
    note: Mapped[str | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    coverage: Mapped[dict[str, Any]]
    changes: Mapped[list[dict[str, Any]]]
    kid: Mapped[str | None]
    signature: Mapped[str | None]


class ReleasedTable(Base):
    """A table of a release: `content` as published, with the digest that is signed.

    `amounts` are whole, with what is withheld: the worker alone reads them, for later releases.
    """

    __tablename__ = "release_table"
    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    amounts: Mapped[Amounts] = mapped_column(JSONB, deferred=True)
    content: Mapped[dict[str, Any] | None]
    digest: Mapped[str | None]
