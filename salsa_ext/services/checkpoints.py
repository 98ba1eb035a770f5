"""Stages of a shipment, ticked by the officers of the side that the stage belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.errors import Forbidden, IllegalTransition, NotFound, say
from salsa_ext.models import Checkpoint, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.shipments import UNDER_WAY
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id


@dataclass(frozen=True)
class CheckpointData:
    """A stage passed, held or refused at an aware moment."""

    stage: str
    occurred_at: datetime
    outcome: str
    post: str | None = None
    quantity: int | None = None
    seals: tuple[str, ...] = ()


REACHED = {"exit": "in_transit", "transit_in": "in_transit", "transit_out": "in_transit",
           "entry": "arrived"}  # fmt: skip


def record(*, actor: Actor, shipment_id: UUID, data: CheckpointData) -> UUID:
    """Tick a stage; raises NotFound, Forbidden for the other side's stage, IllegalTransition."""
    require(actor, Permission.CHECKPOINT_RECORD)
    state, now = actor.own_state(), actor.now()
    shipment = find(shipment_id)
    _check_side(shipment, state, data.stage)
    if shipment.status not in (*UNDER_WAY, "held"):
        raise IllegalTransition("shipment", shipment.status, data.stage)
    tick_id = new_id()
    insert_many(Checkpoint, [{
        "id": tick_id, "owner_state": state, "concerned": list(shipment.concerned),
        "shipment_state": shipment.owner_state, "shipment_id": shipment.id,
        "recorded_at": now,
    } | vars(data) | {"seals": list(data.seals)}])  # fmt: skip
    status = REACHED[data.stage] if data.outcome == "passed" else "held"
    move(actor, shipment, status)
    append(actor, Act(Action.CHECKPOINT_RECORDED, "shipment", shipment.id, shipment.owner_state,
                      shipment.concerned, {"stage": data.stage, "outcome": data.outcome}))  # fmt: skip
    return tick_id


def find(shipment_id: UUID) -> Shipment:
    """Return a shipment that concerns the state; raises NotFound."""
    query = select(Shipment).where(Shipment.id == shipment_id)
    shipment = db.session.scalars(query.execution_options(populate_existing=True)).first()
    if shipment is None:
        raise NotFound("shipment", shipment_id)
    return shipment


def move(actor: Actor, shipment: Shipment, status: str) -> None:
    """Move the owner's shipment on, as the fact that another side stated demands."""
    with as_state(actor, shipment.owner_state):
        db.session.refresh(shipment, with_for_update=True)
        shipment.status = status
        shipment.version += 1
        db.session.flush()  # while the owner's rows may be written


def _check_side(shipment: Shipment, state: str, stage: str) -> None:
    transit = set(shipment.concerned) - {shipment.exporting_state, shipment.importing_state}
    sides = {"exit": {shipment.exporting_state}, "entry": {shipment.importing_state}}.get(stage, transit)
    if state not in sides:
        raise Forbidden(say("The stage {stage} is ticked by the other side.", stage=stage))
