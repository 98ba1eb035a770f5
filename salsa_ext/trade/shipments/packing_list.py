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
from salsa_ext.database.versions import select_current
from salsa_ext.firearms.records.models import Mark, Record
from salsa_ext.reference.models import Post
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.shipments.models import Shipment

MAX_ITEMS: Final = MAX_BODY_ITEMS
ITEM_COLUMNS: Final = (
    "line",
    "category",
    "type",
    "type_text",
    "make",
    "make_text",
    "model",
    "calibre",
    "calibre_text",
    "country_of_manufacture",
    "year",
    "serial",
    "importer_mark",
    "part_kind",
    "quantity",
    "unit",
    "lot",
    "headstamp",
    "hs_code",
    "antique",
)


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
        rows = select_current(Record, None).where(Record.document_id == self._shipment_id)
        found = rows.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
        listed = db.session.execute(found.execution_options(yield_per=CHUNK_SIZE)).mappings()
        for some in chunks(map(dict, listed)):
            marks = _marks_by_record([row["id"] for row in some])
            yield from (PackedItem(row, marks[row.pop("id")]) for row in some)

    def __contains__(self, sought: object) -> bool:
        return any(item == sought for item in self)


def packed_items(shipment: Shipment) -> Collection[PackedItem]:
    """Return a shipment's items: a list, or lazy if too many."""
    found = PackedItems(shipment)
    return found if len(found) > MAX_ITEMS else list(found)


def quantities_by_category(shipment_id: UUID) -> dict[str, Decimal]:
    """Return the quantity of each category among the items."""
    rows = select_current(Record).where(Record.document_id == shipment_id).group_by(Record.category)
    return dict(
        db.session.execute(rows.with_only_columns(Record.category, func.sum(Record.quantity))).all()
    )


def _marks_by_record(record_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    of_record = (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    wanted = select_current(Record).join(Mark, of_record).where(Record.id.in_(record_ids))
    wanted = wanted.where(Mark.kind != "manufacture").order_by(Mark.id)
    for record_id, text in db.session.execute(wanted.with_only_columns(Mark.record_id, Mark.text)):
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
    named = [(one["state"], one["number"]) for one in permits]
    if not named:
        return {}
    wanted = select(Permit).where(Permit.kind == "in_transit")
    wanted = wanted.where(Permit.number.in_([number for _, number in named]))
    found = {(row.owner_state, row.number): row.last_day for row in db.session.scalars(wanted)}
    return {name: found[name] for name in named if name in found}


def post_names(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of border posts by code."""
    wanted = select(Post.code, Post.name).where(Post.code.in_(list(codes)))
    return dict(db.session.execute(wanted).all())


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
    counted = items.with_only_columns(
        Record.document_id,
        func.count().filter(has_serial),
        func.coalesce(func.sum(Record.quantity).filter(~has_serial), 0),
    )
    found = {
        id_: (numbered, loose)
        for id_, numbered, loose in db.session.execute(counted.group_by(Record.document_id))
    }
    return {row.id: _piece_count(row, *found.get(row.id, (0, Decimal()))) for row in shipments}


def _piece_count(row: Shipment, numbered: int, loose: Decimal) -> PieceCount:
    bulk = sum((Decimal(str(part["quantity"])) for part in row.bulk), Decimal())
    return PieceCount(numbered, Decimal(loose) + bulk)
