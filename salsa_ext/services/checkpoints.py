"""Stages of a shipment, ticked by the officers of the side that the stage belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import as_state, db, insert_many
from salsa_ext.errors import Coded, Forbidden, IllegalTransition, NotFound, say
from salsa_ext.models import Checkpoint, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.shipments import UNDER_WAY, of_shipments
from salsa_ext.services.fields import Problems, check_date
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


def record(*, actor: Actor, shipment_id: UUID, data: CheckpointData) -> UUID:
    """Tick a stage; raises NotFound, Forbidden for the other side's stage, IllegalTransition."""
    return record_many(actor=actor, batch=[(shipment_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, CheckpointData]]) -> list[UUID]:
    """Tick stages in one transaction, all or none, in whatever order they are told."""
    require(actor, Permission.CHECKPOINT_RECORD)
    state, now = actor.own_state(), actor.now()
    shipments = take_many(actor, [shipment_id for shipment_id, _ in batch])
    pairs = [(shipments[shipment_id], data) for shipment_id, data in batch]
    for shipment, data in pairs:
        _check_side(shipment, state, data.stage)
        _check(shipment, data, now)
        if shipment.status not in (*UNDER_WAY, "held"):
            raise IllegalTransition("shipment", shipment.status, data.stage)
    rows = [_row(state, shipment, data, now) for shipment, data in pairs]
    insert_many(Checkpoint, rows)
    passed = of_shipments(shipments)
    move_many(actor, [(each, _reached(passed[each.id])) for each in shipments.values()])
    append_many(actor, [_act(shipment, data) for shipment, data in pairs])
    return [row["id"] for row in rows]


def _check(shipment: Shipment, data: CheckpointData, now: datetime) -> None:
    """Raise Invalid for a tick of tomorrow, or at a post that the shipment does not pass."""
    problems = Problems()
    moved = data.occurred_at.astimezone(now.tzinfo)  # both dates of one zone
    check_date(problems, "occurred_at", moved.date(), now.date())
    if data.post and shipment.posts and data.post not in shipment.posts:
        problems.add("post", say("The shipment does not pass this post; its posts are {posts}.",
                                 posts=", ".join(shipment.posts)))  # fmt: skip
    problems.raise_any()


def take_many(actor: Actor, shipment_ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """Return shipments that concern the state, locked until the end; raises NotFound."""
    wanted = list(dict.fromkeys(shipment_ids))
    seen = {row.id: row.owner_state for row in db.session.execute(
        select(Shipment.id, Shipment.owner_state).where(Shipment.id.in_(wanted)))}  # fmt: skip
    for shipment_id in wanted:
        if shipment_id not in seen:
            raise NotFound("shipment", shipment_id)
    found = {}
    for owner in sorted(set(seen.values())):
        own = select(Shipment).where(Shipment.id.in_([key for key in wanted if seen[key] == owner]))
        locked = own.order_by(Shipment.id).with_for_update()
        with as_state(actor, owner):  # only who may write a row may lock it
            for shipment in db.session.scalars(locked.execution_options(populate_existing=True)):
                found[shipment.id] = shipment
    return {shipment_id: found[shipment_id] for shipment_id in wanted}


def move_many(actor: Actor, moves: Iterable[tuple[Shipment, str]]) -> None:
    """Move locked shipments of their owners on, as the facts that another side stated demand."""
    by_owner: dict[str, list[tuple[Shipment, str]]] = defaultdict(list)
    for shipment, status in moves:
        by_owner[shipment.owner_state].append((shipment, status))
    for owner, moved in by_owner.items():
        with as_state(actor, owner):
            for shipment, status in moved:
                shipment.status = status
                shipment.version += 1
            db.session.flush()  # while the owner's rows may be written


def _reached(ticks: Sequence[Checkpoint]) -> str:
    """Return the status after all ticks in order of their moments, not in that of their coming.

    What passed on after a hold is no longer held, and an exit ticked after the entry, by a clock
    that runs ahead, takes no arrival back.
    """
    if ticks[-1].outcome != "passed":
        return "held"
    arrived = any(tick.stage == "entry" and tick.outcome == "passed" for tick in ticks)
    return "arrived" if arrived else "in_transit"


def _row(state: str, shipment: Shipment, data: CheckpointData, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": state, "concerned": list(shipment.concerned),
        "shipment_state": shipment.owner_state, "shipment_id": shipment.id,
        "recorded_at": now,
    } | vars(data) | {"seals": list(data.seals)}  # fmt: skip


def _act(shipment: Shipment, data: CheckpointData) -> Act:
    return Act(Action.CHECKPOINT_RECORDED, "shipment", shipment.id, shipment.owner_state,
               shipment.concerned, {"stage": data.stage, "outcome": data.outcome})  # fmt: skip


def _check_side(shipment: Shipment, state: str, stage: str) -> None:
    transit = set(shipment.concerned) - {shipment.exporting_state, shipment.importing_state}
    sides = {"exit": {shipment.exporting_state}, "entry": {shipment.importing_state}}.get(
        stage, transit
    )
    if state not in sides:
        raise Forbidden(
            say(
                "The stage {stage} is ticked by the other side.",
                stage=Coded("checkpoint_stage", stage),
            )
        )
