"""Stages of a shipment, ticked by the officers of the side that the stage belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.audit import Act, Action, append_many
from salsa_ext.db import insert_many
from salsa_ext.errors import Coded, Forbidden, IllegalTransition, ReleaseFirst, say
from salsa_ext.matching.journeys import Facts
from salsa_ext.models import Checkpoint, Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import names
from salsa_ext.services import ledger, questions, stops, takings, telling
from salsa_ext.services.fields import Problems, check_moment
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.ids import new_id
from salsa_ext.values.movements import CheckpointData

TOLD: Final = ("stage", "occurred_at", "outcome", "post", "quantity", "seals", "reason")


def record(*, actor: Actor, shipment_id: UUID, data: CheckpointData) -> UUID:
    """Tick a stage; raises NotFound, Forbidden for the other side's stage, or a Conflict."""
    return record_many(actor=actor, batch=[(shipment_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, CheckpointData]]) -> list[UUID]:
    """Tick stages in one transaction, all or none, in whatever order they are told.

    No exit, and no stage of a transit state, before the release (CIFTA IX.3); what enters the
    importing state without one is a fact, and a discrepancy. After the receipt a stage is still told
    that was passed before it: a post without a line tells late. What passes although another state
    holds it is told to that state.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    state = actor.own_state()
    shipments = takings.take_many(actor, [shipment_id for shipment_id, _ in batch])
    now = actor.now()  # once they are locked: of one moment, what is recorded last counts
    facts = takings.facts_of_many(actor, shipments.values())
    pairs = [(shipments[shipment_id], data) for shipment_id, data in batch]
    for shipment, data in pairs:
        _check_side(shipment, state, data.stage)
        _check(state, data, now)
        stops.check_own(actor, facts[shipment.id], data)
        _check_status(shipment, facts[shipment.id], data)
        stops.check_others(actor, facts[shipment.id], data)
        questions.ask(actor, shipment, facts[shipment.id], data)
    rows = [_row(state, shipment, data, now) for shipment, data in pairs]
    insert_many(Checkpoint, rows)
    ledger.refresh(actor, shipments.values())
    told = [(shipment, data, stops.against(state, facts[shipment.id], data))
            for shipment, data in pairs]  # fmt: skip
    telling.tell(actor, [news for each in told for news in _news(actor, *each)])
    append_many(actor, [_act(*each) for each in told])
    return [row["id"] for row in rows]


def _check(state: str, data: CheckpointData, now: datetime) -> None:
    """Raise Invalid for a tick of the future, or at a post of which the state is no side.

    A post that is not on the route is no reason to refuse what happened: it is a discrepancy.
    """
    problems = Problems()
    check_moment(problems, "occurred_at", data.occurred_at, now)
    if data.post and not names.is_side(state, data.post):
        problems.add("post", say("Your state is not a side of this post."))
    problems.raise_any()


def _check_status(shipment: Shipment, facts: Facts, data: CheckpointData) -> None:
    if facts.arrival and not facts.comeback:
        if data.occurred_at.date() > facts.arrival.on or data.outcome != "passed":
            raise IllegalTransition(
                "shipment", shipment.status, Coded("checkpoint_stage", data.stage)
            )
    elif facts.is_over:
        raise IllegalTransition("shipment", shipment.status, Coded("checkpoint_stage", data.stage))
    elif not facts.is_released and data.stage != "entry":
        raise ReleaseFirst(shipment.status, data.stage)


def _row(state: str, shipment: Shipment, data: CheckpointData, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "owner_state": state, "concerned": list(shipment.concerned),
        "shipment_state": shipment.owner_state, "shipment_id": shipment.id,
        "recorded_at": now,
    } | {name: value for name, value in vars(data).items() if name in TOLD} | {
        "seals": list(data.seals)
    }  # fmt: skip


def _news(
    actor: Actor, shipment: Shipment, data: CheckpointData, held_by: Sequence[str]
) -> list[News]:
    """Tell the other states what stopped, what arrived, and what passed although they hold it."""
    said = {"stage": data.stage, "outcome": data.outcome}
    others = telling.others(actor, shipment)
    if data.outcome != "passed":
        return [News(shipment, "shipment_held", others, said)]
    told = [News(shipment, "shipment_passed_held", held_by, said | {"by": actor.state})]
    return told + [News(shipment, "shipment_arrived", others, said)] * (data.stage == "entry")


def _act(shipment: Shipment, data: CheckpointData, held_by: Sequence[str]) -> Act:
    said = {"stage": data.stage, "outcome": data.outcome}
    return Act(Action.CHECKPOINT_RECORDED, "shipment", shipment.id, shipment.owner_state,
               shipment.concerned, said | ({"held_by": [*held_by]} if held_by else {}))  # fmt: skip


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
