"""Shipments: what leaves under an export certificate, drawn from its balance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import db, insert_many
from salsa_ext.errors import Coded, Conflict, NotFound, OverQuantity, say
from salsa_ext.matching import marks
from salsa_ext.models import Permit, PermitLine, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.services import records, rollups
from salsa_ext.services.fields import Problems, check_firearms
from salsa_ext.services.parties import Parties
from salsa_ext.values.actor import Actor
from salsa_ext.values.events import When
from salsa_ext.values.firearms import Firearm
from salsa_ext.values.ids import new_id
from salsa_ext.values.permits import Bulk, ShipmentData

Drawn = dict[tuple[UUID, int], Decimal]
Lines = dict[tuple[UUID, int], PermitLine]


def record(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> UUID:
    """Take one shipment; raises NotFound, Invalid, Conflict, OverQuantity or Duplicate."""
    return record_many(actor=actor, batch=[(permit_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, ShipmentData]]) -> list[UUID]:
    """Take shipments in one transaction, all or none; each item becomes a record of `export`.

    Together they draw no more than the permits' lines allow (Model Regulations 8.3).
    """
    require(actor, Permission.SHIPMENT_RECORD)
    owner, now = actor.own_state(), actor.now()
    permits = _permits(owner, {permit_id for permit_id, _ in batch})
    for permit_id, data in batch:
        _check(permits[permit_id], data)
    lines = _locked({permit_id for permit_id, _ in batch})
    for permit_id, data in batch:
        _check_parts(permit_id, data, lines)
    _draw(batch, lines)
    parties = Parties(owner)
    rows = [_row(permits[permit_id], data, parties, now) for permit_id, data in batch]
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
    append_many(actor, [_act(row) for row in rows])
    return [row["id"] for row in rows]


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


def _locked(permit_ids: set[UUID]) -> Lines:
    """Return the lines of permits, locked in order until the end."""
    locked = select(PermitLine).where(PermitLine.permit_id.in_(permit_ids))
    locked = locked.order_by(PermitLine.permit_id, PermitLine.line).with_for_update()
    return {
        (line.permit_id, line.line): line
        for line in db.session.scalars(locked.execution_options(populate_existing=True))
    }


def _check_parts(permit_id: UUID, data: ShipmentData, lines: Lines) -> None:
    """Raise Invalid unless every part is of a line, and every firearm stands once, by its serial.

    An antique is no firearm of the Convention (CIFTA I), and a part need not have a serial.
    """
    problems = Problems()
    first: dict[Hashable, int] = {}
    for index, item in enumerate(data.items):
        line = _line_of(problems, f"items.{index}", permit_id, item, lines)
        if item.category == "firearm" and not (item.serial or item.antique):
            problems.add(f"items.{index}.serial",
                         say("A firearm is shipped under its serial (Model Regulations 2.2.2)."))  # fmt: skip
        if line and (gun := _identity(item, line)) and first.setdefault(gun, index) != index:
            problems.add(f"items.{index}.serial",
                         say("This serial stands at {first} already, on the same line and of the same make.",
                             first=f"items.{first[gun]}"))  # fmt: skip
    for index, lot in enumerate(data.bulk):
        _line_of(problems, f"bulk.{index}", permit_id, lot, lines)
    problems.raise_any()


def _line_of(
    problems: Problems, path: str, permit_id: UUID, part: Firearm | Bulk, lines: Lines
) -> PermitLine | None:
    line = lines.get((permit_id, part.line))
    if line is None:
        problems.add(f"{path}.line", say("The permit has no line {line}; an item names the line of the"
                                         " permit that it belongs to.", line=part.line))  # fmt: skip
    return line


def _identity(item: Firearm, line: PermitLine) -> Hashable:
    """Return what only one gun of a manifest has: line, make and serial.

    Makers number each model anew, so a serial stands again on another line. None without a serial
    that can be read.
    """
    make = item.make or line.make_text
    key = marks.key(item.serial) if item.serial else None
    return (item.line, names.resolve("make", make) or make, key.norm) if key else None


def _draw(batch: Sequence[tuple[UUID, ShipmentData]], lines: Lines) -> None:
    """See that each of the locked lines has enough left, and draw."""
    drawn: Drawn = defaultdict(Decimal)
    for permit_id, data in batch:
        parts: list[Firearm | Bulk] = [*data.items, *data.bulk]
        for part in parts:
            drawn[permit_id, part.line] += part.quantity
    for (permit_id, number), quantity in drawn.items():
        line = lines[permit_id, number]
        if (left := line.quantity - line.shipped) < quantity:
            raise OverQuantity(
                say(
                    "Line {line} of the permit has {left} left, and {quantity} were to be shipped"
                    " (Model Regulations 8.3).",
                    line=number,
                    left=_plain(left),
                    quantity=_plain(quantity),
                ),
                balance={str(number): _plain(left)},
            )
        line.shipped += quantity
    db.session.flush()  # the balance is written before the shipment that draws on it
    _exhaust({permit_id for permit_id, _ in drawn}, lines)


def _exhaust(permit_ids: set[UUID], lines: Lines) -> None:
    left = {line.permit_id for line in lines.values() if line.shipped < line.quantity}
    drawn = update(Permit).where(Permit.id.in_(permit_ids))
    db.session.execute(drawn.values(version=Permit.version + 1))
    used = update(Permit).where(Permit.id.in_(permit_ids - left))
    db.session.execute(used.values(status="exhausted"))


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _row(permit: Permit, data: ShipmentData, parties: Parties, now: datetime) -> dict[str, Any]:
    transport = data.transport or {}
    due = [datetime.fromisoformat(step.at) for step in data.expected]
    posts = [*data.route, *(step.post for step in data.expected if step.post)]
    return {
        "id": new_id(), "version": 1,
        "owner_state": permit.owner_state, "concerned": list(permit.concerned),
        "permit_id": permit.id, "permit_number": permit.number, "number": data.number,
        "status": "planned",
        "exporting_state": permit.exporting_state, "importing_state": permit.importing_state,
        "ships_on": data.ships_on, "mode": data.mode,
        "port_of_exit": data.port_of_exit, "port_of_entry": data.port_of_entry,
        "route": list(data.route), "posts": sorted(set(posts)),
        "expected": [vars(step) for step in data.expected], "due_at": max(due, default=None),
        "carrier_id": parties.add(data.carrier, permit.concerned), "seals": list(data.seals),
        "document_kind": transport.get("document_kind"),
        "document_number": transport.get("document_number"),
        "plates": list(transport.get("plates", ())), "container": transport.get("container"),
        "item_count": len(data.items), "bulk": [vars(part) for part in data.bulk],
        "recorded_at": now,
    }  # fmt: skip


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
