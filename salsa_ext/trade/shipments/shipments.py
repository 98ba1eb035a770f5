"""Commands that record shipments and release them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import append_many, audit_event
from salsa_ext.access.audit_actions import Action
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
from salsa_ext.core.occurrence import EventTime
from salsa_ext.core.rows import to_row
from salsa_ext.database import locks
from salsa_ext.database.bulk import insert_many
from salsa_ext.database.session import db
from salsa_ext.firearms.marks.values import Firearm
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.reference.calendars import local_days, today
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits import licensing, quotas
from salsa_ext.trade.permits.families import licensing_states
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.quotas import PermitLines
from salsa_ext.trade.shipments import fact_queries, permit_line_check, refresh, reshipments
from salsa_ext.trade.shipments.facts import CONTRADICTS_PERMIT, ShipmentFacts
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.planning import check_in_validity, planned_posts
from salsa_ext.trade.shipments.progress import Progress, shipment_progress, shipment_status
from salsa_ext.trade.shipments.values import ReleaseData, ShipmentData


def record(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> UUID:
    """Record one shipment; raises what `record_many` does."""
    return record_many(actor=actor, batch=[(permit_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, ShipmentData]]) -> list[UUID]:
    """Record shipments in one transaction; return their ids.

    All or none. Under an export certificate each item becomes a record of `export`; under an import
    certificate, for goods of a state that licenses on paper, one of `consignment`. Together they
    draw no more than the permit lines allow (Model Regulations 8.3). Raises NotFound, Invalid,
    Conflict, OverQuantity or Duplicate.
    """
    require(actor, Permission.SHIPMENT_RECORD)
    owner, now, permit_ids = actor.own_state(), actor.now(), {permit_id for permit_id, _ in batch}
    _require_unused_numbers(owner, [data.number for _, data in batch])
    permits, lines = _find_permits(actor, permit_ids), quotas.find_lines(permit_ids)
    for permit_id, data in batch:
        _check_shipment(permits[permit_id], data)
    checks = [permit_line_check.check_manifest(permit_id, data, lines) for permit_id, data in batch]
    drawn: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for check in checks:
        for key, quantity in check.drawn.items():
            drawn[key] += quantity
    quotas.check_remaining(drawn, lines)
    parties, grace = PartyCollector(owner), fact_queries.grace_periods([owner])[owner]
    rows = [
        _shipment_row(permits[permit_id], data, parties, now, grace) for permit_id, data in batch
    ]
    # the long work comes before the locks, for which other shipments wait
    entries = (
        _record_entry(permits[permit_id], row, item, lines, is_bulk=is_bulk)
        for row, (permit_id, data) in zip(rows, batch, strict=True)
        for items, is_bulk in ((data.items, False), (_lots_in_bulk(data), True))
        for item in items
    )
    record_writing.write_records(entries, now)
    locks.lock_trade(permit.importing_state for permit in permits.values())
    locked = quotas.lock_lines(permit_ids)
    for permit in permits.values():
        _check_permit_status(permit)  # as it is now, whatever it was before
    quotas.draw(actor, drawn, locked)
    parties.write()
    insert_many(Shipment, rows)
    ids = [row["id"] for row in rows]
    query = select(Shipment).where(Shipment.id.in_(ids)).order_by(Shipment.id)
    shipments = db.session.scalars(query).all()  # in the order of the batch: ids rise
    add_events(
        actor,
        [
            NewEvent(row, CONTRADICTS_PERMIT, data={"findings": check.contradictions})
            for row, check in zip(shipments, checks, strict=True)
            if check.contradictions
        ],
    )
    reshipments.record_reshipments([row.id for row in shipments if not row.is_inbound])
    append_many(
        actor,
        [
            audit_event(Action.SHIPMENT_RECORDED, row, number=row.number, items=row.item_count)
            for row in shipments
        ],
    )
    return ids


def check(*, actor: Actor, permit_id: UUID, data: ShipmentData) -> None:
    """Raise what recording a shipment would as things are now."""
    require(actor, Permission.SHIPMENT_RECORD)
    [permit] = _find_permits(actor, {permit_id}).values()
    _check_shipment(permit, data)
    lines = quotas.find_lines({permit_id})
    drawn = permit_line_check.check_manifest(permit_id, data, lines).drawn
    quotas.check_remaining(drawn, lines)


def _require_unused_numbers(owner: str, numbers: Collection[str]) -> None:
    """Raise Duplicate if the own state uses one of the numbers."""
    query = select(Shipment).where(Shipment.owner_state == owner, Shipment.number.in_(numbers))
    if shipment := db.session.scalars(query.order_by(Shipment.id).limit(1)).first():
        raise Duplicate(
            message(
                "Your state already has a shipment of this number: {number} of {day} (id {id}).",
                number=shipment.number,
                day=shipment.ships_on,
                id=shipment.id,
            )
        )


def _find_permits(actor: Actor, permit_ids: set[UUID]) -> dict[UUID, Permit]:
    query = select(Permit).where(Permit.id.in_(permit_ids))
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    permits = {permit.id: permit for permit in rows}
    for permit_id in permit_ids - set(permits):
        raise NotFound("permit", permit_id)
    for permit in permits.values():
        if problem := certificate_problem(actor, permit):
            raise Conflict(problem)
    return permits


def certificate_problem(actor: Actor, permit: Permit) -> Message | None:
    """Return why the own state records no shipments under a permit, or None."""
    if permit.kind == "in_transit" or permit.owner_state != actor.state:
        return message("Shipments go under a certificate of your own state.")
    if permit.kind == "import" and permit.exporting_state in licensing_states(actor):
        return message(
            "{state} records its shipments here, under its export certificate. Confirm the receipt"
            " of them.",
            state=permit.exporting_state,
        )
    return None


def _check_permit_status(permit: Permit, allowed: Collection[str] = ("issued",)) -> None:
    if permit.status not in allowed:
        raise Conflict(
            message(
                "The permit is {status}; nothing can be shipped under it.",
                status=CodeLabel("permit_status", permit.status),
            )
        )


def _check_shipment(permit: Permit, data: ShipmentData) -> None:
    _check_permit_status(permit)
    problems = Problems()
    check_in_validity(problems, "ships_on", data.ships_on, permit)
    if not data.items and not data.bulk:
        problems.add("items", message("A shipment has items with serials, goods in bulk, or both."))
    if permit.kind == "import" and not data.export_licence:
        problem = message(
            "{state} licenses on paper. Give the number of its export licence, and attach a copy.",
            state=permit.exporting_state,
        )
        problems.add("export_licence", problem)
    elif permit.kind == "export" and data.export_licence:
        problem = message("Your own certificate is the licence. Leave this out.")
        problems.add("export_licence", problem)
    unattended = "exit" if permit.kind == "import" else None
    for index, expected in enumerate(data.expected):
        if expected.stage == unattended:
            problem = message(
                "{state} records no exit here. Leave this stage out.", state=permit.exporting_state
            )
            problems.add(f"expected.{index}.stage", problem)
    problems.raise_any()


def _shipment_row(
    permit: Permit, data: ShipmentData, parties: PartyCollector, now: datetime, grace: timedelta
) -> dict[str, Any]:
    transport = to_row(data.transport) if data.transport else {"plates": []}
    row = to_row(data) | transport
    return (
        row
        | {
            "id": new_id(),
            "version": 1,
            "owner_state": permit.owner_state,
            "concerned": list(permit.concerned),
            "permit_id": permit.id,
            "permit_number": permit.number,
            "exporting_state": permit.exporting_state,
            "importing_state": permit.importing_state,
            "posts": planned_posts(data.route, row["expected"]),
            "carrier_id": parties.add(data.carrier, permit.concerned),
            "item_count": len(data.items),
            "recorded_at": now,
        }
        | vars(_first_progress(permit, row["expected"], grace))
    )


def _first_progress(
    permit: Permit, expected: Sequence[Mapping[str, Any]], grace: timedelta
) -> Progress:
    stages = fact_queries.expected_stages(expected)
    states = (permit.exporting_state, permit.importing_state, tuple(permit.transit_states))
    inbound = permit.kind == "import"
    facts = ShipmentFacts(*states, expected=stages, is_inbound=inbound, is_released=inbound)
    return shipment_progress(facts, grace)


def _lots_in_bulk(data: ShipmentData) -> list[Firearm]:
    """Return the lots among goods in bulk: each has a record, by which it is matched."""
    return [
        Firearm(line=part.line, category=None, quantity=part.quantity, lot=part.lot)
        for part in data.bulk
        if part.lot
    ]


def _record_entry(
    permit: Permit, row: dict[str, Any], item: Firearm, lines: PermitLines, *, is_bulk: bool
) -> record_writing.RecordEntry:
    """Return the record of an item: its export, or its consignment to the own state."""
    event, partner = "export", permit.importing_state
    if permit.kind == "import":
        event, partner = "consignment", permit.exporting_state
    return record_writing.RecordEntry(
        firearm=permit_line_check.complete_item(item, lines[permit.id, item.line]),
        event=event,
        when=EventTime(row["ships_on"]),
        document_kind="shipment",
        document_id=row["id"],
        owner=permit.owner_state,
        concerned=permit.concerned,
        giver_id=permit.exporter_id,
        receiver_id=permit.importer_id,
        counterpart_state=partner,
        is_bulk=is_bulk,
    )


def release(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: ReleaseData
) -> None:
    """Release one shipment; raises StaleVersion, and the errors of `release_many`."""
    require(actor, Permission.SHIPMENT_RELEASE)
    _release(actor, [(shipment_id, data)], expected_version)


def release_many(*, actor: Actor, batch: Sequence[tuple[UUID, ReleaseData]]) -> None:
    """Release planned shipments of the own state, all or none.

    The importing and all transit states must have licensed the movement for the day of shipping:
    the planned day, or that of a later release (CIFTA IX.2-3). Raises NotFound, Forbidden,
    IllegalTransition, Invalid, Conflict if the own permit is not valid, or RuleBroken.
    """
    require(actor, Permission.SHIPMENT_RELEASE)
    _release(actor, batch, None)


def _release(
    actor: Actor, batch: Sequence[tuple[UUID, ReleaseData]], expected_version: int | None
) -> None:
    shipments = refresh.lock_shipments(shipment_id for shipment_id, _ in batch)
    facts = fact_queries.load_facts(shipments.values())
    on, zones, leaves, events = today(actor), local_days(actor), {}, []
    for shipment_id, data in batch:
        shipment = shipments[shipment_id]
        locks.check_version(shipment.version - 1, expected_version)
        require(actor, Permission.SHIPMENT_RELEASE, shipment.owner_state)
        if (status := shipment_status(facts[shipment_id])) != "planned":
            raise IllegalTransition("shipment", status, "release")
        leaves[shipment_id] = max(shipment.ships_on, data.on or on)
        _check_release(shipment, data, on, leaves[shipment_id])
        is_past = data.on is not None and data.on != on
        at = zones.start(shipment.owner_state, data.on or on) if is_past else None
        events.append(NewEvent(shipment, "released", data.note, at))
    _check_licences(actor, shipments, leaves)
    add_events(actor, events)
    released = Action.SHIPMENT_RELEASED
    append_many(
        actor, [audit_event(released, row, number=row.number) for row in shipments.values()]
    )


def _check_release(shipment: Shipment, data: ReleaseData, on: date, leaves: date) -> None:
    permit = db.session.get_one(Permit, shipment.permit_id, populate_existing=True)
    _check_permit_status(permit, ("issued", "exhausted"))
    problems = Problems()
    if data.on:
        check_date(problems, "on", data.on, on)
    if leaves > permit.last_day:
        check_in_validity(problems, "on", leaves, permit)
    problems.raise_any()


def _check_licences(
    actor: Actor, shipments: Mapping[UUID, Shipment], leaves: Mapping[UUID, date]
) -> None:
    """Raise RuleBroken with the states that have not licensed, and the first reason."""
    pairs = {key: (shipment.permit_id, leaves[key]) for key, shipment in shipments.items()}
    missing = licensing.missing_licences_on(actor, pairs.values())
    for key, pair in pairs.items():
        if licences := missing[pair]:
            problem = message(
                "Shipment {number} cannot be released for {on}: not licensed by {states}. The {kind} of"
                " {state} is {why}. A release needs the licences of the importing and of every transit"
                " state (CIFTA IX.3).",
                number=shipments[key].number,
                on=pair[1],
                states=", ".join(licence.state for licence in licences),
                kind=CodeLabel("permit_kind", licences[0].kind),
                state=licences[0].state,
                why=CodeLabel("licence_lack", licences[0].why),
            )
            raise RuleBroken(Article.LICENSING, problem)
