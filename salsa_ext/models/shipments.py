"""Shipments (export attachments), the stages they pass, and their receipt."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned, Versioned


class Shipment(Owned, Base):
    """What leaves under an export certificate; its serial-numbered items are records.

    `status` and what is due follow from the facts (`matching.ledger`): `due_at` is the expected time
    of the next stage that is not ticked, `overdue_at` that plus the state's grace, and `watch_at` when
    the passing of time alone changes something next.

    The plates stand here and not with the parties: a shipment is found by them, and they are the
    vehicle's, which names a person only beside a register of vehicles. They are erased by emptying
    the list, since a shipment's row may be changed.
    """

    __tablename__ = "shipment"
    __table_args__ = (
        UniqueConstraint("owner_state", "number"),
        Index(None, "permit_id"),
        Index(None, "owner_state", "id"),
        Index(None, "number"),
        Index(None, "document_number"),
        Index(None, "due_at"),
        Index(None, "watch_at"),
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
    watch_at: Mapped[datetime | None]


class Checkpoint(Owned, Base):
    """A stage that an officer has ticked, each side its own; `reason` says why it did not pass."""

    __tablename__ = "checkpoint"
    __table_args__ = (
        Index(None, "shipment_id"), Index(None, "post", "occurred_at"),
        Index("ix_checkpoint_stops", "owner_state", "recorded_at",
              postgresql_where=text("outcome <> 'passed'")),
    )  # fmt: skip
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
    def at(self) -> datetime:
        """Return the moment that counts: nothing is told before it happens, though a clock may be fast."""
        return min(self.occurred_at, self.recorded_at)


class Receipt(Owned, Versioned, Base):
    """What the importing state received of a shipment (CIFTA IX.4), or the exporting one got back.

    A correction is a new version, with its reason.

    `missing` and `unexpected` are serials, `miskeyed` pairs of them, `differences` quantities of goods
    without serials by line, above zero where more came than was sent.
    """

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("shipment_id", "owner_state", "version"),)
    shipment_state: Mapped[str] = mapped_column(CHAR(3))
    shipment_id: Mapped[UUID]
    received_on: Mapped[date]
    item_count: Mapped[int]
    missing: Mapped[list[dict[str, Any]]]
    unexpected: Mapped[list[str]]
    bulk: Mapped[list[dict[str, Any]]]
    miskeyed: Mapped[list[dict[str, Any]]]
    differences: Mapped[list[dict[str, Any]]]
    import_mark: Mapped[dict[str, Any] | None]


class ShippedAgain(Owned, Base):
    """A gun of a shipment that an earlier one of the same state held too, by serial and make.

    Written when the later one is posted; whether it matters follows from what became of the earlier
    one. It concerns the owner alone: other states may not know of the earlier shipment.
    """

    __tablename__ = "shipped_again"
    __table_args__ = (Index(None, "shipment_id"), Index(None, "earlier_shipment"))
    record_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    earlier_record: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-29)
    shipment_id: Mapped[UUID]
    line: Mapped[int]
    serial: Mapped[str]
    earlier_shipment: Mapped[UUID]
    earlier_line: Mapped[int]
    earlier_serial: Mapped[str]
