"""What the paper of a shipment lists beside the shipment itself, with few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from salsa_ext.db import db
from salsa_ext.models import Mark, Permit, Post, Record, Shipment
from salsa_ext.readmodels.versions import current

MOST_ITEMS: Final = 5_000
ITEM: Final = ("line", "category", "type", "type_text", "make", "make_text", "model", "calibre",
               "calibre_text", "country_of_manufacture", "year", "serial", "importer_mark",
               "part_kind", "quantity", "unit", "lot", "headstamp", "hs_code", "antique")  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A serial-numbered item of a shipment, as the paper lists it."""

    row: Mapping[str, Any]
    marks: Sequence[str]


def items_of(shipment_id: UUID) -> list[Item]:
    """Return the items of a shipment in order, two queries however many they are, no row kept."""
    rows = current(Record, None).where(Record.document_id == shipment_id)
    columns = [getattr(Record, name) for name in ITEM]
    found = rows.with_only_columns(Record.id, *columns).order_by(Record.line, Record.id)
    listed = [(row.pop("id"), row) for row in map(dict, db.session.execute(found).mappings())]
    marks: dict[UUID, list[str]] = defaultdict(list)
    wanted = select(Mark.record_id, Mark.kind, Mark.text).join(
        Record, (Record.id == Mark.record_id) & (Record.version == Mark.record_version)
    )
    wanted = wanted.where(Record.document_id == shipment_id).order_by(Mark.id)
    for record_id, kind, text in db.session.execute(wanted):
        if kind != "manufacture":
            marks[record_id].append(text)
    return [Item(row, marks[record_id]) for record_id, row in listed]


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
