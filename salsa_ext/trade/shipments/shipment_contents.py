"""Contents of a shipment as its papers list them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from salsa_ext.core.batches import CHUNK_SIZE, MAX_BODY_ITEMS, chunks
from salsa_ext.database.session import db
from salsa_ext.database.version_queries import select_current
from salsa_ext.firearms.records.models import Mark, Record
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
    """The items of a shipment in order, but for missing ones, read again in batches."""

    def __init__(self, shipment: Shipment, missing: Collection[Mapping[str, Any]] = ()) -> None:
        self._shipment_id, self._count = shipment.id, shipment.item_count - len(missing)
        self._missing = Counter((item["line"], item["serial"]) for item in missing)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PackedItem]:
        columns = [getattr(Record, name) for name in ITEM_COLUMNS]
        items = select_current(Record).where(
            Record.document_id == self._shipment_id, ~Record.is_bulk
        )
        query = items.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
        rows = db.session.execute(query.execution_options(yield_per=CHUNK_SIZE)).mappings()
        missing = self._missing.copy()
        for chunk in chunks(row for row in map(dict, rows) if not _remove(row, missing)):
            marks = _marks_by_record([row["id"] for row in chunk])
            yield from (PackedItem(row, marks[row.pop("id")]) for row in chunk)

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)


def packed_items(
    shipment: Shipment, missing: Collection[Mapping[str, Any]] = ()
) -> Collection[PackedItem]:
    """Return a shipment's items but for missing ones: a list, or lazy if too many."""
    items = PackedItems(shipment, missing)
    return items if len(items) > MAX_ITEMS else list(items)


def _remove(row: Mapping[str, Any], missing: Counter[tuple[int | None, str | None]]) -> bool:
    """Remove a row from the missing items; return whether it was one."""
    key = row["line"], row["serial"]
    missing[key] -= 1
    return missing[key] >= 0


def _marks_by_record(record_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    of_record = (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    query = select_current(Record).join(Mark, of_record).where(Record.id.in_(record_ids))
    query = query.where(Mark.kind != "manufacture").order_by(Mark.id)
    for record_id, text in db.session.execute(query.with_only_columns(Mark.record_id, Mark.text)):
        marks[record_id].append(text)
    return marks
