"""Tables of records, their marks, search keys and parties."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, Computed, Index, LargeBinary, SmallInteger, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from salsa_ext.access.models import Officer
from salsa_ext.database.encrypted_columns import EncryptedText
from salsa_ext.database.models import Dated, Owned, RoughlyDated, Versioned
from salsa_ext.database.session import Base
from salsa_ext.database.written_rows import Sealed
from salsa_ext.firearms.marks.values import Recorder


class FirearmColumns:
    """Firearm columns: resolved codes, with the raw text of each."""

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


class Record(Sealed, Owned, Versioned, Dated, FirearmColumns, Base):
    """One state's statement about one gun on one occasion.

    `event` is the occasion, `document_*` the document; `owner_kind` to `register_number` say whose a
    seized gun was. `linked_state` and `linked_record` name the record of the same gun that this one
    certainly follows (receipt of a shipment's item, disposition of a seized gun). `is_void`: this
    version says that its event did not happen. `is_bulk`: a lot of a shipment's goods in bulk, which
    the shipment counts, and no item of it.
    """

    __tablename__ = "record"
    seal_key = ("record", "id", "version")
    seal_subject = "document_id"
    __table_args__ = (Index(None, "document_id"), Index(None, "linked_record"))
    event: Mapped[str]
    document_kind: Mapped[str]
    document_id: Mapped[UUID]
    owner_kind: Mapped[str | None]
    handed_in: Mapped[bool] = mapped_column(server_default=false())
    register_number: Mapped[str | None] = mapped_column(info={"pii": "link"})
    giver_id: Mapped[UUID | None]
    receiver_id: Mapped[UUID | None]
    counterpart_state: Mapped[str | None] = mapped_column(CHAR(3))
    linked_state: Mapped[str | None] = mapped_column(CHAR(3))
    linked_record: Mapped[UUID | None]
    import_id: Mapped[UUID | None]
    import_row: Mapped[int | None]
    is_bulk: Mapped[bool] = mapped_column(server_default=false())
    is_void: Mapped[bool] = mapped_column(server_default=false())


class RecordSetting(Owned, Base):
    """The owner's changeable decisions on a record."""

    __tablename__ = "record_setting"
    record_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    visibility: Mapped[str]
    handling: Mapped[str]
    is_void: Mapped[bool] = mapped_column(server_default=false())


class Mark(Sealed, Owned, Base):
    """One mark as read, of one version of a record."""

    __tablename__ = "mark"
    seal_key = ("record", "record_id", "record_version")
    seal_subject = None
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
        foreign_keys=lambda: Mark.read_by_officer,
        viewonly=True,
        lazy="selectin",
    )

    @property
    def reader(self) -> Recorder | None:
        """Return the reader if the mark was added later, else None."""
        if self.read_at is None:
            return None
        number = self.officer.number if self.officer else None
        return Recorder(self.read_by_agency, self.read_at, number)


class MarkKey(RoughlyDated, Base):
    """Search key of a mark; only the search reads it.

    `seen_by` is `*`, or the owner of a silent record: requests of other states never fetch it.
    `is_void`: the event did not happen, no search finds the mark. Partitioned by key: searches ask
    by key, or by key and make; matches alone ask by record.
    """

    __tablename__ = "mark_key"
    __table_args__ = (
        Index("ix_mark_key_record_id", "record_id"),
        Index("ix_mark_key_key_make", "key", "make"),
    )
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seen_by: Mapped[str] = mapped_column(
        Computed("CASE WHEN visibility = 'silent' THEN state::text ELSE '*' END"), primary_key=True
    )
    mark_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    record_version: Mapped[int]
    state: Mapped[str] = mapped_column(CHAR(3))
    serial_norm: Mapped[str]
    skeleton: Mapped[str]
    event: Mapped[str]
    make: Mapped[str | None]
    calibre: Mapped[str | None]
    type: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(CHAR(3))
    year: Mapped[int | None] = mapped_column(SmallInteger)
    visibility: Mapped[str]
    is_superseded: Mapped[bool]
    is_void: Mapped[bool]
    model: Mapped[str | None]


class MarkVariant(Base):
    """A variant of a mark: without one glyph, a half, its digits.

    `target` is the key of the mark, `make` its make's code, so that likely marks are ranked first.
    The same variant can be stored twice. Rows are never changed.
    """

    __tablename__ = "mark_variant"
    __table_args__ = (Index("ix_mark_variant_key", "key", postgresql_include=["target", "make"]),)
    key: Mapped[int] = mapped_column(BigInteger)
    target: Mapped[int] = mapped_column(BigInteger)
    make: Mapped[int] = mapped_column(SmallInteger)
    __mapper_args__ = {"primary_key": [key, target, make]}  # noqa: RUF012 - as SQLAlchemy wants it


PERSONAL = {"pii": "direct"}


class Party(Sealed, Owned, Base):
    """A person or firm as one document names it.

    The only table with personal values; they can be erased, the row stays.
    Address and identification are encrypted. `salt` is erased with them: the hash of the row then
    shows nothing.
    """

    __tablename__ = "party"
    seal_key = ("party", "id")
    seal_subject = None
    unsealed = frozenset({"erased_at"})
    __table_args__ = (
        Index("ix_party_owner_state_folded", "owner_state", text("salsa_folded_name(name)")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    kind: Mapped[str]
    country: Mapped[str] = mapped_column(CHAR(3))
    name: Mapped[str | None] = mapped_column(info=PERSONAL)
    address: Mapped[str | None] = mapped_column(EncryptedText("party.address"), info=PERSONAL)
    contact: Mapped[str | None] = mapped_column(info=PERSONAL)
    identification: Mapped[str | None] = mapped_column(
        EncryptedText("party.identification"), info=PERSONAL
    )
    licence: Mapped[str | None] = mapped_column(info=PERSONAL)
    erased_at: Mapped[datetime | None]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)
