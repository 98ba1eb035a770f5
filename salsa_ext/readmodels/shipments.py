"""Shipments as their readers see them: stages passed, receipt, and whether they are late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select

from salsa_ext.db import db
from salsa_ext.errors import NotFound
from salsa_ext.matching.irregularities import CAN_BE_LATE
from salsa_ext.matching.journeys import CONTRADICTS
from salsa_ext.models import Checkpoint, Discrepancy, Event, Permit, Receipt, Record, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import discrepancies, holds, incidents, receipts
from salsa_ext.readmodels.events import of_subjects
from salsa_ext.readmodels.holds import NOTHING, Held
from salsa_ext.readmodels.pages import Page, page
from salsa_ext.readmodels.parties import Parties, parties_of
from salsa_ext.readmodels.records import RecordView, of_documents
from salsa_ext.readmodels.records import views as record_views
from salsa_ext.readmodels.remarks import Remark
from salsa_ext.readmodels.timelines import Told, timeline
from salsa_ext.readmodels.versions import current
from salsa_ext.values.actor import Actor
from salsa_ext.values.manifests import MOST_LISTED

UNDER_WAY = (*CAN_BE_LATE, "arrived")


@dataclass(frozen=True)
class ShipmentView:
    """A shipment with what happened to it; `items` and `events` only where one shipment is read.

    `items` is None where they are too many to be shown together; `findings` say, by line and field
    and not on a board, where the manifest contradicts its permit, `remarks` what is remarked where
    it was just taken. `held` says what stops it, `incidents` what was told of
    it until it is over; `discrepancies`, where one shipment is read by who may
    know, what is not settled about it.
    """

    shipment: Shipment
    status: str
    checkpoints: Sequence[Checkpoint]
    receipt: Receipt | None
    came_back: Receipt | None
    parties: Parties
    items: Sequence[RecordView] | None = ()
    events: Sequence[Told] = ()
    findings: Sequence[Mapping[str, Any]] = ()
    remarks: Sequence[Remark] | None = None
    held: Held = NOTHING
    incidents: Sequence[Event] = ()
    discrepancies: Sequence[Discrepancy] = ()

    @property
    def is_unreleased(self) -> bool:
        """Tell whether the exporting state has not released it yet, and nobody ticked it as passed."""
        return self.shipment.status == "planned" or self.held.is_unreleased

    @property
    def version(self) -> int:
        """Return the version that actions refer to."""
        return self.shipment.version


def status_at(now: datetime | ColumnElement[datetime]) -> ColumnElement[str]:
    """Return the status at a moment: the expected time of the next stage and the grace have passed."""
    late = and_(Shipment.status.in_(CAN_BE_LATE), Shipment.overdue_at < now)
    return case((late, "overdue"), else_=Shipment.status)


def list_shipments(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[ShipmentView]:
    """Return a page of shipments that concern the actor's state, newest first."""
    require(actor, Permission.SHIPMENT_READ)
    query = select(Shipment)
    for name, column in (("permit", Shipment.permit_id), ("number", Shipment.number),
                         ("document", Shipment.document_number)):  # fmt: skip
        if (value := filters.get(name)) is not None:
            query = query.where(column == value)
    if (plate := filters.get("plate")) is not None:
        query = query.where(Shipment.id.in_(select(func.salsa_shipments_with(plate))))
    if (post := filters.get("post")) is not None:
        query = query.where(Shipment.posts.contains([post]))
    if (due := filters.get("due_before")) is not None:
        query = query.where(Shipment.due_at < due)
    if (status := filters.get("status")) is not None:
        query = query.where(status_at(actor.now()) == status)
    found = page(query, Shipment.id, limit, cursor)
    return found.of(views(actor, found.items, with_findings=True))


def list_of_permit(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, permit_id: UUID
) -> Page[ShipmentView]:
    """Return a page of the shipments under one permit, newest first; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    if db.session.get(Permit, permit_id) is None:
        raise NotFound("permit", permit_id)
    return list_shipments(actor, filters | {"permit": permit_id}, limit, cursor)


def get_shipment(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return one shipment with its items; raises NotFound where it does not concern the state."""
    require(actor, Permission.SHIPMENT_READ)
    return read(actor, shipment_id)


