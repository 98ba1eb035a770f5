"""Attachments and, in separate rows, their content."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salsa_ext.access.models import Officer
from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class Attachment(Sealed, Owned, Base):
    """File attached to an object; withdrawn with a reason, never deleted.

    `received_sha256` is of the received bytes, `stored_sha256` of the stored ones.
    """

    __tablename__ = "attachment"
    seal_key = ("attachment", "id")
    unsealed = frozenset({"version", "title", "withdrawn_at", "withdrawn_reason"})
    __table_args__ = (Index(None, "subject_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    version: Mapped[int]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    kind: Mapped[str]
    title: Mapped[str | None]
    handling: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    received_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    stored_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime]
    added_by_agency: Mapped[str | None]
    added_by_officer: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str | None]
    officer: Mapped[Officer | None] = relationship(
        primaryjoin=lambda: Attachment.added_by_officer == Officer.id,
        foreign_keys=lambda: Attachment.added_by_officer,
        viewonly=True,
        lazy="selectin",
    )


class AttachmentPart(Owned, Base):
    """Part of an attachment's content, in order; never changed."""

    __tablename__ = "attachment_part"
    attachment_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-31)
    position: Mapped[int] = mapped_column(primary_key=True, sort_order=-30)
    content: Mapped[bytes] = mapped_column(LargeBinary)
