"""Checkpoints: record that a shipment passed a stage such as exit, entry or arrival."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from salsa_ext.access.audit import AuditEvent, append_many, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    CodeLabel,
    CodeLabels,
    ConfirmationRequired,
    DiffersFromPapers,
    FieldLabels,
    Forbidden,
    HeldByOtherState,
    HeldByOwnState,
    HeldMeanwhile,
    IllegalTransition,
    Message,
    NotReleased,
    ReleaseRequired,
    message,
)
from salsa_ext.core.field_checks import Problems, check_moment
from salsa_ext.core.ids import new_id
from salsa_ext.database.bulk import insert_many
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.reference import names
from salsa_ext.reference.agencies import agency_name, find_calling_offices, find_contact
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.post_sides import own_and_other_side
from salsa_ext.reference.queries import get_post
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.shipments import fact_queries, refresh
from salsa_ext.trade.shipments.facts import CheckpointFact, ShipmentFacts
from salsa_ext.trade.shipments.irregularities import checkpoint_irregularities
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.progress import (
    MovementEvent,
    active_stops,
    custody_state,
    shipment_status,
)
from salsa_ext.trade.shipments.values import CheckpointData

NO_REASON: Final = message("no reason was given")


def record(*, actor: Actor, shipment_id: UUID, data: CheckpointData) -> UUID:
    """Record that a shipment passed a stage; raises NotFound, Forbidden, Conflict."""
    return record_many(actor=actor, batch=[(shipment_id, data)])[0]


def record_many(*, actor: Actor, batch: Sequence[tuple[UUID, CheckpointData]]) -> list[UUID]:
    """Tick stages in one transaction, in any order; return their ids.

    All or none. No exit and no transit stage before the release (CIFTA IX.3); entry without a
    release is recorded and raises a discrepancy. After the receipt, stages passed before it may
    still be ticked (posts without a connection report late). A pass over another state's hold is
    notified to that state.
    """
    require(actor, Permission.CHECKPOINT_RECORD)
    state = actor.own_state()
    shipments = refresh.lock_shipments(shipment_id for shipment_id, _ in batch)
    now = actor.now()  # once they are locked: of one moment, what is recorded last counts
    facts = fact_queries.load_facts(shipments.values())
    rows: list[dict[str, Any]] = []
    events: list[AuditEvent] = []
    for shipment_id, data in batch:
        shipment, own = shipments[shipment_id], facts[shipment_id]
        _check_tick(state, shipment, data, now)
        _check_own_holds(actor, own, data)
        _check_status(own, data)
        _check_other_holds(actor, own, data)
        _check_confirmations(actor, shipment, own, data)
        rows.append(
            {
                "id": new_id(),
                "owner_state": state,
                "concerned": list(shipment.concerned),
                "shipment_state": shipment.owner_state,
                "shipment_id": shipment.id,
                "stage": data.stage,
                "occurred_at": data.occurred_at,
                "outcome": data.outcome,
                "post": data.post,
                "quantity": data.quantity,
                "seals": list(data.seals),
                "reason": data.reason,
                "recorded_at": now,
            }
        )
        overruled = sorted({move.state for move in _stops_at_passing(own, data)} - {state})
        tick = {"stage": data.stage, "outcome": data.outcome}
        about: dict[str, Any] = tick | {"checkpoint": str(rows[-1]["id"])}
        about |= {"held_by": overruled} if overruled else {}
        events.append(audit_event(Action.CHECKPOINT_RECORDED, shipment, **about))
    insert_many(Checkpoint, rows)
    append_many(actor, events)
    return [row["id"] for row in rows]


def _check_tick(state: str, shipment: Shipment, data: CheckpointData, now: datetime) -> None:
    """Raise Forbidden for another state's stage, Invalid for a future time or a foreign post."""
    sides = {"exit": {shipment.exporting_state}, "entry": {shipment.importing_state}}
    transit = set(shipment.concerned) - {shipment.exporting_state, shipment.importing_state}
    if state not in sides.get(data.stage, transit):
        stage = CodeLabel("checkpoint_stage", data.stage)
        raise Forbidden(message("The stage {stage} is recorded by the other side.", stage=stage))
    problems = Problems()
    check_moment(problems, "occurred_at", data.occurred_at, now)
    if data.post and not names.is_side(state, data.post):
        problems.add("post", message("Your state is not a side of this post."))
    problems.raise_any()


