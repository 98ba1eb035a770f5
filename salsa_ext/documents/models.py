"""Tables of seizures, domestic transfers, and reports."""

from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, Computed, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Dated, Detailed, Owned, Versioned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class DocumentNumber(Base):
    """The current number of a state's document, by kind."""

    __tablename__ = "document_number"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]


class Withdrawable(Detailed):
    """A document that is `withdrawn` if it was made in error."""

    status: Mapped[str] = mapped_column(server_default="standing", sort_order=92)


STATUSES = "status IN ('standing', 'withdrawn')"
IS_JOINT = text("cardinality(concerned) > 1")


class Seizure(Sealed, Owned, Versioned, Dated, Withdrawable, Base):
    """One seizure, find or surrender; each item is a record.

    `square` is a quarter of a degree each way; places nearby are found by it and the day.
    """

    __tablename__ = "seizure"
    seal_key = ("seizure", "id", "version")
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
        Index("ix_seizure_owner_square", "owner_state", "square", "occurred_on"),
        Index("ix_seizure_owner_post", "owner_state", "post", "occurred_on"),
        Index("ix_seizure_joint_square", "square", "occurred_on", postgresql_where=IS_JOINT),
        Index("ix_seizure_joint_post", "post", "occurred_on", postgresql_where=IS_JOINT),
        Index(None, "number"),
        Index("ix_seizure_concerned", "concerned", postgresql_using="gin"),
        CheckConstraint(STATUSES, name="status"),
    )
    number: Mapped[str]
    kind: Mapped[str]
    agency: Mapped[str]
    post: Mapped[str | None]
    country: Mapped[str] = mapped_column(CHAR(3))
    place_name: Mapped[str | None] = mapped_column(info={"pii": "link"})
    admin1: Mapped[str | None]
    latitude: Mapped[float | None] = mapped_column(info={"pii": "link"})
    longitude: Mapped[float | None] = mapped_column(info={"pii": "link"})
    precision: Mapped[float | None]
    legal_grounds: Mapped[list[str]]
    crime_context: Mapped[list[str]]
    square: Mapped[int | None] = mapped_column(
        Computed("floor(latitude * 4)::integer * 10000 + floor(longitude * 4)::integer"),
        sort_order=99,
    )


class Transfer(Sealed, Owned, Versioned, Dated, Withdrawable, Base):
    """One domestic transfer with its one record.

    The licence belongs to the transaction; only the register that issued it leads to a person. Its
    owner erases it by setting it to null, the only update of the table.
    """

    __tablename__ = "transfer"
    seal_key = ("transfer", "id", "version")
    unsealed = frozenset({"licence"})
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
        CheckConstraint(STATUSES, name="status"),
    )
    kind: Mapped[str]
    number: Mapped[str | None]
    licence: Mapped[str | None] = mapped_column(info={"pii": "link"})
    counterpart_state: Mapped[str | None] = mapped_column(CHAR(3))
    based_on: Mapped[str | None]
    giver_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]


class Report(Sealed, Owned, Versioned, Dated, Withdrawable, Base):
    """A report of loss, theft, recovery or surrender, with one record."""

    __tablename__ = "report"
    seal_key = ("report", "id", "version")
    __table_args__ = (
        Index(None, "owner_state", "number"),
        Index(None, "owner_state", "id"),
        CheckConstraint(STATUSES, name="status"),
    )
    kind: Mapped[str]
    number: Mapped[str]
    stolen_from: Mapped[str | None]
    place: Mapped[dict[str, Any] | None] = mapped_column(info={"pii": "link"})
    giver_id: Mapped[UUID | None]
