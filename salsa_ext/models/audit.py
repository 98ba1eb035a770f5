"""Who did what, for which purpose; written once, never changed, without personal values."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from salsa_ext.db import Base
from salsa_ext.models.owned import Owned


class AuditEntry(Owned, Base):
    """One act; `leaf_hash` seals it with `salt`, so that either can be erased and the seal stays.

    `owner_state` is the acting state, `concerned` adds those whose records were touched. `agency` is
    whose act it was, which stands in its own audit whatever is kept from it; the service's has none.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(None, "subject_id"),
        Index("ix_audit_entry_concerned", "concerned", postgresql_using="gin"),
        Index("ix_audit_entry_reported", "owner_state",
              postgresql_where=text("action = 'trace:reported'")),
        Index("ix_audit_entry_shown", text("(data -> 'records')"), postgresql_using="gin",
              postgresql_where=text("action IN ('record:matched', 'record:shown') AND data ? 'groups'")),
    )  # fmt: skip
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    at: Mapped[datetime]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    subject_state: Mapped[str | None] = mapped_column(CHAR(3))
    account_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    officer_id: Mapped[UUID | None]
    role: Mapped[str]
    purpose: Mapped[str | None]
    case_number: Mapped[str | None]
    request_id: Mapped[str | None]
    data: Mapped[dict[str, Any]]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)
    agency: Mapped[str | None] = mapped_column(sort_order=99)
