"""Shipments: what leaves under an export certificate, drawn from its balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, Conflict, NotFound, say
from salsa_ext.matching import irregularities
from salsa_ext.matching.journeys import CONTRADICTS
from salsa_ext.models import Permit, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import (
    balances,
    discrepancies,
    ledger,
    locks,
    manifests,
    matches,
    numbers,
    records,
    reshipments,
    rollups,
    takings,
    telling,
)
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.fields import Problems
from salsa_ext.services.manifests import Lines, Quantities
from salsa_ext.services.parties import Parties
from salsa_ext.services.replannings import posts_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.ids import new_id
from salsa_ext.values.permits import ShipmentData

Row = dict[str, Any]


def record(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> UUID:
    """Take one shipment; raises NotFound, Invalid, Conflict, OverQuantity or Duplicate.

    A short manifest is matched at once, a long one by the worker right afterwards.
    """
    [shipment_id] = record_many(actor=actor, batch=[(permit_id, data)])
    if len(data.items) <= matches.AT_ONCE:
        matches.of_document(actor, shipment_id)
    return shipment_id


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, ShipmentData]]) -> list[UUID]:
    """Take shipments in one transaction, all or none; each item becomes a record of `export`.

    Together they draw no more than the permits' lines allow (Model Regulations 8.3).
    """
    require(actor, Permission.SHIPMENT_RECORD)
    owner, now, wanted = actor.own_state(), actor.now(), {permit_id for permit_id, _ in batch}
    numbers.require_free_shipments(owner, [data.number for _, data in batch])
    permits, lines = _permits(owner, wanted), manifests.lines_of(wanted)
    for permit_id, data in batch:
        _check(permits[permit_id], data)
    judged = [manifests.judge(permit_id, data, lines) for permit_id, data in batch]
    drawn = [each.drawn for each in judged]
    balances.check(_sum(drawn), lines)
    parties, grace = Parties(owner), ledger.graces_of([owner])[owner]
    rows = [_row(permits[permit_id], data, parties, now, grace) for permit_id, data in batch]
    pairs = list(zip(rows, (data for _, data in batch), strict=True))
    # the long work comes before the locks, for which other shipments wait
    records.write(_entries(permits, pairs, lines), now)
    _draw(actor, wanted, _sum(drawn))
    parties.write()
    insert_many(Shipment, rows)
    _count(zip(rows, drawn, strict=True), lines)
    telling.posted(actor, rows)
    _doubt(actor, {row["id"]: each.contradictions for row, each in zip(rows, judged, strict=True)})
    append_many(actor, [_act(row) for row in rows])
    if again := reshipments.note([row["id"] for row in rows]):
        ledger.refresh(actor, takings.take_many(actor, again).values())
    return [row["id"] for row in rows]


def _sum(drawn: Iterable[Quantities]) -> Quantities:
    total: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for taken in drawn:
        for key, quantity in taken.items():
            total[key] += quantity
    return total


def _draw(actor: Actor, wanted: set[UUID], drawn: Quantities) -> None:
    """Draw from the permits as they stand under the locks, whatever they were before."""
    for permit in _locked(actor.own_state(), wanted).values():
        _check_status(permit)
    balances.draw(actor, drawn, manifests.locked_lines(wanted))


def _locked(owner: str, wanted: set[UUID]) -> dict[UUID, Permit]:
    """Return permits as they stand until the end: nobody changes their facts meanwhile."""
    named = _permits(owner, wanted).values()
    locks.movements_of(state for permit in named for state in permit.concerned)
    return _permits(owner, wanted)


def _permits(owner: str, wanted: set[UUID]) -> dict[UUID, Permit]:
    found = db.session.scalars(
        select(Permit).where(Permit.id.in_(wanted)).execution_options(populate_existing=True)
    )
    permits = {permit.id: permit for permit in found}
    for permit_id in wanted - set(permits):
        raise NotFound("permit", permit_id)
    for permit in permits.values():
        if permit.kind != "export" or permit.owner_state != owner:
            raise Conflict(say("Shipments go under an export certificate of your own state."))
    return permits


def _check_status(permit: Permit) -> None:
    if permit.status != "issued":
        raise Conflict(say("The permit is {status}; nothing can be shipped under it.",
                           status=Coded("permit_status", permit.status)))  # fmt: skip


def _check(permit: Permit, data: ShipmentData) -> None:
    _check_status(permit)
    problems = Problems()
    if not permit.issued_on <= data.ships_on <= permit.last_day:
        problems.add("ships_on", say("The permit is valid from {first} to {last}.",
                                     first=permit.issued_on, last=permit.last_day))  # fmt: skip
    if not data.items and not data.bulk:
        problems.add("items", say("A shipment has items with serials, goods in bulk, or both."))
    problems.raise_any()


def _row(
    permit: Permit, data: ShipmentData, parties: Parties, now: datetime, grace: timedelta
) -> Row:
    transport = data.transport or {}
    expected = [dict(vars(step)) for step in data.expected]
    return {
        "id": new_id(), "version": 1,
        "owner_state": permit.owner_state, "concerned": list(permit.concerned),
        "permit_id": permit.id, "permit_number": permit.number, "number": data.number,
        "status": "planned",
        "exporting_state": permit.exporting_state, "importing_state": permit.importing_state,
        "ships_on": data.ships_on, "mode": data.mode,
        "port_of_exit": data.port_of_exit, "port_of_entry": data.port_of_entry,
        "route": list(data.route), "posts": posts_of(data.route, expected), "expected": expected,
        "carrier_id": parties.add(data.carrier, permit.concerned), "seals": list(data.seals),
        "document_kind": transport.get("document_kind"),
        "document_number": transport.get("document_number"),
        "plates": list(transport.get("plates", ())), "container": transport.get("container"),
        "item_count": len(data.items), "bulk": [vars(part) for part in data.bulk],
        "recorded_at": now,
    } | ledger.first_due(data.expected, grace)  # fmt: skip


def _entries(
    permits: Mapping[UUID, Permit], pairs: Iterable[tuple[Row, ShipmentData]], lines: Lines
) -> Iterator[records.Entry]:
    for row, data in pairs:
        for item in data.items:
            yield _entry(permits[row["permit_id"]], row, item, lines)


def _entry(permit: Permit, row: Row, item: Firearm, lines: Lines) -> records.Entry:
    return records.Entry(
        firearm=manifests.completed(item, lines[permit.id, item.line]),
        event="export", when=When(row["ships_on"]),
        document_kind="shipment", document_id=row["id"],
        owner=permit.owner_state, concerned=permit.concerned,
        giver_id=permit.exporter_id, receiver_id=permit.importer_id,
        counterpart_state=permit.importing_state,
    )  # fmt: skip


def _count(shipped: Iterable[tuple[Row, Quantities]], lines: Lines) -> None:
    """Count firearms, with serials and in bulk, for the figures of licit trade."""
    cells: Counter[rollups.Cell] = Counter()
    for row, drawn in shipped:
        for key, quantity in drawn.items():
            line = lines[key]
            if line.category == "firearm":
                cell = rollups.Cell("licit_trade", row["owner_state"], line.type or "unknown",
                                    row["ships_on"], row["importing_state"])  # fmt: skip
                cells[cell] += int(quantity)
    rollups.add(cells)


def _doubt(actor: Actor, contradictions: Mapping[UUID, list[dict[str, Any]]]) -> None:
    """Note where manifests contradict their permits: a fact, of which the states concerned learn."""
    told = {shipment_id: found for shipment_id, found in contradictions.items() if found}
    if not told:
        return
    wrong = db.session.scalars(select(Shipment).where(Shipment.id.in_(told))).all()
    note_many(actor, [Note(row, CONTRADICTS, data={"findings": told[row.id]}) for row in wrong])
    doubts: discrepancies.Doubts = {
        row: irregularities.contradictions(told[row.id]) for row in wrong
    }
    discrepancies.settle(actor, doubts, ("document_invalid",))


def _act(row: Row) -> Act:
    data = {"number": row["number"], "items": row["item_count"]}
    return Act(
        Action.SHIPMENT_RECORDED, "shipment", row["id"], concerned=row["concerned"], data=data
    )
