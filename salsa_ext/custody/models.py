"""Table of what became of seized guns."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.database.models import Dated, Owned, Versioned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed
from salsa_ext.documents.models import STATUSES


class CustodyEntry(Sealed, Owned, Versioned, Dated, Base):
    """A hand-over, disposition or established origin of one item of a seizure.

    `details` holds the declared fields of its kind; `agency` and `officer_id` say who entered it.
    `transfer_id` is the transfer by which a disposition ended the custody.
    """

    __tablename__ = "custody_entry"
    seal_key = ("custody_entry", "id", "version")
    seal_subject = "seizure_id"
    __table_args__ = (
        Index(None, "owner_state", "seizure_id"),
        CheckConstraint("kind IN ('handover', 'disposition', 'origin')", name="kind"),
        CheckConstraint(STATUSES, name="status"),
    )
    seizure_id: Mapped[UUID]
    line: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="standing")
    agency: Mapped[str | None]
    officer_id: Mapped[UUID | None]
    transfer_id: Mapped[UUID | None]
    details: Mapped[dict[str, Any]]
