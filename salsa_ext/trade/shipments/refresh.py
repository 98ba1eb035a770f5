"""Locks of shipments, and their update from their facts.

Each command that adds a fact locks the shipments (`lock_shipments`) and ends with
`update_shipments`; the background job does the same where only time has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, or_, select, text

from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.database import locks
from salsa_ext.database.session import acting_as, db
from salsa_ext.reference import state_settings
from salsa_ext.reference.calendars import local_days
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies.commands import DiscrepancySubject
from salsa_ext.trade.discrepancies.models import Discrepancy
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.permits import classification
from salsa_ext.trade.permits.comparison import PermitFamilies
from salsa_ext.trade.shipments import progress
from salsa_ext.trade.shipments.fact_queries import group_by_owner, read_facts
from salsa_ext.trade.shipments.facts import ExpectedStage
from salsa_ext.trade.shipments.irregularities import (
    CAN_BE_OVERDUE,
    SHIPMENT_DISCREPANCY_KINDS,
    TIMED_KINDS,
    find_irregularities,
)
from salsa_ext.trade.shipments.models import Shipment
from salsa_ext.trade.shipments.values import ExpectedStageData

DEPARTED_STATUSES: Final = ("in_transit", "held", "arrived", "lost")
# Two updates that schedule the same shipments lock them in one order, so that neither waits for
# the other.
SCHEDULE_RESHIPMENTS: Final = text("""
    UPDATE shipment SET next_check_at = :now
    WHERE id IN (
        SELECT id FROM shipment
        WHERE id IN (SELECT shipment_id FROM reshipment WHERE earlier_shipment = ANY(:earlier))
        ORDER BY id FOR UPDATE)
""")


def lock_shipment(actor: Actor, shipment_id: UUID, expected_version: int | None) -> Shipment:
    """Lock a shipment that concerns the state; raises NotFound, StaleVersion."""
    shipment = lock_shipments(actor, [shipment_id])[shipment_id]
    locks.check_version(shipment.version, expected_version)
    return shipment


def lock_shipments(actor: Actor, shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Lock shipments that concern the state; raises NotFound.

    Until the end of the transaction. The permits of the states concerned cannot change meanwhile:
    whoever changes a permit updates the shipments under it, and the two wait for each other.
    """
    ids = list(dict.fromkeys(shipment_ids))
    columns = (Shipment.id, Shipment.owner_state, Shipment.concerned)
    rows = {row.id: row for row in db.session.execute(select(*columns).where(Shipment.id.in_(ids)))}
    for shipment_id in ids:
        if shipment_id not in rows:
            raise NotFound("shipment", shipment_id)
    locks.share_permits(state for row in rows.values() for state in row.concerned)
    locked: dict[UUID, Shipment] = {}
    for owner in sorted({row.owner_state for row in rows.values()}):
        own = [shipment_id for shipment_id in ids if rows[shipment_id].owner_state == owner]
        query = select(Shipment).where(Shipment.id.in_(own)).order_by(Shipment.id)
        query = query.with_for_update().execution_options(populate_existing=True)
        with acting_as(actor, owner):  # only who may write a row may lock it
            locked |= {shipment.id: shipment for shipment in db.session.scalars(query)}
    return {shipment_id: locked[shipment_id] for shipment_id in ids}


