"""Commands that amend a shipment's plan or cancel it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from salsa_ext.access.audit import Action, append, append_many, audit_event
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    Article,
    CodeLabel,
    IllegalTransition,
    NotFound,
    RuleBroken,
    message,
)
from salsa_ext.core.field_checks import Problems
from salsa_ext.core.time import EventTime, ImportSource
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.firearms.records import changes as record_changes
from salsa_ext.firearms.records import commands as record_commands
from salsa_ext.firearms.records import queries as record_queries
from salsa_ext.firearms.records.commands import PartyCollector
from salsa_ext.firearms.records.queries import RecordView, stream_guns, stream_records
from salsa_ext.firearms.records.values import Party
from salsa_ext.notifications.commands import notify_others
from salsa_ext.reference.calendars import today
from salsa_ext.statistics import rollups
from salsa_ext.trade.events import NewEvent, add_events
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.changes import check_authentication
from salsa_ext.trade.permits.models import Permit, PermitLine
from salsa_ext.trade.permits.values import AmendmentData, StatusDecision
from salsa_ext.trade.shipments import refresh
from salsa_ext.trade.shipments.models import Shipment

AMENDABLE_STATUSES: Final = ("planned", "released", "in_transit", "held")
TRANSPORT_COLUMNS: Final = ("document_kind", "document_number", "plates", "container")


def amend_shipment(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: AmendmentData
) -> None:
    """Amend a shipment's plan: ports, route, mode, dates, carrier, vehicle, seals.

    By the exporting state, before arrival and within the validity of the permit; all but the mode
    needs the authority's authentication (Model Regulations 8.5). Values before and after are
    stored, a carrier as its id. Raises NotFound, Forbidden, StaleVersion, IllegalTransition,
    RuleBroken or Invalid.
    """
    require(actor, Permission.SHIPMENT_AMEND)
    shipment = refresh.lock_shipment(actor, shipment_id, expected_version)
    require(actor, Permission.SHIPMENT_AMEND, shipment.owner_state)
    permit = db.session.get_one(Permit, shipment.permit_id, populate_existing=True)
    _check_amendment(actor, shipment, permit, data.changes)
    check_authentication(data, data.changes)
    changes = _changed_columns(shipment, data.changes)
    before, planned = (
        {name: _event_value(getattr(shipment, name)) for name in changes},
        shipment.ships_on,
    )
    for name, value in changes.items():
        setattr(shipment, name, value)
    if shipment.ships_on != planned:
        change_export_date(actor, shipment, planned, data.reason)
    after = {name: _event_value(value) for name, value in changes.items()}
    told = {"before": before, "after": after, "authentication": data.authentication}
    add_events(actor, [NewEvent(shipment, "amended", data.reason, data=told)])
    refresh.update_shipments(actor, [shipment])
    fields = sorted(data.changes)
    notify_others(actor, "shipment_amended", [shipment], fields=fields)
    append(actor, audit_event(Action.SHIPMENT_AMENDED, shipment, fields=fields))


def _check_amendment(
    actor: Actor, shipment: Shipment, permit: Permit, changes: Mapping[str, Any]
) -> None:
    if shipment.status not in AMENDABLE_STATUSES:
        raise IllegalTransition("shipment", shipment.status, "amend")
    if today(actor) > permit.last_day:
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            message(
                "The last day of the permit was {last}; a shipment under it is amended within its validity"
                " alone (Model Regulations 8.5).",
                last=permit.last_day,
            ),
        )
    if permit.status not in ("issued", "exhausted"):
        raise RuleBroken(
            Article.AMENDED_IN_VALIDITY,
            message(
                "The permit is {status}; no shipment under it is amended (Model Regulations 8.5).",
                status=CodeLabel("permit_status", permit.status),
            ),
        )
    problems = Problems()
    if not changes:
        problems.add("reason", message("Nothing is changed; give what is new of the plan."))
    ships_on = changes.get("ships_on")
    if ships_on and not permit.issued_on <= ships_on <= permit.last_day:
        problems.add(
            "ships_on",
            message(
                "The permit is valid from {first} to {last}.",
                first=permit.issued_on,
                last=permit.last_day,
            ),
        )
    problems.raise_any()


def _changed_columns(shipment: Shipment, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as columns, including derived ones such as posts."""
    fresh = {name: value for name, value in changes.items() if name not in ("carrier", "transport")}
    for name in ("route", "seals"):
        if name in fresh:
            fresh[name] = list(fresh[name])
    if "expected" in fresh:
        fresh["expected"] = [dict(vars(step)) for step in fresh["expected"]]
    if "route" in fresh or "expected" in fresh:
        fresh["posts"] = planned_posts(
            fresh.get("route", shipment.route), fresh.get("expected", shipment.expected)
        )
    if "transport" in changes:
        transport = changes["transport"]
        fresh |= {name: transport.get(name) for name in TRANSPORT_COLUMNS}
        fresh["plates"] = list(transport.get("plates", ()))
    if "carrier" in changes:
        fresh["carrier_id"] = _store_carrier(shipment, changes["carrier"])
    return fresh


