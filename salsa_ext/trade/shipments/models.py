"""Tables of shipments (export attachments) and their checkpoints."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Detailed, Owned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class Shipment(Sealed, Owned, Detailed, Base):
    """A shipment under an export certificate; serialised items are records.

    Of goods of a state that licenses on paper the importing state records it, under its own import
    certificate and the `export_licence` of that state: it is `inbound`.

    `status` and the due columns are derived from the facts (`progress`): `due_at` is the expected
    time of the next unticked stage, `overdue_at` that plus the state's grace period, `next_check_at` the
    next time at which something changes without a new fact.

    `plates` are stored here and not with the parties, because shipments are found by them. They
    identify a person only together with a vehicle register. They are erased by emptying the list.
    """

    __tablename__ = "shipment"
    seal_key = ("shipment", "id")
    unsealed = frozenset(
        {"version", "status", "due_stage", "due_at", "overdue_at", "next_check_at", "plates"}
    )
    __table_args__ = (
        UniqueConstraint("owner_state", "number"),
        Index(None, "permit_id"),
        Index(None, "owner_state", "id"),
        Index(None, "number"),
        Index(None, "document_number"),
        Index(None, "due_at"),
        Index(None, "next_check_at"),
        Index("ix_shipment_posts", "posts", postgresql_using="gin"),
        Index(
            "ix_shipment_under_way",
            "posts",
            postgresql_using="gin",
            postgresql_where=text(
                "status IN ('planned', 'released', 'in_transit', 'arrived', 'held')"
            ),
        ),
        Index("ix_shipment_plates", "plates", postgresql_using="gin"),
        Index("ix_shipment_concerned", "concerned", postgresql_using="gin"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    permit_id: Mapped[UUID]
    permit_number: Mapped[str]
    number: Mapped[str]
    status: Mapped[str]
    exporting_state: Mapped[str] = mapped_column(CHAR(3))
    importing_state: Mapped[str] = mapped_column(CHAR(3))
    ships_on: Mapped[date]
    mode: Mapped[str]
    port_of_exit: Mapped[str | None]
    port_of_entry: Mapped[str | None]
    route: Mapped[list[str]]
    posts: Mapped[list[str]]
    expected: Mapped[list[dict[str, Any]]]
    due_at: Mapped[datetime | None]
    carrier_id: Mapped[UUID | None]
    seals: Mapped[list[str]]
    document_kind: Mapped[str | None]
    document_number: Mapped[str | None]
    plates: Mapped[list[str]] = mapped_column(info={"pii": "link"})
    container: Mapped[str | None]
    item_count: Mapped[int]
    bulk: Mapped[list[dict[str, Any]]]
    recorded_at: Mapped[datetime]
    due_stage: Mapped[str | None]
    overdue_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    export_licence: Mapped[str | None]

    @property
    def is_inbound(self) -> bool:
        """Return whether the importing state recorded it."""
        return self.owner_state == self.importing_state


class Checkpoint(Sealed, Owned, Base):
    """A stage ticked by an officer; each side ticks its own."""

    __tablename__ = "checkpoint"
    seal_key = ("checkpoint", "id")
    seal_subject = "shipment_id"
    __table_args__ = (
        Index(None, "shipment_id"),
        Index(None, "post", "occurred_at"),
        Index(
            "ix_checkpoint_stops",
            "owner_state",
            "recorded_at",
            postgresql_where=text("outcome <> 'passed'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    shipment_state: Mapped[str] = mapped_column(CHAR(3))
    shipment_id: Mapped[UUID]
    stage: Mapped[str]
    post: Mapped[str | None]
    occurred_at: Mapped[datetime]
    outcome: Mapped[str]
    quantity: Mapped[int | None]
    seals: Mapped[list[str]]
    reason: Mapped[str | None]
    recorded_at: Mapped[datetime]

    @property
    def effective_at(self) -> datetime:
        """Return the earlier of occurrence and recording. A device's clock may be fast."""
        return min(self.occurred_at, self.recorded_at)


class Reshipment(Owned, Base):
    """A gun that an earlier shipment of the state contained.

    Matched by serial and make; written when the later shipment is recorded. Whether it matters
    depends on what became of the earlier one. Visible to the owner only: other states may not know
    the earlier shipment.
    """

    __tablename__ = "reshipment"
    __table_args__ = (Index(None, "shipment_id"), Index(None, "earlier_shipment"))
    record_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    earlier_record: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-29)
    shipment_id: Mapped[UUID]
    line: Mapped[int]
    serial: Mapped[str]
    earlier_shipment: Mapped[UUID]
    earlier_line: Mapped[int]
    earlier_serial: Mapped[str]
