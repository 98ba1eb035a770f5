"""A record is what one state says about one gun on one occasion; a mark is what is stamped on it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salsa_ext.db import Base
from salsa_ext.models.accounts import Officer
from salsa_ext.models.owned import Occurring, Owned, Versioned


class Described:
    """The firearm fields, the same everywhere: resolved codes, and the raw text beside each."""

    line: Mapped[int]
    category: Mapped[str]
    type: Mapped[str | None]
    type_text: Mapped[str | None]
    make: Mapped[str | None]
    make_text: Mapped[str | None]
    model: Mapped[str | None]
    calibre: Mapped[str | None]
    calibre_text: Mapped[str | None]
    country_of_manufacture: Mapped[str | None] = mapped_column(CHAR(3))
    year: Mapped[int | None] = mapped_column(SmallInteger)
    origin_kind: Mapped[str]
    serial: Mapped[str | None]
    marking: Mapped[str]
    importer_mark: Mapped[str | None]
    part_kind: Mapped[str | None]
    quantity: Mapped[Decimal]
    unit: Mapped[str | None]
    lot: Mapped[str | None]
    headstamp: Mapped[str | None]
    hs_code: Mapped[str | None]
    antique: Mapped[bool]


class Record(Owned, Versioned, Occurring, Described, Base):
    """One gun on one occasion; `event` says which, `document_*` where it is written.

    `linked_state` and `linked_record` name the record of the same gun that it follows for certain
    (the receipt of a shipment's item).
    """

    __tablename__ = "record"
    __table_args__ = (Index(None, "document_id"), Index(None, "linked_record"))
    event: Mapped[str]
    document_kind: Mapped[str]
    document_id: Mapped[UUID]
    giver_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]
    counterpart_state: Mapped[str | None] = mapped_column(CHAR(3))
    linked_state: Mapped[str | None] = mapped_column(CHAR(3))
    linked_record: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    import_row: Mapped[int | None]


class RecordSetting(Owned, Base):
    """What the owner decides about a record, and may decide anew."""

    __tablename__ = "record_setting"
    record_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    visibility: Mapped[str]
    handling: Mapped[str]


class Reader(NamedTuple):
    """Who read a mark; the officer's own state alone sees his number."""

    agency: str | None
    officer: str | None
    at: datetime


class Mark(Owned, Base):
    """One mark as read, of one version of a record."""

    __tablename__ = "mark"
    record_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-32)
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-31)
    record_version: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    state: Mapped[str | None] = mapped_column(CHAR(3))
    year: Mapped[int | None] = mapped_column(SmallInteger)
    location: Mapped[str | None]
    condition: Mapped[str | None]
    method: Mapped[str | None]
    read_by_agency: Mapped[str | None]
    read_by_officer: Mapped[UUID | None]
    read_at: Mapped[datetime | None]
    officer: Mapped[Officer | None] = relationship(
        primaryjoin=lambda: Mark.read_by_officer == Officer.id,
        foreign_keys=lambda: Mark.read_by_officer, viewonly=True, lazy="selectin",
    )  # fmt: skip

    @property
    def reader(self) -> Reader | None:
        """Return who added the mark to a gun that was recorded before; None for any other."""
        if self.read_at is None:
            return None
        number = self.officer.number if self.officer else None
        return Reader(self.read_by_agency, number, self.read_at)


class MarkKey(Base):
    """What a search goes through: no ownership columns, since the matcher alone reads it.

    `is_void` says that what the record tells did not happen after all; no search finds its marks.
    It is spread by key: searches ask by key, or by key and make; matches alone ask by record.
    """

    __tablename__ = "mark_key"
    __table_args__ = (
        Index("ix_mark_key_record_id", "record_id"), Index("ix_mark_key_key_make", "key", "make"),
    )  # fmt: skip
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    state: Mapped[str] = mapped_column(CHAR(3))
    serial_norm: Mapped[str]
    skeleton: Mapped[str]
    event: Mapped[str]
    occurred_on: Mapped[date]
    make: Mapped[str | None]
    calibre: Mapped[str | None]
    type: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(CHAR(3))
    year: Mapped[int | None] = mapped_column(SmallInteger)
    visibility: Mapped[str]
    is_superseded: Mapped[bool]
    is_void: Mapped[bool]
    model: Mapped[str | None]


class MarkForm(Base):
    """A form under which a mark is kept beside its own key: without one glyph, a half, its digits.

    `target` is the key of the mark, and `make` stands for its make, so that the likely ones of a
    crowd come first. The same form can stand there twice. Rows are never changed.
    """

    __tablename__ = "mark_form"
    __table_args__ = (Index("ix_mark_form_key", "key", postgresql_include=["target", "make"]),)
    key: Mapped[int] = mapped_column(BigInteger)
    target: Mapped[int] = mapped_column(BigInteger)
    make: Mapped[int] = mapped_column(SmallInteger)
    __mapper_args__ = {"primary_key": [key, target, make]}  # noqa: RUF012 - as SQLAlchemy wants it