def list_items(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None, shipment_id: UUID
) -> Page[RecordView]:
    """Return a page of the items of one shipment, in order of its manifest; raises NotFound."""
    require(actor, Permission.SHIPMENT_READ)
    if db.session.get(Shipment, shipment_id) is None:
        raise NotFound("shipment", shipment_id)
    query = current(Record).where(Record.document_id == shipment_id)
    found = page(query, Record.id, limit, cursor, is_oldest_first=True)
    return found.of(record_views(found.items))


def read(actor: Actor, shipment_id: UUID) -> ShipmentView:
    """Return one shipment that the state may see, for a command that just wrote it."""
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    return views(actor, [shipment], with_items=True, with_findings=True)[0]


def of_shipments(shipment_ids: Iterable[UUID]) -> dict[UUID, list[Checkpoint]]:
    """Return the ticks of shipments by shipment, in order of the moments that count of them."""
    passed: dict[UUID, list[Checkpoint]] = defaultdict(list)
    ticks = select(Checkpoint).where(Checkpoint.shipment_id.in_(list(shipment_ids)))
    at = func.least(Checkpoint.occurred_at, Checkpoint.recorded_at)  # as `counted` has it
    ordered = ticks.order_by(at, Checkpoint.recorded_at, Checkpoint.id)
    for tick in db.session.scalars(ordered):
        passed[tick.shipment_id].append(tick)
    return passed


def views(
    actor: Actor,
    shipments: Sequence[Shipment],
    with_items: bool = False,
    with_findings: bool = False,
) -> list[ShipmentView]:
    """Complete shipments with one query for each kind of thing; of none nothing is asked."""
    if not shipments:
        return []
    ids, now = [shipment.id for shipment in shipments], actor.now()
    passed, received = of_shipments(ids), receipts.of_shipments(ids)
    parties = parties_of(shipment.carrier_id for shipment in shipments)
    few = [shipment.id for shipment in shipments if shipment.item_count <= MOST_LISTED]
    items = of_documents(few) if with_items else {}
    told = of_subjects(ids) if with_items else {}
    versions = receipts.told_of(ids) if with_items else {}
    findings = _findings(ids) if with_findings else {}
    stopped = holds.of_shipments(shipments, passed)
    troubles = incidents.of_shipments(shipments)
    doubts = discrepancies.waiting_about(actor, ids) if with_items else {}
    result = []
    for row in shipments:
        arrived = received[row.id].get(row.importing_state)
        back = received[row.id].get(row.exporting_state)
        events = timeline(told.get(row.id, ()), passed[row.id], versions.get(row.id, ()))
        result.append(ShipmentView(
            row, _status(row, now), passed[row.id], arrived, back, parties,
            items.get(row.id, ()) if row.item_count <= MOST_LISTED else None,
            events if with_items else (), findings.get(row.id, ()),
            held=stopped.get(row.id, NOTHING), incidents=troubles.get(row.id, ()),
            discrepancies=doubts.get(row.id, ()),
        ))  # fmt: skip
    return result


def _findings(ids: Sequence[UUID]) -> dict[UUID, Sequence[Mapping[str, Any]]]:
    """Return where the manifests of shipments contradict their permits."""
    wanted = select(Event.subject_id, Event.data).where(Event.subject_id.in_(ids),
                                                        Event.kind == CONTRADICTS)  # fmt: skip
    return {row.subject_id: row.data["findings"] for row in db.session.execute(wanted)}


def version(actor: Actor, shipment_id: UUID) -> int:
    """Return the version that stands, for an action that compares it; raises NotFound."""
    shipment = db.session.get(Shipment, shipment_id, populate_existing=True)
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    return shipment.version


def _status(shipment: Shipment, now: datetime) -> str:
    late = shipment.status in CAN_BE_LATE and shipment.overdue_at and shipment.overdue_at < now
    return "overdue" if late else shipment.status
