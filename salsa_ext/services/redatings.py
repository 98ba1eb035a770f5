"""A shipment that goes on another day than was planned: its records of export say so.

Records are only added to, so that each gets a new version with the true date (Model Regulations 8.5
lets the date be amended); a trace shows the current one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import append_many
from salsa_ext.db import db
from salsa_ext.models import PermitLine, Shipment
from salsa_ext.readmodels.records import RecordView, streamed
from salsa_ext.services import arrivals, corrections, records, retellings, rollups
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import Source, When


def redate(actor: Actor, shipment: Shipment, planned: date, reason: str | None) -> None:
    """Let the records of a shipment say the day on which it now ships, instead of the `planned` one.

    States that received the old date are told, and figures count the goods in the new quarter. The
    shipment is locked by the caller.
    """
    quantities: Counter[int] = Counter()
    for views in streamed(shipment.id):
        _write_anew(actor, views, When(shipment.ships_on), reason)
        for view in views:
            quantities[view.record.line] += int(view.record.quantity)
    for part in shipment.bulk:
        quantities[part["line"]] += int(Decimal(str(part["quantity"])))
    _recount(shipment, quantities, planned)


def _write_anew(actor: Actor, views: Sequence[RecordView], when: When, reason: str | None) -> None:
    records.write([_entry(view, when, reason) for view in views], actor.now())
    for version, ids in _by_version(views):
        records.supersede(ids, version)
        append_many(actor, corrections.told(actor, ids, version))
        retellings.note(actor.own_state(), ids)


def _entry(view: RecordView, when: When, reason: str | None) -> records.Entry:
    record = view.record
    source = Source(record.import_id, record.import_row or 0) if record.import_id else None
    return records.Entry(
        firearm=arrivals.as_firearm(record, view.marks), event=record.event, when=when,
        document_kind=record.document_kind, document_id=record.document_id,
        owner=record.owner_state, concerned=record.concerned,
        giver_id=record.giver_id, receiver_id=record.receiver_id,
        counterpart_state=record.counterpart_state,
        visibility=view.setting.visibility if view.setting else None,
        source=source, record_id=record.id, version=record.version + 1, reason=reason,
    )  # fmt: skip


def _by_version(views: Sequence[RecordView]) -> Iterator[tuple[int, list[UUID]]]:
    """Return the ids of records by the version that each has got."""
    for version in sorted({view.record.version for view in views}):
        yield version + 1, [view.record.id for view in views if view.record.version == version]


def _recount(shipment: Shipment, quantities: Mapping[int, int], planned: date) -> None:
    """Count the firearms of a shipment in the quarter of its day, and no longer in that of another."""
    query = select(PermitLine).where(PermitLine.permit_id == shipment.permit_id)
    lines = {line.line: line for line in db.session.scalars(query)}
    cells: Counter[rollups.Cell] = Counter()
    for number, quantity in quantities.items():
        line = lines[number]
        if line.category == "firearm":
            for on, sign in ((planned, -1), (shipment.ships_on, 1)):
                cell = rollups.Cell("licit_trade", shipment.owner_state, line.type or "unknown",
                                    on, shipment.importing_state)  # fmt: skip
                cells[cell] += sign * quantity
    rollups.add(cells)
