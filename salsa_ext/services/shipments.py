"""Shipments: what leaves under an export certificate, drawn from its balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, Conflict, NotFound, say
from salsa_ext.models import Permit, PermitLine, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import balances, ledger, locks, manifests, records, rollups, telling
from salsa_ext.services.fields import Problems, check_firearms
from salsa_ext.services.manifests import Lines
from salsa_ext.services.parties import Parties
from salsa_ext.services.replannings import posts_of
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.ids import new_id
from salsa_ext.values.permits import Bulk, ShipmentData


def record(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> UUID:
    """Take one shipment; raises NotFound, Invalid, Conflict, OverQuantity or Duplicate."""
    return record_many(actor=actor, batch=[(permit_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, ShipmentData]]) -> list[UUID]:
    """Take shipments in one transaction, all or none; each item becomes a record of `export`.

    Together they draw no more than the permits' lines allow (Model Regulations 8.3).
    """
    require(actor, Permission.SHIPMENT_RECORD)
    owner, now = actor.own_state(), actor.now()
    permits = _locked(owner, {permit_id for permit_id, _ in batch})
    lines = manifests.locked_lines({permit_id for permit_id, _ in batch})
    batch = manifests.with_categories(batch, lines)
    for permit_id, data in batch:
        _check(permits[permit_id], data)
    for permit_id, data in batch:
        manifests.check_parts(permit_id, data, lines)
    balances.draw(actor, batch, lines)
    parties = Parties(owner)
    grace = ledger.graces_of([owner])[owner]
    rows = [_row(permits[permit_id], data, parties, now, grace) for permit_id, data in batch]
    pairs = list(zip(rows, (data for _, data in batch), strict=True))
    parties.write()
    insert_many(Shipment, rows)
    entries = [
        _entry(permits[row["permit_id"]], row, item, lines)
        for row, data in pairs
        for item in data.items
    ]
    records.write(entries, now)
    _count([(permits[permit_id], data) for permit_id, data in batch], lines)
    telling.posted(actor, rows)
    append_many(actor, [_act(row) for row in rows])
    return [row["id"] for row in rows]


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


def _check(permit: Permit, data: ShipmentData) -> None:
    if permit.status != "issued":
        raise Conflict(say("The permit is {status}; nothing can be shipped under it.",
                           status=Coded("permit_status", permit.status)))  # fmt: skip
    problems = Problems()
    if not permit.issued_on <= data.ships_on <= permit.last_day:
        problems.add("ships_on", say("The permit is valid from {first} to {last}.",
                                     first=permit.issued_on, last=permit.last_day))  # fmt: skip
    if not data.items and not data.bulk:
        problems.add("items", say("A shipment has items with serials, goods in bulk, or both."))
    check_firearms(problems, "items", data.items)
    problems.raise_any()


def _row(
    permit: Permit, data: ShipmentData, parties: Parties, now: datetime, grace: timedelta
) -> dict[str, Any]:
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


def _entry(permit: Permit, row: dict[str, Any], item: Firearm, lines: Lines) -> records.Entry:
    return records.Entry(
        firearm=_completed(item, lines[permit.id, item.line]),
        event="export", when=When(row["ships_on"]),
        document_kind="shipment", document_id=row["id"],
        owner=permit.owner_state, concerned=permit.concerned,
        giver_id=permit.exporter_id, receiver_id=permit.importer_id,
        counterpart_state=permit.importing_state,
    )  # fmt: skip


def _completed(item: Firearm, line: PermitLine) -> Firearm:
    """Take from the permit's line what the item leaves open."""
    return replace(
        item,
        type=item.type or line.type_text,
        make=item.make or line.make_text,
        model=item.model or line.model,
        calibre=item.calibre or line.calibre_text,
        country_of_manufacture=item.country_of_manufacture or line.country_of_manufacture,
        hs_code=item.hs_code or line.hs_code,
    )


def _count(shipped: Sequence[tuple[Permit, ShipmentData]], lines: Lines) -> None:
    """Count firearms, with serials and in bulk, for the figures of licit trade."""
    cells: Counter[rollups.Cell] = Counter()
    for permit, data in shipped:
        parts: list[Firearm | Bulk] = [*data.items, *data.bulk]
        for part in parts:
            line = lines[permit.id, part.line]
            if line.category == "firearm":
                subject, partner = line.type or "unknown", permit.importing_state
                cell = rollups.Cell(
                    "licit_trade", permit.owner_state, subject, data.ships_on, partner
                )
                cells[cell] += int(part.quantity)
    rollups.add(cells)


def _act(row: dict[str, Any]) -> Act:
    data = {"number": row["number"], "items": row["item_count"]}
    return Act(
        Action.SHIPMENT_RECORDED, "shipment", row["id"], concerned=row["concerned"], data=data
    )