def planned_posts(route: Iterable[str], expected: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the posts of the route and of expected stages."""
    return sorted({*route, *(step["post"] for step in expected if step["post"])})


def _store_carrier(shipment: Shipment, carrier: Party) -> UUID | None:
    parties = PartyCollector(shipment.owner_state)
    added = parties.add(carrier, shipment.concerned)
    parties.write()
    return added


def _event_value(value: Any) -> Any:
    """Return a column's value as stored in an event."""
    return value if isinstance(value, list | None) else str(value)


def change_export_date(actor: Actor, shipment: Shipment, planned: date, reason: str | None) -> None:
    """Write new versions of a shipment's records with its new date.

    States that received the `planned` date are notified, and the statistics count the goods in the
    new quarter. The caller locks the shipment.
    """
    quantities: Counter[int] = Counter()
    for views in stream_records(shipment.id):
        _rewrite_records(actor, views, EventTime(shipment.ships_on), reason)
        for view in views:
            quantities[view.record.line] += int(view.record.quantity)
    for part in shipment.bulk:
        quantities[part["line"]] += int(Decimal(str(part["quantity"])))
    _move_statistics(shipment, quantities, planned)


def _rewrite_records(
    actor: Actor, views: Sequence[RecordView], when: EventTime, reason: str | None
) -> None:
    record_commands.write_records(
        [_redated_entry(view, when, reason) for view in views], actor.now()
    )
    for version, ids in _ids_by_version(views):
        record_commands.mark_superseded(ids, version)
        append_many(actor, document_corrections.notify_recipients(actor, ids, version))
        record_changes.mark_changed(actor.own_state(), ids)


def _redated_entry(
    view: RecordView, when: EventTime, reason: str | None
) -> record_commands.RecordEntry:
    record = view.record
    source = ImportSource(record.import_id, record.import_row or 0) if record.import_id else None
    return record_commands.RecordEntry(
        firearm=record_queries.copy_firearm(record, view.marks),
        event=record.event,
        when=when,
        document_kind=record.document_kind,
        document_id=record.document_id,
        owner=record.owner_state,
        concerned=record.concerned,
        giver_id=record.giver_id,
        receiver_id=record.receiver_id,
        counterpart_state=record.counterpart_state,
        visibility=view.setting.visibility if view.setting else None,
        source=source,
        record_id=record.id,
        version=record.version + 1,
        reason=reason,
    )


def _ids_by_version(views: Sequence[RecordView]) -> Iterator[tuple[int, list[UUID]]]:
    """Yield record ids grouped by their new version."""
    for version in sorted({view.record.version for view in views}):
        yield version + 1, [view.record.id for view in views if view.record.version == version]


def _move_statistics(shipment: Shipment, quantities: Mapping[int, int], planned: date) -> None:
    """Move a shipment's firearms to the quarter of the new date."""
    query = select(PermitLine).where(PermitLine.permit_id == shipment.permit_id)
    lines = {line.line: line for line in db.session.scalars(query)}
    cells: Counter[rollups.CountKey] = Counter()
    for number, quantity in quantities.items():
        line = lines[number]
        if line.category == "firearm":
            for on, sign in ((planned, -1), (shipment.ships_on, 1)):
                cell = rollups.CountKey(
                    "licit_trade",
                    shipment.owner_state,
                    line.type or "unknown",
                    on,
                    shipment.importing_state,
                )
                cells[cell] += sign * quantity
    rollups.add_counts(cells)


DrawnQuantities = Mapping[tuple[UUID, int], Decimal]
CANCELLABLE_STATUSES: Final = ("planned", "released", "held")


def cancel_shipment(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Cancel a shipment of the own state that has not left (9.8).

    The states concerned are notified, its quota is restored, and its export records are found by no
    search. Raises NotFound, Forbidden, StaleVersion, or IllegalTransition if it has left.
    """
    require(actor, Permission.SHIPMENT_CANCEL)
    shipment = find_own_shipment(actor, shipment_id, Permission.SHIPMENT_CANCEL)
    drawn = restore_quotas(actor, shipment, (), shipment.bulk)
    shipment = refresh.lock_shipment(actor, shipment_id, expected_version)
    void_records(actor, shipment, (), drawn)
    facts = refresh.load_facts(actor, [shipment])[shipment_id]
    if shipment.status not in CANCELLABLE_STATUSES or facts.has_left:
        raise IllegalTransition("shipment", shipment.status, "cancel")
    add_events(actor, [NewEvent(shipment, "cancelled", data.reason)])
    refresh.update_shipments(actor, [shipment])
    notify_others(actor, "shipment_cancelled", [shipment])
    append(actor, audit_event(Action.SHIPMENT_CANCELLED, shipment, number=shipment.number))


def find_own_shipment(actor: Actor, shipment_id: UUID, permission: Permission) -> Shipment:
    """Return an own shipment with its permits locked, itself unlocked.

    Raises NotFound or Forbidden.
    """
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    require(actor, permission, shipment.owner_state)
    locks.share_permits(shipment.concerned)
    return shipment


def restore_quotas(
    actor: Actor, shipment: Shipment, absent: Collection[UUID], bulk: Iterable[dict[str, object]]
) -> DrawnQuantities:
    """Restore quotas of goods except `absent` items; return them by line.

    Called before the shipment is locked, because recording a shipment locks the quota first.
    `void_records` does the rest after the lock.
    """
    drawn: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for item in stream_guns(shipment.id):
        if item.id not in absent:
            drawn[shipment.permit_id, item.line] += item.quantity
    for part in bulk:
        drawn[shipment.permit_id, int(str(part["line"]))] += Decimal(str(part["quantity"]))
    quotas.restore(actor, drawn)
    return drawn


def void_records(
    actor: Actor, shipment: Shipment, absent: Collection[UUID], drawn: DrawnQuantities
) -> None:
    """Remove goods that did not leave from searches, matches and statistics.

    The shipment is locked; other changes of its records lock it first too.
    """
    record_commands.void_records(stream_records(shipment.id, absent))
    for views in stream_records(shipment.id, absent):
        _notify_recipients(actor, views)
        document_corrections.withdraw_results(actor, views)
    _subtract_statistics(shipment, drawn)


def _notify_recipients(actor: Actor, views: Iterable[RecordView]) -> None:
    """Record for the recipients of records that they are void."""
    ids: dict[int, list[UUID]] = defaultdict(list)
    for view in views:
        ids[view.record.version].append(view.record.id)
    for version, gone in sorted(ids.items()):
        append_many(
            actor, document_corrections.notify_recipients(actor, gone, version, is_withdrawn=True)
        )


def _subtract_statistics(shipment: Shipment, drawn: DrawnQuantities) -> None:
    """Subtract firearms from the statistics of licit trade."""
    query = select(PermitLine).where(PermitLine.permit_id == shipment.permit_id)
    lines = {line.line: line for line in db.session.scalars(query)}
    cells: Counter[rollups.CountKey] = Counter()
    for (_, number), quantity in drawn.items():
        line = lines[number]
        if line.category == "firearm":
            subject, partner = line.type or "unknown", shipment.importing_state
            cell = rollups.CountKey(
                "licit_trade", shipment.owner_state, subject, shipment.ships_on, partner
            )
            cells[cell] -= int(quantity)
    rollups.add_counts(cells)
