"""Commands that amend a shipment's plan or cancel it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from salsa_ext.access.audit import append, append_many, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.batches import group_by
from salsa_ext.core.errors import Article, CodeLabel, IllegalTransition, RuleBroken, message
from salsa_ext.core.field_checks import Problems
from salsa_ext.core.occurrence import EventTime, ImportSource
from salsa_ext.core.rows import to_plain, to_row
from salsa_ext.database.session import db
from salsa_ext.database.written_rows import collect_changed
from salsa_ext.documents import corrections as document_corrections
from salsa_ext.firearms.records import queries as record_queries
from salsa_ext.firearms.records import record_writing
from salsa_ext.firearms.records.queries import RecordView, stream_guns, stream_records
from salsa_ext.firearms.records.record_writing import PartyCollector
from salsa_ext.reference.calendars import today
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.changes import check_authentication
from salsa_ext.trade.permits.models import Permit
from salsa_ext.trade.permits.values import AmendmentData, StatusDecision
from salsa_ext.trade.shipments import fact_queries, refresh
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.progress import shipment_status


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
    shipment = refresh.lock_shipment(shipment_id, expected_version)
    require(actor, Permission.SHIPMENT_AMEND, shipment.owner_state)
    permit = db.session.get_one(Permit, shipment.permit_id, populate_existing=True)
    _check_amendment(actor, shipment, permit, data.changes)
    check_authentication(data, data.changes)
    changes, planned = _changed_columns(shipment, data.changes), shipment.ships_on
    before = {name: _event_value(getattr(shipment, name)) for name in changes}
    for name, value in changes.items():
        setattr(shipment, name, value)
    collect_changed(shipment)
    if shipment.ships_on != planned:
        change_export_date(actor, shipment, data.reason)
    event_data = {
        "before": before,
        "after": {name: _event_value(value) for name, value in changes.items()},
        "authentication": data.authentication,
    }
    add_events(actor, [NewEvent(shipment, "amended", data.reason, data=event_data)])
    append(actor, audit_event(Action.SHIPMENT_AMENDED, shipment, fields=sorted(data.changes)))


def _check_amendment(
    actor: Actor, shipment: Shipment, permit: Permit, changes: Mapping[str, Any]
) -> None:
    status = fact_queries.load_status(shipment)
    if status not in ("planned", "released", "in_transit", "held"):
        raise IllegalTransition("shipment", status, "amend")
    problem = None
    if today(actor) > permit.last_day:
        problem = message(
            "The last day of the permit was {last}; a shipment under it is amended within its validity"
            " alone (Model Regulations 8.5).",
            last=permit.last_day,
        )
    elif permit.status not in ("issued", "exhausted"):
        problem = message(
            "The permit is {status}; no shipment under it is amended (Model Regulations 8.5).",
            status=CodeLabel("permit_status", permit.status),
        )
    if problem:
        raise RuleBroken(Article.AMENDED_IN_VALIDITY, problem)
    problems = Problems()
    if not changes:
        problems.add("reason", message("Nothing is changed; give what is new of the plan."))
    if "ships_on" in changes:
        check_in_validity(problems, "ships_on", changes["ships_on"], permit)
    problems.raise_any()


def check_in_validity(problems: Problems, field: str, on: date, permit: Permit) -> None:
    """Check that a day lies between a permit's issue and its last day."""
    if not permit.issued_on <= on <= permit.last_day:
        first, last = permit.issued_on, permit.last_day
        problem = message("The permit is valid from {first} to {last}.", first=first, last=last)
        problems.add(field, problem)


def _changed_columns(shipment: Shipment, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes as columns, including derived ones such as posts."""
    fresh = {name: value for name, value in changes.items() if name not in ("carrier", "transport")}
    for name in ("route", "seals"):
        if name in fresh:
            fresh[name] = list(fresh[name])
    if "expected" in fresh:
        fresh["expected"] = to_plain(fresh["expected"])
    if "route" in fresh or "expected" in fresh:
        fresh["posts"] = planned_posts(
            fresh.get("route", shipment.route), fresh.get("expected", shipment.expected)
        )
    if "transport" in changes:
        fresh |= to_row(changes["transport"])
    if "carrier" in changes:
        parties = PartyCollector(shipment.owner_state)
        fresh["carrier_id"] = parties.add(changes["carrier"], shipment.concerned)
        parties.write()
    return fresh


def planned_posts(route: Iterable[str], expected: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the posts of the route and of expected stages."""
    return sorted({*route, *(step["post"] for step in expected if step["post"])})


def _event_value(value: Any) -> Any:
    """Return a column's value as stored in an event."""
    return value if isinstance(value, list | None) else str(value)


def change_export_date(actor: Actor, shipment: Shipment, reason: str | None) -> None:
    """Write a locked shipment's records with its new date; notify who had the old one."""
    for views in stream_records(shipment.id):
        entries = [_redated_entry(view, EventTime(shipment.ships_on), reason) for view in views]
        record_writing.write_records(entries, actor.now())
        for version, ids in _ids_by_version(views):
            record_writing.mark_superseded(ids, version + 1)
            append_many(actor, document_corrections.notify_recipients(actor, ids, version + 1))


def _redated_entry(
    view: RecordView, when: EventTime, reason: str | None
) -> record_writing.RecordEntry:
    record = view.record
    source = ImportSource(record.import_id, record.import_row or 0) if record.import_id else None
    return record_writing.RecordEntry(
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
        is_bulk=record.is_bulk,
    )


def _ids_by_version(views: Iterable[RecordView]) -> list[tuple[int, list[UUID]]]:
    by_version = group_by((view.record for view in views), lambda record: record.version)
    return [(version, [row.id for row in rows]) for version, rows in sorted(by_version.items())]


def cancel_shipment(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Cancel a shipment of the own state that has not left (9.8).

    The states concerned are notified, its quota is restored, and its export records are found by no
    search. Raises NotFound, Forbidden, StaleVersion, or IllegalTransition if it has left.
    """
    require(actor, Permission.SHIPMENT_CANCEL)
    shipment = refresh.lock_shipment(shipment_id, expected_version)
    require(actor, Permission.SHIPMENT_CANCEL, shipment.owner_state)
    facts = fact_queries.load_facts([shipment])[shipment_id]
    status = shipment_status(facts)
    if status not in ("planned", "released", "held") or facts.has_left:
        raise IllegalTransition("shipment", status, "cancel")
    undo_export(actor, shipment, (), shipment.bulk)
    add_events(actor, [NewEvent(shipment, "cancelled", data.reason)])
    append(actor, audit_event(Action.SHIPMENT_CANCELLED, shipment, number=shipment.number))


def undo_export(
    actor: Actor, shipment: Shipment, absent: Collection[UUID], bulk: Iterable[Mapping[str, Any]]
) -> None:
    """Undo the export of goods that did not leave, or came back unreceived.

    All but the `absent` items: their quota is restored, and searches, matches and statistics know
    them no more. The shipment is locked; other changes of its records lock it first too.
    """
    drawn: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for item in stream_guns(shipment.id):
        if item.id not in absent:
            drawn[shipment.permit_id, item.line] += item.quantity
    for part in bulk:
        drawn[shipment.permit_id, int(part["line"])] += Decimal(str(part["quantity"]))
    quotas.restore(actor, drawn)
    for views in stream_records(shipment.id, absent):
        record_writing.void_records([view.record.id for view in views])
        for version, ids in _ids_by_version(views):
            append_many(
                actor,
                document_corrections.notify_recipients(actor, ids, version, is_withdrawn=True),
            )
