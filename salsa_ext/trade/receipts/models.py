"""Table of receipts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Detailed, Owned, Versioned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class Receipt(Sealed, Owned, Versioned, Detailed, Base):
    """A receipt by the importing state (CIFTA IX.4), or of returned goods.

    Returned goods are confirmed by the exporting state, and goods received by a state that licenses
    on paper, by its `delivery_verification`. A correction is a new version with its
    reason. `missing` and `unexpected` are serials, `miskeyed` pairs of them, `differences`
    quantities of goods without serials by line, positive where more arrived than was sent.
    """

    __tablename__ = "receipt"
    seal_key = ("receipt", "id", "version")
    seal_subject = "shipment_id"
    __table_args__ = (UniqueConstraint("shipment_id", "is_return", "version"),)
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
    delivery_verification: Mapped[str | None]
    is_return: Mapped[bool]
