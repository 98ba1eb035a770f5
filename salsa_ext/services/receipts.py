"""Receipts: the importing state says what arrived, and each gun becomes its record too."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.errors import Conflict, Forbidden, IllegalTransition, say
from salsa_ext.matching.marks import normalise
from salsa_ext.models import Receipt, Record, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.days import today
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.services import checkpoints, records
from salsa_ext.services.fields import Problems, check_date
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.ids import new_id
from salsa_ext.values.permits import ReceiptData


@dataclass(frozen=True)
class Arrival:
    """A shipment beside what was received of it."""

    shipment: Shipment
    data: ReceiptData
    arrived: Sequence[RecordView]
    missing: Sequence[RecordView]
    unexpected: Sequence[str]

    @property
    def status(self) -> str:
        """Return received, received_short or received_over."""
        sent, got = _bulk(self.shipment.bulk), _bulk(map(vars, self.data.bulk))
        if self.data.all:
            got = sent
        if self.missing or any(got[line] < quantity for line, quantity in sent.items()):
            return "received_short"
        over = any(sent[line] < quantity for line, quantity in got.items())
        return "received_over" if self.unexpected or over else "received"


def confirm(*, actor: Actor, shipment_id: UUID, data: ReceiptData) -> UUID:
    """Confirm what arrived (CIFTA IX.4); raises NotFound, Forbidden, Invalid, IllegalTransition."""
    return confirm_many(actor=actor, batch=[(shipment_id, data)])[0]


def confirm_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReceiptData]]) -> list[UUID]:
    """Confirm receipts in one transaction, all or none."""
    require(actor, Permission.RECEIPT_RECORD)
    state, now, on = actor.own_state(), actor.now(), today(actor)
    shipments = checkpoints.take_many(actor, [shipment_id for shipment_id, _ in batch])
    shipped = of_documents(shipments)
    arrivals = [
        _arrival(state, shipments[shipment_id], data, shipped[shipment_id], on)
        for shipment_id, data in batch
    ]
    rows = [_row(arrival, state, now) for arrival in arrivals]
    insert_many(Receipt, rows)
    pairs = list(zip(arrivals, rows, strict=True))
    records.write([entry for arrival, row in pairs for entry in _entries(arrival, row)], now)
    checkpoints.move_many(actor, [(arrival.shipment, arrival.status) for arrival in arrivals])
    append_many(actor, [_act(arrival, row) for arrival, row in pairs])
    return [row["id"] for row in rows]


def _arrival(
    state: str, shipment: Shipment, data: ReceiptData, items: Sequence[RecordView], on: date
) -> Arrival:
    if shipment.importing_state != state:
        raise Forbidden(say("The importing state confirms the receipt."))
    if shipment.status in ("received", "received_short", "received_over"):
        raise Conflict(say("The receipt of this shipment is confirmed already."))
    if shipment.status in ("cancelled", "returned"):
        raise IllegalTransition("shipment", shipment.status, "receipt")
    problems = Problems()
    check_date(problems, "received_on", data.received_on, on)
    if data.received_on < shipment.ships_on:
        problems.add("received_on", say("The shipment left on {on}; it cannot arrive before.",
                                        on=shipment.ships_on))  # fmt: skip
    if not (data.all or data.items or data.bulk):
        problems.add("items", say("Set all to true, or list what arrived."))
    if data.all and (data.items or data.bulk):
        problems.add("all", say("Everything arrived, or what is listed: give one of the two."))
    problems.raise_any()
    return _compare(shipment, data, items)


def _compare(shipment: Shipment, data: ReceiptData, items: Sequence[RecordView]) -> Arrival:
    if data.all:
        return Arrival(shipment, data, items, (), ())
    listed = Counter(normalise(serial) for serial in data.items)
    arrived, missing = [], []
    for item in items:
        serial = normalise(item.record.serial or "")
        if listed[serial] > 0:
            listed[serial] -= 1
            arrived.append(item)
        else:
            missing.append(item)
    return Arrival(shipment, data, arrived, missing, sorted(listed.elements()))


def _bulk(parts: Iterable[Mapping[str, Any]]) -> defaultdict[int, Decimal]:
    """Sum goods without serials by the permit's line."""
    sums: defaultdict[int, Decimal] = defaultdict(Decimal)
    for part in parts:
        sums[part["line"]] += Decimal(part["quantity"])
    return sums


def _row(arrival: Arrival, state: str, now: datetime) -> dict[str, Any]:
    missing = [{"line": item.record.line, "serial": item.record.serial} for item in arrival.missing]
    return {
        "id": new_id(), "owner_state": state, "concerned": list(arrival.shipment.concerned),
        "shipment_state": arrival.shipment.owner_state, "shipment_id": arrival.shipment.id,
        "received_on": arrival.data.received_on, "item_count": len(arrival.arrived),
        "missing": missing, "unexpected": list(arrival.unexpected),
        "bulk": [vars(part) for part in arrival.data.bulk], "recorded_at": now,
    }  # fmt: skip


def _entries(arrival: Arrival, row: dict[str, Any]) -> list[records.Entry]:
    return [
        records.Entry(
            firearm=_as_firearm(item.record, item), event="import",
            when=When(arrival.data.received_on),
            document_kind="receipt", document_id=row["id"],
            owner=row["owner_state"], concerned=row["concerned"],
            counterpart_state=arrival.shipment.exporting_state,
            linked=(item.record.owner_state, item.record.id),
        )
        for item in arrival.arrived
    ]  # fmt: skip


def _as_firearm(record: Record, view: RecordView) -> Firearm:
    """Return the gun that was shipped, as the importing state now holds it too."""
    marks = tuple(
        Mark(
            mark.kind, mark.text, mark.state, mark.year, mark.location, mark.condition, mark.method
        )
        for mark in view.marks
        if (mark.kind, mark.text)
        not in (("manufacture", record.serial), ("import", record.importer_mark))
    )
    return Firearm(
        line=record.line, category=record.category, type=record.type_text, make=record.make_text,
        model=record.model, calibre=record.calibre_text,
        country_of_manufacture=record.country_of_manufacture, year=record.year,
        origin_kind=record.origin_kind, serial=record.serial, marking=record.marking, marks=marks,
        importer_mark=record.importer_mark, quantity=record.quantity, hs_code=record.hs_code,
        part_kind=record.part_kind, unit=record.unit, lot=record.lot,
        headstamp=record.headstamp, antique=record.antique,
    )  # fmt: skip


def _act(arrival: Arrival, row: dict[str, Any]) -> Act:
    return Act(
        Action.RECEIPT_CONFIRMED, "shipment", arrival.shipment.id, arrival.shipment.owner_state,
        arrival.shipment.concerned, {"status": arrival.status, "missing": len(arrival.missing)},
    )  # fmt: skip
