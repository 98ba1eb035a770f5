"""Contents of a shipment as its papers list them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.core.batches import CHUNK_SIZE, MAX_BODY_ITEMS, chunks
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.firearms.records.models import Mark, Record
from salsa_ext.reference.models import Post
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

MAX_ITEMS: Final = MAX_BODY_ITEMS
ITEM_COLUMNS: Final = (
    "line category type type_text make make_text model calibre calibre_text country_of_manufacture"
    " year serial importer_mark part_kind quantity unit lot headstamp hs_code antique"
).split()


@dataclass(frozen=True)
class PackedItem:
    """An item with a serial as the paper lists it."""

    row: Mapping[str, Any]
    marks: Sequence[str]


class PackedItems(Collection[PackedItem]):
    """The items of a shipment in order, read again in batches."""

    def __init__(self, shipment: Shipment) -> None:
        self._shipment_id, self._count = shipment.id, shipment.item_count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PackedItem]:
        columns = [getattr(Record, name) for name in ITEM_COLUMNS]
        items = select_current(Record).where(Record.document_id == self._shipment_id)
        query = items.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
        rows = db.session.execute(query.execution_options(yield_per=CHUNK_SIZE)).mappings()
        for chunk in chunks(map(dict, rows)):
            marks = _marks_by_record([row["id"] for row in chunk])
            yield from (PackedItem(row, marks[row.pop("id")]) for row in chunk)

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


def packed_items(shipment: Shipment) -> Collection[PackedItem]:
    """Return a shipment's items: a list, or lazy if too many."""
    items = PackedItems(shipment)
    return items if len(items) > MAX_ITEMS else list(items)


def quantities_by_category(shipment_id: UUID) -> dict[str, Decimal]:
    """Return the quantity of each category among the items."""
    rows = select_current(Record).where(Record.document_id == shipment_id).group_by(Record.category)
    return dict(
        db.session.execute(rows.with_only_columns(Record.category, func.sum(Record.quantity))).all()
    )


def _marks_by_record(record_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    of_record = (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    query = select_current(Record).join(Mark, of_record).where(Record.id.in_(record_ids))
    query = query.where(Mark.kind != "manufacture").order_by(Mark.id)
    for record_id, text in db.session.execute(query.with_only_columns(Mark.record_id, Mark.text)):
        marks[record_id].append(text)
    return marks


def sequence_number(shipment: Shipment) -> int:
    """Return the ordinal of the shipment under its certificate."""
    earlier = select(func.count()).where(
        Shipment.permit_id == shipment.permit_id, Shipment.id <= shipment.id
    )
    return db.session.scalar(earlier) or 1


def transit_last_days(permits: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], date]:
    """Return last days of visible transit authorizations by (state, number)."""
    keys = [(permit["state"], permit["number"]) for permit in permits]
    query = select(Permit).where(
        Permit.kind == "in_transit", Permit.number.in_([number for _, number in keys])
    )
    rows = db.session.scalars(query) if keys else ()
    days = {(row.owner_state, row.number): row.last_day for row in rows}
    return {key: days[key] for key in keys if key in days}


def post_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of border posts by code."""
    query = select(Post.code, Post.name).where(Post.code.in_(list(codes)))
    return dict(db.session.execute(query).all())


class PieceCount(NamedTuple):
    """Number of serialised items, and quantity of the other goods."""

    serialised: int
    unserialised: Decimal

    @property
    def matching_counts(self) -> tuple[Decimal, ...]:
        """Return the counts that match: serialised items, and everything."""
        counts = (Decimal(self.serialised), self.serialised + self.unserialised)
        return tuple(dict.fromkeys(count for count in counts if count))


def count_pieces(shipments: Sequence[Shipment]) -> dict[UUID, PieceCount]:
    """Return the piece counts of shipments by their papers.

    One query for all.
    """
    if not shipments:
        return {}
    items = select_current(Record).where(Record.document_id.in_([row.id for row in shipments]))
    has_serial = Record.serial.is_not(None)
    query = items.with_only_columns(
        Record.document_id,
        func.count().filter(has_serial),
        func.coalesce(func.sum(Record.quantity).filter(~has_serial), 0),
    )
    rows = db.session.execute(query.group_by(Record.document_id))
    counts = {shipment_id: (serials, Decimal(other)) for shipment_id, serials, other in rows}
    pieces = {}
    for row in shipments:
        serials, other = counts.get(row.id, (0, Decimal()))
        bulk = sum((Decimal(str(part["quantity"])) for part in row.bulk), Decimal())
        pieces[row.id] = PieceCount(serials, other + bulk)
    return pieces