def _check_status(facts: ShipmentFacts, data: CheckpointData) -> None:
    is_over, status = facts.is_over, shipment_status(facts)
    if facts.receipt and not facts.return_receipt:  # posts without a connection report late
        is_over = data.occurred_at.date() > facts.receipt.on or data.outcome != "passed"
    elif not is_over and not facts.is_released and data.stage != "entry":
        raise ReleaseRequired(status, data.stage)
    if is_over:
        stage = CodeLabel("checkpoint_stage", data.stage)
        raise IllegalTransition("shipment", status, stage)


def _check_own_holds(actor: Actor, facts: ShipmentFacts, data: CheckpointData) -> None:
    """Raise HeldByOwnState for a pass while the own state holds; it must first resume."""
    own = [
        move
        for move in _stops_at_passing(facts, data, actor.own_state())
        if not (move.is_refusal or (move.effect == "stop" and move.stage == data.stage))
    ]
    if own and custody_state(facts) == actor.state:
        raise HeldByOwnState(
            message(
                "{problem} {call} Resume it first with {action}; then record the crossing.",
                problem=_stop_message(actor, own[-1], data),
                call=_contact_message(actor.own_state(), data.post),
                action=FieldLabels(("resume",)),
            )
        )


def _check_other_holds(actor: Actor, facts: ShipmentFacts, data: CheckpointData) -> None:
    """Raise HeldByOtherState for a pass over other states' stops without `confirm_held`."""
    others = {
        move.state: move for move in _stops_at_passing(facts, data) if move.state != actor.state
    }
    if others and not data.confirm_held:
        sentences = [
            sentence
            for state in sorted(others)
            for sentence in (
                _stop_message(actor, others[state], data),
                _contact_message(state, data.post),
            )
        ]
        raise HeldByOtherState(
            message(
                "{problem} A hold of another state does not bind yours. To let it pass, confirm"
                " it with {field}; then these states are notified: {states}.",
                problem=reduce(_join_messages, sentences),
                field=FieldLabels(("confirm_held",)),
                states=CodeLabels("state", tuple(sorted(others))),
            )
        )


def _join_messages(first: Message, second: Message) -> Message:
    return Message("{first} {second}", {"first": first, "second": second})  # in every language


def _stops_at_passing(
    facts: ShipmentFacts, data: CheckpointData, state: str | None = None
) -> list[MovementEvent]:
    """Return the stops active at the time of a pass, of one state or of all."""
    if data.outcome != "passed" or facts.is_over:
        return []
    return [
        move
        for move in active_stops(facts)
        if move.effect != "lose" and move.at <= data.occurred_at and state in (None, move.state)
    ]


def _stop_message(actor: Actor, move: MovementEvent, data: CheckpointData) -> Message:
    """Return the message of a stop: state, time at the post, reason."""
    parts: dict[str, Any] = {"moment": _local_time(actor, move, data), "why": _reason(move)}
    if move.state == actor.state:
        return message("Your state holds this shipment since {moment}: {why}.", **parts)
    parts["state"] = CodeLabel("state", move.state)
    if move.is_refusal:
        return message("{state} refused this shipment on {moment}: {why}.", **parts)
    return message("{state} holds this shipment since {moment}: {why}.", **parts)


def _local_time(actor: Actor, move: MovementEvent, data: CheckpointData) -> datetime:
    """Return the time of a stop in the zone of the tick's post, or the actor's."""
    if data.post:
        own_side, _ = own_and_other_side(get_post(data.post), actor.state)
        return move.at.astimezone(ZoneInfo(own_side.zone))
    return move.at.astimezone(ZoneInfo(actor_zone(actor)))


