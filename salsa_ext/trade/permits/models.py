"""Tables of permits and licensees."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Detailed, Owned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed
from salsa_ext.firearms.records.models import FirearmColumns


class Permit(Sealed, Owned, Detailed, Base):
    """A permit of its owner state."""

    __tablename__ = "permit"
    seal_key = ("permit", "id")
    unsealed = frozenset({"version", "status", "counterpart_status", "findings"})
    __table_args__ = (
        Index(
            "uq_permit_owner_state_kind_number",
            "owner_state",
            "kind",
            "number",
            unique=True,
            postgresql_where=text("status <> 'returned'"),
        ),
        Index(
            "ix_permit_proposed", "owner_state", "id", postgresql_where=text("status = 'proposed'")
        ),
        Index(None, "import_permit_number", "importing_state"),
        Index(None, "owner_state", "id"),
        Index(None, "number"),
        Index(None, "owner_state", "kind", "replaces"),
        Index(None, "exporter_id"),
        Index(None, "importer_id"),
        Index(None, "final_consignee_id"),
        Index(None, "broker_id"),
        Index(
            "ix_permit_expiring",
            "exporting_state",
            "importing_state",
            text("LEAST(expires_on, latest_import_on)"),
            postgresql_where=text("status = 'issued'"),
        ),
        Index(
            "ix_permit_awaiting",
            text("LEAST(expires_on, latest_import_on)"),
            postgresql_where=text(
                "status = 'issued' AND counterpart_status = 'awaiting_counterpart'"
            ),
        ),
        Index("ix_permit_concerned", "concerned", postgresql_using="gin"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    kind: Mapped[str]
    number: Mapped[str]
    document_kind: Mapped[str]
    status: Mapped[str]
    issued_on: Mapped[date]
    expires_on: Mapped[date]
    latest_import_on: Mapped[date | None]
    agency: Mapped[str]
    signatory_id: Mapped[UUID]
    regime: Mapped[str]
    exporting_state: Mapped[str] = mapped_column(CHAR(3))
    importing_state: Mapped[str] = mapped_column(CHAR(3))
    transit_states: Mapped[list[str]] = mapped_column(ARRAY(CHAR(3)))
    exporter_id: Mapped[UUID]
    importer_id: Mapped[UUID]
    final_consignee_id: Mapped[UUID]
    broker_id: Mapped[UUID | None]
    source: Mapped[str | None]
    end_use: Mapped[str | None]
    conditions: Mapped[str | None]
    import_permit_number: Mapped[str | None]
    export_permit_number: Mapped[str | None]
    transit_permits: Mapped[list[dict[str, Any]]]
    replaces: Mapped[str | None]
    plan: Mapped[dict[str, Any] | None]
    carrier_id: Mapped[UUID | None]
    recorded_at: Mapped[datetime]
    counterpart_status: Mapped[str]
    findings: Mapped[list[dict[str, Any]]]
    refusal: Mapped[str | None]

    @hybrid_property
    def last_day(self) -> date:
        """Return the earlier of the certificate's expiry and the latest import."""
        return min(self.expires_on, self.latest_import_on or self.expires_on)

    @last_day.inplace.expression
    @classmethod
    def _last_day(cls) -> ColumnElement[date]:
        return func.least(cls.expires_on, cls.latest_import_on, type_=Date())


class PermitLine(Sealed, Owned, FirearmColumns, Base):
    """A line of goods of a permit, with its quota.

    `shipped` is drawn by shipments (Model Regulations 8.3). `lapsed` can no longer be drawn,
    because the permit was cancelled or replaced. An import certificate is drawn at entry: of what
    is shipped, `entered` came in, and the rest is committed. `inbound` is what its own state recorded
    of shipments from states that license on paper.
    """

    __tablename__ = "permit_line"
    seal_key = ("permit_line", "permit_id")
    seal_subject = "permit_id"
    unsealed = frozenset({"shipped", "lapsed", "inbound", "entered"})
    __table_args__ = (
        CheckConstraint(
            "shipped >= 0 AND lapsed >= 0 AND shipped + lapsed <= quantity", name="balance"
        ),
    )
    permit_id: Mapped[UUID] = mapped_column(
        ForeignKey("permit.id"), primary_key=True, sort_order=-30
    )
    line: Mapped[int] = mapped_column(primary_key=True, sort_order=-29)
    shipped: Mapped[Decimal]
    lapsed: Mapped[Decimal]
    inbound: Mapped[Decimal] = mapped_column(server_default="0")
    entered: Mapped[Decimal] = mapped_column(server_default="0")

    @property
    def remaining(self) -> Decimal:
        """Return the quantity that can still be drawn."""
        return self.quantity - self.shipped - self.lapsed

    @property
    def committed(self) -> Decimal:
        """Return the quantity under way to the state of an import certificate."""
        return self.shipped - self.entered


class PermitReference(Owned, Base):
    """Another state's document that a permit names. Counterparts are found by it from both sides."""

    __tablename__ = "permit_reference"
    __table_args__ = (Index(None, "state", "kind", "number"),)
    permit_id: Mapped[UUID] = mapped_column(
        ForeignKey("permit.id"), primary_key=True, sort_order=-30
    )
    state: Mapped[str] = mapped_column(CHAR(3), primary_key=True, sort_order=-29)
    kind: Mapped[str] = mapped_column(primary_key=True, sort_order=-28)
    number: Mapped[str] = mapped_column(primary_key=True, sort_order=-27)


class Licensee(Owned, Base):
    """A licence in a state's register of licensees.

    Rows are never deleted; `version` grows with each change. The name is stored with the party
    only. `name_key` is the search key (`matching.names.key`); it allows testing a guessed name, so
    it is set to null when the party is erased. `inactive_since` is the day since which the licence
    has been inactive without interruption.
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
