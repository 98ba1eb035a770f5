"""Commands that record shipments and release them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, AuditEvent, append_many, audit_event
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    Article,
    CodeLabel,
    Conflict,
    Duplicate,
    IllegalTransition,
    Message,
    NotFound,
    RuleBroken,
    message,
)
from salsa_ext.core.field_checks import Problems, check_date
from salsa_ext.core.ids import new_id
from salsa_ext.core.time import EventTime
from salsa_ext.database import locks
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records.commands import PartyCollector
from salsa_ext.matches import search
from salsa_ext.notifications.commands import notify_many, notify_others
from salsa_ext.notifications.values import Notice, Subject
from salsa_ext.reference.calendars import LocalDays, local_days, today
from salsa_ext.statistics import rollups
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits import licensing, quotas
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.quotas import LineQuantities, PermitLines
from salsa_ext.trade.permits.values import MissingLicence
from salsa_ext.trade.shipments import irregularities, manifests, refresh, reshipments
from salsa_ext.trade.shipments.facts import CONTRADICTS_PERMIT
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.planning import planned_posts
from salsa_ext.trade.shipments.values import ReleaseData, ShipmentData


def require_unused_numbers(owner: str, wanted: Collection[str]) -> None:
    """Raise Duplicate if the own state uses one of the numbers."""
    found = select(Shipment).where(Shipment.owner_state == owner, Shipment.number.in_(wanted))
    if taken := db.session.scalars(found.order_by(Shipment.id).limit(1)).first():
        raise Duplicate(
            message(
                "Your state already has a shipment of this number: {number} of {day} (id {id}).",
                number=taken.number,
                day=taken.ships_on,
                id=taken.id,
            )
        )


ShipmentRow = dict[str, Any]


def record(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> UUID:
    """Record a shipment under an export certificate.

    A short manifest is matched at once, a long one by the worker. Raises NotFound, Invalid,
    Conflict, OverQuantity or Duplicate.
    """
    [shipment_id] = record_many(actor=actor, batch=[(permit_id, data)])
    if len(data.items) <= search.MAX_AT_ONCE:
        search.propose_for_document(actor, shipment_id)
    return shipment_id


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, ShipmentData]]) -> list[UUID]:
    """Record shipments in one transaction; return their ids.

    All or none. Each item becomes a record of `export`. Together they draw no more than the permit
    lines allow (Model Regulations 8.3).
    """
    require(actor, Permission.SHIPMENT_RECORD)
    owner, now, wanted = actor.own_state(), actor.now(), {permit_id for permit_id, _ in batch}
    require_unused_numbers(owner, [data.number for _, data in batch])
    permits, lines = _find_permits(owner, wanted), quotas.find_lines(wanted)
    for permit_id, data in batch:
        _check_shipment(permits[permit_id], data)
    judged = [manifests.check_manifest(permit_id, data, lines) for permit_id, data in batch]
    drawn = [each.drawn for each in judged]
    quotas.check_remaining(_total_drawn(drawn), lines)
    parties, grace = PartyCollector(owner), refresh.grace_periods([owner])[owner]
    rows = [
        _shipment_row(permits[permit_id], data, parties, now, grace) for permit_id, data in batch
    ]
    pairs = list(zip(rows, (data for _, data in batch), strict=True))
    # the long work comes before the locks, for which other shipments wait
    record_commands.write_records(_export_entries(permits, pairs, lines), now)
    _draw_quotas(actor, wanted, _total_drawn(drawn))
    parties.write()
    insert_many(Shipment, rows)
    _count_firearms(zip(rows, drawn, strict=True), lines)
    notify_many(
        actor,
        [
            Notice(to, "shipment_posted", Subject(row["id"], row["owner_state"], row["number"]))
            for row in rows
            for to in row["concerned"]
            if to != actor.state
        ],
    )
    _record_contradictions(
        actor, {row["id"]: each.contradictions for row, each in zip(rows, judged, strict=True)}
    )
    append_many(actor, [_audit_recorded(row) for row in rows])
    if again := reshipments.record_reshipments([row["id"] for row in rows]):
        refresh.update_shipments(actor, refresh.lock_shipments(actor, again).values())
    return [row["id"] for row in rows]


def _total_drawn(drawn: Iterable[LineQuantities]) -> LineQuantities:
    total: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for taken in drawn:
        for key, quantity in taken.items():
            total[key] += quantity
    return total


def _draw_quotas(actor: Actor, wanted: set[UUID], drawn: LineQuantities) -> None:
    """Draw from the locked permits in their current state."""
    for permit in _lock_permits(actor.own_state(), wanted).values():
        _check_permit_status(permit)
    quotas.draw(actor, drawn, quotas.find_lines(wanted, is_locked=True))


def _lock_permits(owner: str, wanted: set[UUID]) -> dict[UUID, Permit]:
    """Return permits with their facts locked until the transaction ends."""
    named = _find_permits(owner, wanted).values()
    locks.share_permits(state for permit in named for state in permit.concerned)
    return _find_permits(owner, wanted)


def _find_permits(owner: str, wanted: set[UUID]) -> dict[UUID, Permit]:
    found = db.session.scalars(
        select(Permit).where(Permit.id.in_(wanted)).execution_options(populate_existing=True)
    )
    permits = {permit.id: permit for permit in found}
    for permit_id in wanted - set(permits):
        raise NotFound("permit", permit_id)
    for permit in permits.values():
        if permit.kind != "export" or permit.owner_state != owner:
            raise Conflict(message("Shipments go under an export certificate of your own state."))
    return permits


def _check_permit_status(permit: Permit) -> None:
    if permit.status != "issued":
        raise Conflict(
            message(
                "The permit is {status}; nothing can be shipped under it.",
                status=CodeLabel("permit_status", permit.status),
            )
        )


def _check_shipment(permit: Permit, data: ShipmentData) -> None:
    _check_permit_status(permit)
    problems = Problems()
    if not permit.issued_on <= data.ships_on <= permit.last_day:
        problems.add(
            "ships_on",
            message(
                "The permit is valid from {first} to {last}.",
                first=permit.issued_on,
                last=permit.last_day,
            ),
        )
    if not data.items and not data.bulk:
        problems.add("items", message("A shipment has items with serials, goods in bulk, or both."))
    problems.raise_any()


def _shipment_row(
    permit: Permit, data: ShipmentData, parties: PartyCollector, now: datetime, grace: timedelta
) -> ShipmentRow:
    transport = data.transport or {}
    expected = [dict(vars(step)) for step in data.expected]
    return {
        "id": new_id(),
        "version": 1,
        "owner_state": permit.owner_state,
        "concerned": list(permit.concerned),
        "permit_id": permit.id,
        "permit_number": permit.number,
        "number": data.number,
        "status": "planned",
        "exporting_state": permit.exporting_state,
        "importing_state": permit.importing_state,
        "ships_on": data.ships_on,
        "mode": data.mode,
        "port_of_exit": data.port_of_exit,
        "port_of_entry": data.port_of_entry,
        "route": list(data.route),
        "posts": planned_posts(data.route, expected),
        "expected": expected,
        "carrier_id": parties.add(data.carrier, permit.concerned),
        "seals": list(data.seals),
        "document_kind": transport.get("document_kind"),
        "document_number": transport.get("document_number"),
        "plates": list(transport.get("plates", ())),
        "container": transport.get("container"),
        "item_count": len(data.items),
        "bulk": [vars(part) for part in data.bulk],
        "recorded_at": now,
    } | refresh.first_due_columns(data.expected, grace)


def _export_entries(
    permits: Mapping[UUID, Permit],
    pairs: Iterable[tuple[ShipmentRow, ShipmentData]],
    lines: PermitLines,
) -> Iterator[record_commands.RecordEntry]:
    for row, data in pairs:
        for item in data.items:
            yield _export_entry(permits[row["permit_id"]], row, item, lines)


def _export_entry(
    permit: Permit, row: ShipmentRow, item: Firearm, lines: PermitLines
) -> record_commands.RecordEntry:
    return record_commands.RecordEntry(
        firearm=manifests.complete_item(item, lines[permit.id, item.line]),
        event="export",
        when=EventTime(row["ships_on"]),
        document_kind="shipment",
        document_id=row["id"],
        owner=permit.owner_state,
        concerned=permit.concerned,
        giver_id=permit.exporter_id,
        receiver_id=permit.importer_id,
        counterpart_state=permit.importing_state,
    )


def _count_firearms(
    shipped: Iterable[tuple[ShipmentRow, LineQuantities]], lines: PermitLines
) -> None:
    """Count firearms for the statistics of licit trade."""
    cells: Counter[rollups.CountKey] = Counter()
    for row, drawn in shipped:
        for key, quantity in drawn.items():
            line = lines[key]
            if line.category == "firearm":
                cell = rollups.CountKey(
                    "licit_trade",
                    row["owner_state"],
                    line.type or "unknown",
                    row["ships_on"],
                    row["importing_state"],
                )
                cells[cell] += int(quantity)
    rollups.add_counts(cells)


def _record_contradictions(
    actor: Actor, contradictions: Mapping[UUID, list[dict[str, Any]]]
) -> None:
    """Record manifests that contradict their permit as event and discrepancy."""
    told = {shipment_id: found for shipment_id, found in contradictions.items() if found}
    if not told:
        return
    wrong = db.session.scalars(select(Shipment).where(Shipment.id.in_(told))).all()
    add_events(
        actor, [NewEvent(row, CONTRADICTS_PERMIT, data={"findings": told[row.id]}) for row in wrong]
    )
    doubts: discrepancy_commands.IrregularitiesBySubject = {
        row: irregularities.permit_contradictions(told[row.id]) for row in wrong
    }
    discrepancy_commands.update_discrepancies(actor, doubts, ("document_invalid",))


def _audit_recorded(row: ShipmentRow) -> AuditEvent:
    data = {"number": row["number"], "items": row["item_count"]}
    return AuditEvent(
        Action.SHIPMENT_RECORDED, "shipment", row["id"], concerned=row["concerned"], data=data
    )


def release(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: ReleaseData
) -> None:
    """Release one shipment.

    Raises StaleVersion, and the errors of `release_many`.
    """
    require(actor, Permission.SHIPMENT_RELEASE)
    refresh.lock_shipment(actor, shipment_id, expected_version)
    release_many(actor=actor, batch=[(shipment_id, data)])


def release_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReleaseData]]) -> None:
    """Release planned shipments of the own state, all or none.

    The importing and all transit states must have licensed the movement for the day of shipping:
    the planned day, or that of a later release (CIFTA IX.2-3). Raises NotFound, Forbidden,
    IllegalTransition, Invalid, Conflict if the own permit is not valid, or RuleBroken.
    """
    require(actor, Permission.SHIPMENT_RELEASE)
    shipments = refresh.lock_shipments(actor, [shipment_id for shipment_id, _ in batch])
    permits = {
        row.id: db.session.get_one(Permit, row.permit_id, populate_existing=True)
        for row in shipments.values()
    }
    ships, on = {}, today(actor)
    for shipment_id, data in batch:
        row = shipments[shipment_id]
        require(actor, Permission.SHIPMENT_RELEASE, row.owner_state)
        ships[shipment_id] = max(row.ships_on, data.on or on)
        _check_release(row, permits[shipment_id], data, on, ships[shipment_id])
    _check_licences(actor, shipments, ships)
    zones = local_days(actor)
    add_events(actor, [_release_event(shipments[key], data, on, zones) for key, data in batch])
    refresh.update_shipments(actor, shipments.values())
    notify_others(actor, "shipment_released", shipments.values())
    append_many(actor, [_audit_released(row) for row in shipments.values()])


def _check_release(row: Shipment, permit: Permit, data: ReleaseData, on: date, ships: date) -> None:
    if row.status != "planned":
        raise IllegalTransition("shipment", row.status, "release")
    if permit.status not in ("issued", "exhausted"):
        raise Conflict(
            message(
                "The permit is {status}; nothing can be shipped under it.",
                status=CodeLabel("permit_status", permit.status),
            )
        )
    problems = Problems()
    if data.on:
        check_date(problems, "on", data.on, on)
    if ships > permit.last_day:
        problems.add(
            "on",
            message(
                "The permit is valid from {first} to {last}.",
                first=permit.issued_on,
                last=permit.last_day,
            ),
        )
    problems.raise_any()


def _check_licences(
    actor: Actor, shipments: Mapping[UUID, Shipment], ships: Mapping[UUID, date]
) -> None:
    wanted = {key: (row.permit_id, ships[key]) for key, row in shipments.items()}
    found = licensing.missing_licences_on(actor, wanted.values())
    for key, asked in wanted.items():
        if lacks := found[asked]:
            raise RuleBroken(
                Article.LICENSING, _unlicensed_message(shipments[key], asked[1], lacks)
            )


def _unlicensed_message(row: Shipment, on: date, lacks: Sequence[MissingLicence]) -> Message:
    """Name the states that have not licensed, with the first reason."""
    first, states = lacks[0], ", ".join(lack.state for lack in lacks)
    return message(
        "Shipment {number} cannot be released for {on}: not licensed by {states}. The {kind} of {state} is"
        " {why}. A release needs the licences of the importing and of every transit state (CIFTA IX.3).",
        number=row.number,
        on=on,
        states=states,
        kind=CodeLabel("permit_kind", first.kind),
        state=first.state,
        why=CodeLabel("licence_lack", first.why),
    )


def _release_event(row: Shipment, data: ReleaseData, on: date, zones: LocalDays) -> NewEvent:
    """Return the event: now, or at the start of the given day."""
    told = data.on is not None and data.on != on
    at = zones.start(row.owner_state, data.on or on) if told else None
    return NewEvent(row, "released", data.note, at)


def _audit_released(row: Shipment) -> AuditEvent:
    return audit_event(Action.SHIPMENT_RELEASED, row, number=row.number)