def _reason(move: MovementEvent) -> str | Message:
    return move.reason.rstrip(".") if move.reason else NO_REASON


def _contact_message(state: str, post: str | None) -> Message:
    """Return the contact to call: of the post, otherwise the agency."""
    place = (state, None, post or "")
    office = find_calling_offices([place]).get(place) or find_contact(state)
    if office is None:
        return message("No office is registered that can be called.")
    parts = (agency_name(office.agency), office.telephone or office.email)
    return message("Call first: {office}.", office=", ".join(filter(None, parts)))


def _check_confirmations(
    actor: Actor, shipment: Shipment, facts: ShipmentFacts, data: CheckpointData
) -> None:
    """Raise ConfirmationRequired for a pass; each can be recorded once confirmed."""
    if data.expected_version is None or data.outcome != "passed" or facts.is_over:
        return
    questions: list[ConfirmationRequired] = []
    own = _stops_at_passing(facts, data, actor.own_state())
    if data.expected_version != shipment.version - 1 and own:
        problem = message(
            "Your own side stopped this shipment on {moment}, which you may not have seen: {why}. Ask there"
            " before it passes. If it passes all the same, confirm it with {field}.",
            moment=_local_time(actor, own[-1], data),
            field=FieldLabels((HeldMeanwhile.field,)),
            why=_reason(own[-1]),
        )
        questions.append(HeldMeanwhile(problem))
    if data.stage == "entry" and not facts.is_released:
        problem = message(
            "{state} never released this shipment: it may not have left. Call there. If it"
            " enters all the same, confirm it with {field}; a discrepancy is opened.",
            state=CodeLabel("state", facts.exporting),
            field=FieldLabels((NotReleased.field,)),
        )
        questions.append(NotReleased(problem))
    if differences := _differences_message(actor, shipment, facts, data):
        questions.append(DiffersFromPapers(differences))
    for question in questions:
        if not getattr(data, question.field):
            raise question


def _differences_message(
    actor: Actor, shipment: Shipment, facts: ShipmentFacts, data: CheckpointData
) -> Message | None:
    """Return the message of differences between tick and papers."""
    tick = CheckpointFact(
        data.stage,
        actor.own_state(),
        data.occurred_at,
        data.outcome,
        data.post,
        frozenset(map(normalise, data.seals)),
        data.quantity,
        recorded_at=actor.now(),
    )
    facts = replace(facts, checkpoints=(*facts.checkpoints, tick))
    if data.quantity is not None:
        counts = fact_queries.count_pieces([shipment])[shipment.id].matching_counts
        facts = replace(facts, expected_counts=counts)
    differences = checkpoint_irregularities(facts, tick)
    if not differences:
        return None
    spelled = {normalise(seal): seal for seal in (*data.seals, *shipment.seals)}
    first, *more = [_difference_message(each, spelled) for each in differences]
    field = FieldLabels((DiffersFromPapers.field,))
    if more:
        return message(
            "{problem} {more} Read it once more. If it passes as it is, confirm it with {field};"
            " a discrepancy is opened.",
            problem=first,
            more=more[0],
            field=field,
        )
    return message(
        "{problem} Read it once more. If it passes as it is, confirm it with {field}; a discrepancy is"
        " opened.",
        problem=first,
        field=field,
    )


def _difference_message(difference: Irregularity, spelled: Mapping[str, str]) -> Message:
    data = difference.data
    if difference.kind == "quantity_mismatch":
        return message(
            "{counted} pieces counted, {expected} on its papers.",
            counted=data["counted"],
            expected=data["expected"],
        )
    read, declared = (
        ", ".join(spelled.get(seal, seal) for seal in data[name]) for name in ("read", "declared")
    )
    return message("Seals read: {read}; expected: {declared}.", read=read, declared=declared)
