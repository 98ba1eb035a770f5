"""Locks of shipments, and their update by their owner from their facts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import exists, or_, select, text

from salsa_ext.access.audit import append, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database import locks
from salsa_ext.database.session import db
from salsa_ext.jobs.changes import Change
from salsa_ext.reference.calendars import local_days
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.commands import DiscrepancySubject
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.permits import quotas
from salsa_ext.trade.permits.families import load
from salsa_ext.trade.shipments import fact_queries
from salsa_ext.trade.shipments.irregularities import SHIPMENT_DISCREPANCY_KINDS, find_irregularities
from salsa_ext.trade.shipments.models import Reshipment, Shipment
from salsa_ext.trade.shipments.progress import Progress, shipment_progress

BATCH_SIZE: Final = 200
DEPARTED_STATUSES: Final = ("in_transit", "held", "arrived", "lost")
LOCK_SHIPMENTS: Final = text("SELECT * FROM salsa_lock_shipments(CAST(:ids AS uuid[]))")


def lock_shipment(shipment_id: UUID, expected_version: int | None = None) -> Shipment:
    """Lock a shipment that concerns the state; raises NotFound, StaleVersion."""
    shipment = lock_shipments([shipment_id])[shipment_id]
    locks.check_version(shipment.version - 1, expected_version)
    return shipment


def lock_shipments(shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Lock shipments to add a fact, which raises their versions; raises NotFound."""
    ids = list(dict.fromkeys(shipment_ids))
    query = select(Shipment).from_statement(LOCK_SHIPMENTS)
    rows = db.session.scalars(query.execution_options(populate_existing=True), {"ids": ids})
    locked = {shipment.id: shipment for shipment in rows}
    for shipment_id in ids:
        if shipment_id not in locked:
            raise NotFound("shipment", shipment_id)
    return {shipment_id: locked[shipment_id] for shipment_id in ids}


def follow_changes(actor: Actor, changes: Sequence[Change]) -> None:
    """Update own shipments to which a fact was added, and those under permits that changed."""
    progressed = [each for each in changes if each.action is Action.SHIPMENT_PROGRESSED]
    quotas.recount_entered(actor, [change.object_id for change in progressed])
    changes = [each for each in changes if each.action is not Action.SHIPMENT_PROGRESSED]
    causes = {change.object_id: change.follow_as(actor) for change in changes}
    permits = [change.object_id for change in changes if change.kind == "permit"]
    ids = {change.object_id for change in changes if change.kind == "shipment"}
    if permits:
        under = _shipments_under(actor, permits)
        ids |= under
        causes = dict.fromkeys(under, causes[permits[-1]]) | causes
    query = select(Reshipment.shipment_id, Reshipment.earlier_shipment)
    query = query.where(Reshipment.earlier_shipment.in_(ids)).distinct()
    later = dict(db.session.execute(query).all()) if ids else {}
    causes = {key: causes[earlier] for key, earlier in later.items()} | causes
    own = select(Shipment).where(
        Shipment.id.in_(ids | later.keys()), Shipment.owner_state == actor.own_state()
    )
    own = own.order_by(Shipment.id).with_for_update().execution_options(populate_existing=True)
    shipments = db.session.scalars(own).all() if ids else ()
    for group in (ids, later.keys()):
        update_shipments(actor, [row for row in shipments if row.id in group], causes)


def _shipments_under(actor: Actor, permit_ids: Collection[UUID]) -> set[UUID]:
    """Return the own shipments that a change of these permits may affect."""
    exports = [permit.id for permit in load(actor, permit_ids).permits if permit.kind == "export"]
    unlicensed = exists().where(
        Discrepancy.subject_id == Shipment.id,
        Discrepancy.kind.in_(("document_invalid", "permit_cancelled_in_transit")),
        Discrepancy.status != "resolved",
    )
    affected = or_(Shipment.status.in_(DEPARTED_STATUSES), unlicensed)
    own = (Shipment.owner_state == actor.own_state(), Shipment.permit_id.in_(exports))
    return set(db.session.scalars(select(Shipment.id).where(*own, affected)))


def update_due_shipments(*, actor: Actor) -> int:
    """Update own shipments that become overdue or expire in transit; return their number."""
    due = (Shipment.owner_state == actor.own_state(), Shipment.next_check_at <= actor.now())
    query = select(Shipment).where(*due).order_by(Shipment.next_check_at).limit(BATCH_SIZE)
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    shipments = db.session.scalars(query).all()
    update_shipments(actor, shipments, {})
    return len(shipments)


def update_shipments(
    actor: Actor, shipments: Sequence[Shipment], causes: Mapping[UUID, Actor]
) -> None:
    """Write what the facts of own, locked shipments show; `causes` as of discrepancies."""
    if not shipments:
        return
    now, days, owner = actor.now(), local_days(actor), actor.own_state()
    today, grace = days.today(owner), fact_queries.grace_periods([owner])[owner]
    facts = fact_queries.load_all_facts(actor, shipments)
    irregularities: dict[DiscrepancySubject, list[Irregularity]] = {}
    for row in shipments:
        own, before = facts[row.id], Progress(row.status, row.due_stage, row.due_at, row.overdue_at)
        progress = shipment_progress(own, grace)
        for name, value in vars(progress).items():
            setattr(row, name, value)
        if progress != before:
            by, status = causes.get(row.id, actor), progress.status
            append(by, audit_event(Action.SHIPMENT_PROGRESSED, row, status=status))
        moments = [progress.overdue_at]
        if own.has_left and not own.is_over and not own.has_entered:
            moments.append(days.start(owner, own.last_day + timedelta(days=1)))
        row.next_check_at = min((at for at in moments if at and at > now), default=None)
        irregularities[row] = find_irregularities(own, now, today, grace)
    db.session.flush()  # later shipments of the same guns are compared with what is stored
    discrepancy_commands.update_discrepancies(
        actor, irregularities, SHIPMENT_DISCREPANCY_KINDS, causes
    )