def update_shipments(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Update locked shipments and their discrepancies from their facts.

    For commands that added a fact; versions rise. Irregularities that come with time, such as
    overdue, are left to the background job; if one has ended, it is resolved at once.
    """
    rows = list(shipments)
    _update_from_facts(actor, rows, by_job=False)
    schedule_reshipments(actor, rows)


def schedule_reshipments(actor: Actor, earlier: Iterable[Shipment]) -> None:
    """Schedule a check of later shipments of the same guns.

    What became of the earlier shipment may clear their irregularities.
    """
    for owner, rows in group_by_owner(earlier).items():
        with acting_as(actor, owner):
            params = {"now": actor.now(), "earlier": [row.id for row in rows]}
            db.session.execute(SCHEDULE_RESHIPMENTS, params)


def update_due(actor: Actor, shipments: Iterable[Shipment]) -> None:
    """Update shipments because time has passed; changed versions rise."""
    _update_from_facts(actor, shipments, by_job=True)


def update_under_permits(actor: Actor, families: PermitFamilies) -> None:
    """Update shipments affected by changed permits.

    A cancellation affects goods that have left; a late licence clears those that left without it,
    even if already received.
    """
    exports = [permit.id for permit in families.permits if permit.kind == "export"]
    unlicensed = exists().where(
        Discrepancy.subject_id == Shipment.id,
        Discrepancy.kind.in_(("document_invalid", "permit_cancelled_in_transit")),
        Discrepancy.status != "resolved",
    )
    affected = or_(Shipment.status.in_(DEPARTED_STATUSES), unlicensed)
    query = select(Shipment.id).where(Shipment.permit_id.in_(exports), affected)
    update_shipments(actor, lock_shipments(actor, db.session.scalars(query).all()).values())


classification.AFTER_CHANGE.append(update_under_permits)


def grace_periods(states: Collection[str]) -> dict[str, timedelta]:
    """Return each state's grace period before a late shipment is overdue."""
    by_state = state_settings.settings_by_state(states)
    return {state: timedelta(hours=by_state[state].overdue_hours) for state in states}


def first_due_columns(expected: Iterable[ExpectedStageData], grace: timedelta) -> dict[str, Any]:
    """Return the due columns of a planned shipment without facts."""
    stages = [ExpectedStage(stage.stage, stage.at, stage.post) for stage in expected]
    stage, at = progress.next_stage(stages, ()) or (None, None)
    overdue_at = at + grace if at else None
    due = {"due_stage": stage, "due_at": at}
    return due | {"overdue_at": overdue_at, "next_check_at": overdue_at}


def status_at(shipment: Shipment, now: datetime) -> str:
    """Return the status as displayed at a time, with overdue."""
    is_late = shipment.overdue_at is not None and shipment.overdue_at < now
    return "overdue" if is_late and shipment.status in CAN_BE_OVERDUE else shipment.status


def _update_from_facts(actor: Actor, shipments: Iterable[Shipment], by_job: bool) -> None:
    """Write what the facts show into the rows of each owner, then their discrepancies.

    Of a command, irregularities that come with time wait for the job, which is scheduled at once.
    """
    now, days, owned = actor.now(), local_days(actor), group_by_owner(shipments)
    grace = grace_periods(owned)
    by_waiting: dict[frozenset[str], dict[DiscrepancySubject, Collection[Irregularity]]]
    by_waiting = defaultdict(dict)
    for owner, rows in owned.items():
        with acting_as(actor, owner):
            facts = read_facts(actor, rows)
            for row in rows:
                own = facts[row.id]
                columns = (row.status, row.due_at, row.due_stage, row.overdue_at)
                row.status = progress.shipment_status(own)
                is_open = not own.is_over and row.status != "lost"
                stages = progress.rescheduled_stages(own)
                stage = progress.next_stage(stages, own.checkpoints) if is_open else None
                row.due_stage, row.due_at = stage or (None, None)
                can_be_late = stage and row.status in CAN_BE_OVERDUE
                row.overdue_at = stage[1] + grace[owner] if stage and can_be_late else None
                is_changed = columns != (row.status, row.due_at, row.due_stage, row.overdue_at)
                row.version += not by_job or is_changed
                irregularities = find_irregularities(own, now, days.today(owner), grace[owner])
                kinds = frozenset(each.kind for each in irregularities)
                waiting = frozenset() if by_job else kinds & TIMED_KINDS
                by_waiting[waiting][row] = [
                    each for each in irregularities if each.kind not in waiting
                ]
                moments = [now] if waiting else [row.overdue_at]
                if not waiting and own.has_left and not own.is_over and not own.has_entered:
                    moments.append(days.start(owner, own.last_day + timedelta(days=1)))
                later = (at for at in moments if at and (waiting or at > now))
                row.next_check_at = min(later, default=None)
            db.session.flush()  # while the owner's rows may be written
    for waiting, subjects in by_waiting.items():
        replaced = [kind for kind in SHIPMENT_DISCREPANCY_KINDS if kind not in waiting]
        discrepancy_commands.update_discrepancies(actor, subjects, replaced)
