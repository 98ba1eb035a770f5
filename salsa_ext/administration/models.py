"""Attachments with their content, and imports of files."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CHAR, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salsa_ext.access.models import Officer
from salsa_ext.database.encrypted_columns import EncryptedJson
from salsa_ext.database.models import Owned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed


class Attachment(Sealed, Owned, Base):
    """File attached to an object; withdrawn with a reason, never deleted."""

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


class ImportRun(Owned, Base):
    """Import of one file, by its SHA-256, by a profile as it was then.

    `status`: `draft` until its columns are mapped, then `judging`, `judged`, `loading`, `loaded`,
    `failed`, `undoing`, `undone`.
    `account_id` is the uploader's, None for the command line. Who reads or acts on it needs all
    `permissions`; it is loaded and undone as `confirmed_by` and `undone_by`.
    `report`, encrypted, holds what `rows_read` rows became. `tries`: what was spent to begin it in its status.
    """

    __tablename__ = "import_run"
    __table_args__ = (Index(None, "owner_state", "started_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    profile: Mapped[str]
    definition: Mapped[dict[str, Any]]
    file_name: Mapped[str]
    file_digest: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str]
    account_id: Mapped[UUID | None]
    confirmed_by: Mapped[UUID | None]
    undone_by: Mapped[UUID | None]
    permissions: Mapped[list[str]]
    language: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    rows_read: Mapped[int]
    tries: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("import_run.report"))


class ImportProfile(Base):
    """A state's own profile of a source, stored by an account, for who has all `permissions`."""

    __tablename__ = "import_profile"
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]
    account_id: Mapped[UUID | None]
    permissions: Mapped[list[str]]


class ImportedDocument(Base):
    """Document of a file, by its natural key, with a digest of its last content.

    `run_id` wrote its `version`; `seen_in` is the last run of a full file that had it.
    """

    __tablename__ = "imported_document"
    __table_args__ = (Index(None, "run_id"), Index(None, "owner_state", "profile"))
    owner_state: Mapped[str] = mapped_column(CHAR(3), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[UUID]
    version: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    profile: Mapped[str]
    run_id: Mapped[UUID]
    seen_in: Mapped[UUID]


class ImportReject(Base):
    """Row that became no document, encrypted: its columns with their cells, in order, and reasons.

    `row` is its place in the file, across sheets; `is_skipped` if it was left out, not refused.
    """

    __tablename__ = "import_reject"
    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    owner_state: Mapped[str] = mapped_column(CHAR(3))
    is_skipped: Mapped[bool]
    content: Mapped[dict[str, Any]] = mapped_column(EncryptedJson("import_reject.content"))

    @property
    def cells(self) -> list[dict[str, Any]]:
        """Return each column with its text."""
        return cast(list[dict[str, Any]], self.content["cells"])

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Return the reasons, each with its column."""
        return cast(list[dict[str, Any]], self.content["problems"])
