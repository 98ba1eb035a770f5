"""What the paper of a shipment lists beside the shipment itself, with few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.models import Mark, Permit, Post, Record, Shipment
from salsa_ext.readmodels.versions import current
from salsa_ext.values.manifests import CHUNK, MOST_LISTED, chunks

MOST_ITEMS: Final = MOST_LISTED
ITEM: Final = ("line", "category", "type", "type_text", "make", "make_text", "model", "calibre",
               "calibre_text", "country_of_manufacture", "year", "serial", "importer_mark",
               "part_kind", "quantity", "unit", "lot", "headstamp", "hs_code", "antique")  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A serial-numbered item of a shipment, as the paper lists it."""

    row: Mapping[str, Any]
    marks: Sequence[str]


class Items(Collection[Item]):
    """The items of a shipment in order, read anew each time, so many at once."""

    def __init__(self, shipment: Shipment) -> None:
        self._shipment_id, self._count = shipment.id, shipment.item_count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Item]:
        columns = [getattr(Record, name) for name in ITEM]
        rows = current(Record, None).where(Record.document_id == self._shipment_id)
        found = rows.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
        listed = db.session.execute(found.execution_options(yield_per=CHUNK)).mappings()
        for some in chunks(map(dict, listed)):
            marks = _marks([row["id"] for row in some])
            yield from (Item(row, marks[row.pop("id")]) for row in some)

    def __contains__(self, sought: object) -> bool:
        return any(item == sought for item in self)


def items_of(shipment: Shipment) -> Collection[Item]:
    """Return the items of a shipment: a list, or what reads them anew where a paper lists none."""
    found = Items(shipment)
    return found if len(found) > MOST_ITEMS else list(found)


def quantities_of(shipment_id: UUID) -> dict[str, Decimal]:
    """Return how much a shipment has of each category, in items."""
    rows = current(Record).where(Record.document_id == shipment_id).group_by(Record.category)
    return dict(
        db.session.execute(rows.with_only_columns(Record.category, func.sum(Record.quantity))).all()
    )


def _marks(record_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    marks: dict[UUID, list[str]] = defaultdict(list)
    of_record = (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    wanted = current(Record).join(Mark, of_record).where(Record.id.in_(record_ids))
    wanted = wanted.where(Mark.kind != "manufacture").order_by(Mark.id)
    for record_id, text in db.session.execute(wanted.with_only_columns(Mark.record_id, Mark.text)):
        marks[record_id].append(text)
    return marks


def sequence(shipment: Shipment) -> int:
    """Return the how-manieth shipment under its certificate this is."""
    earlier = select(func.count()).where(
        Shipment.permit_id == shipment.permit_id, Shipment.id <= shipment.id
    )
    return db.session.scalar(earlier) or 1


def last_days(permits: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], date]:
    """Return the last day of in-transit authorizations that the state may see, by state and number."""
    named = [(one["state"], one["number"]) for one in permits]
    if not named:
        return {}
    wanted = select(Permit).where(Permit.kind == "in_transit")
    wanted = wanted.where(Permit.number.in_([number for _, number in named]))
    found = {(row.owner_state, row.number): row.last_day for row in db.session.scalars(wanted)}
    return {name: found[name] for name in named if name in found}


def places(codes: Iterable[str]) -> dict[str, str]:
    """Return the names of border posts by their codes."""
    wanted = select(Post.code, Post.name).where(Post.code.in_(list(codes)))
    return dict(db.session.execute(wanted).all())
