"""Column mixins of all packages, and tables of the installation itself."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, ColumnElement, Date, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.core.dates import rough_date
from salsa_ext.database.session import Base


class Owned:
    """Owner state and states that may see the row (owner included)."""

    owner_state: Mapped[str] = mapped_column(CHAR(3), sort_order=-20)
    concerned: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)), sort_order=-19)


class Versioned:
    """Append-only rows; a correction is a new version of the id."""

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int] = mapped_column(primary_key=True, sort_order=-29)
    recorded_at: Mapped[datetime] = mapped_column(sort_order=90)
    reason: Mapped[str | None] = mapped_column(sort_order=91)


class RoughlyDated:
    """Local date of an event, as it is known: a day, month or year."""

    first_day: Mapped[date] = mapped_column("occurred_on", Date)
    occurred_within: Mapped[str | None]

    @hybrid_property
    def occurred_on(self) -> date:
        """Return the date as it is known."""
        return rough_date(self.first_day, self.occurred_within)

    @occurred_on.inplace.expression
    @classmethod
    def _occurred_on(cls) -> ColumnElement[date]:
        return cls.first_day  # type: ignore[return-value]


class Dated(RoughlyDated):
    """Local date of an event, with its time if known."""

    occurred_at: Mapped[datetime | None]
    time_zone: Mapped[str | None]


class Detailed:
    """A document of which `details` holds the declared fields that hardly a query asks for."""

    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}", sort_order=93)

    @classmethod
    def has_external_id(cls, number: str) -> ColumnElement[bool]:
        """Return whether a document has a number in another system."""
        return cls.details.contains({"external_ids": [{"number": number}]})


class IdempotencyKey(Base):
    """Stored answer, encrypted with the caller's own key."""

    __tablename__ = "idempotency_key"
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


class Installation(Base):
    """Single row: real records, or a demo region with its seed."""

    __tablename__ = "installation"
    kind: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    seed: Mapped[int | None]
    anchored_on: Mapped[date | None]
    is_complete: Mapped[bool]
