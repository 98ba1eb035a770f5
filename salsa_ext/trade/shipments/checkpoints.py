"""Commands that tick stages of shipments, with required confirmations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from salsa_ext.access.audit import Action, AuditEvent, append_many, audit_event
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
from salsa_ext.notifications.commands import notify_many
from salsa_ext.notifications.values import Notice
from salsa_ext.reference import names
from salsa_ext.reference.agencies import agency_name, find_calling_offices, find_contact
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.posts import own_and_other_side
from salsa_ext.reference.queries import get_post
from salsa_ext.trade.discrepancies.values import Irregularity
from salsa_ext.trade.shipments import fact_queries, packing_list, refresh
from salsa_ext.trade.shipments.facts import CheckpointFact, ShipmentFacts
from salsa_ext.trade.shipments.irregularities import checkpoint_irregularities
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.progress import MovementEvent, active_stops, custody_state
from salsa_ext.trade.shipments.values import CheckpointData

ROW_FIELDS: Final = ("stage", "occurred_at", "outcome", "post", "quantity", "seals", "reason")


def record(*, actor: Actor, shipment_id: UUID, data: CheckpointData) -> UUID:
    """Tick a stage.

    Raises NotFound, Forbidden for the other side's stage, or a Conflict.
    """
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
    shipments = refresh.lock_shipments(actor, [shipment_id for shipment_id, _ in batch])
    now = actor.now()  # once they are locked: of one moment, what is recorded last counts
    facts = fact_queries.load_facts(actor, shipments.values())
    pairs = [(shipments[shipment_id], data) for shipment_id, data in batch]
    for shipment, data in pairs:
        _check_stage_owner(shipment, state, data.stage)
        _check_data(state, data, now)
        check_own_holds(actor, facts[shipment.id], data)
        _check_status(shipment, facts[shipment.id], data)
        check_other_holds(actor, facts[shipment.id], data)
        check_confirmations(actor, shipment, facts[shipment.id], data)
    rows = [_checkpoint_row(state, shipment, data, now) for shipment, data in pairs]
    insert_many(Checkpoint, rows)
    refresh.update_shipments(actor, shipments.values())
    told = [
        (shipment, data, overruled_states(state, facts[shipment.id], data))
        for shipment, data in pairs
    ]
    notify_many(actor, [notice for each in told for notice in _checkpoint_notices(actor, *each)])
    append_many(actor, [_audit_checkpoint(*each) for each in told])
    return [row["id"] for row in rows]


def _check_data(state: str, data: CheckpointData, now: datetime) -> None:
    """Raise Invalid for a future time or another side's post.

    A post off the route is accepted; it is a discrepancy.
    """
    problems = Problems()
    check_moment(problems, "occurred_at", data.occurred_at, now)
    if data.post and not names.is_side(state, data.post):
        problems.add("post", message("Your state is not a side of this post."))
    problems.raise_any()


def _check_status(shipment: Shipment, facts: ShipmentFacts, data: CheckpointData) -> None:
    if facts.receipt and not facts.return_receipt:
        if data.occurred_at.date() > facts.receipt.on or data.outcome != "passed":
            raise IllegalTransition(
                "shipment", shipment.status, CodeLabel("checkpoint_stage", data.stage)
            )
    elif facts.is_over:
        raise IllegalTransition(
            "shipment", shipment.status, CodeLabel("checkpoint_stage", data.stage)
        )
    elif not facts.is_released and data.stage != "entry":
        raise ReleaseRequired(shipment.status, data.stage)


def _checkpoint_row(
    state: str, shipment: Shipment, data: CheckpointData, now: datetime
) -> dict[str, Any]:
    return (
        {
            "id": new_id(),
            "owner_state": state,
            "concerned": list(shipment.concerned),
            "shipment_state": shipment.owner_state,
            "shipment_id": shipment.id,
            "recorded_at": now,
        }
        | {name: value for name, value in vars(data).items() if name in ROW_FIELDS}
        | {"seals": list(data.seals)}
    )


def _checkpoint_notices(
    actor: Actor, shipment: Shipment, data: CheckpointData, held_by: Sequence[str]
) -> list[Notice]:
    """Return notices of stops, arrivals and passes over holds."""
    said = {"stage": data.stage, "outcome": data.outcome}
    others = [state for state in shipment.concerned if state != actor.state]
    if data.outcome != "passed":
        return [Notice(state, "shipment_held", shipment, said) for state in others]
    overruled = said | {"by": actor.state}
    return [
        *(Notice(state, "shipment_passed_held", shipment, overruled) for state in held_by),
        *(
            Notice(state, "shipment_arrived", shipment, said)
            for state in (others if data.stage == "entry" else ())
        ),
    ]


def _audit_checkpoint(
    shipment: Shipment, data: CheckpointData, held_by: Sequence[str]
) -> AuditEvent:
    said = {"stage": data.stage, "outcome": data.outcome}
    return audit_event(
        Action.CHECKPOINT_RECORDED,
        shipment,
        **(said | ({"held_by": [*held_by]} if held_by else {})),
    )


def _check_stage_owner(shipment: Shipment, state: str, stage: str) -> None:
    transit = set(shipment.concerned) - {shipment.exporting_state, shipment.importing_state}
    sides = {"exit": {shipment.exporting_state}, "entry": {shipment.importing_state}}.get(
        stage, transit
    )
    if state not in sides:
        raise Forbidden(
            message(
                "The stage {stage} is ticked by the other side.",
                stage=CodeLabel("checkpoint_stage", stage),
            )
        )


CONFIRM_HELD_FIELD: Final = FieldLabels(("confirm_held",))
RESUME_ACTION: Final = FieldLabels(("resume",))
NO_REASON: Final = message("no reason was given")
JOINED_MESSAGES: Final = "{first} {second}"  # the same in every language


def check_own_holds(actor: Actor, facts: ShipmentFacts, data: CheckpointData) -> None:
    """Raise HeldByOwn for a pass while the own state holds.

    The own state must first resume the shipment.
    """
    state = actor.own_state()
    own = [
        move
        for move in _stops_at_passing(facts, data)
        if move.state == state and not _is_ended_by(move, data)
    ]
    if own and custody_state(facts) == state:
        raise HeldByOwnState(
            message(
                "{said} {call} Let it go on first with {action}; then tick the stage.",
                said=_stop_message(actor, own[-1], data),
                call=_contact_message(state, data.post),
                action=RESUME_ACTION,
            )
        )


def check_other_holds(actor: Actor, facts: ShipmentFacts, data: CheckpointData) -> None:
    """Raise Held for a pass over other states' stops without `confirm_held`.

    Another state's hold or refusal does not bind the own state. The confirmation covers all stops
    active when the tick is recorded; each holding state is notified.
    """
    others = {
        move.state: move for move in _stops_at_passing(facts, data) if move.state != actor.state
    }
    if others and not data.confirm_held:
        said = [
            text
            for state in sorted(others)
            for text in (
                _stop_message(actor, others[state], data),
                _contact_message(state, data.post),
            )
        ]
        raise HeldByOtherState(
            message(
                "{said} What another state holds does not bind yours: if it passes all the same,"
                " confirm it with {field}; then this is told to: {states}.",
                said=reduce(_join_messages, said),
                field=CONFIRM_HELD_FIELD,
                states=CodeLabels("state", tuple(sorted(others))),
            )
        )


def overruled_states(state: str, facts: ShipmentFacts, data: CheckpointData) -> Sequence[str]:
    """Return the other states whose stop a tick overrules, in order."""
    return sorted({move.state for move in _stops_at_passing(facts, data)} - {state})


def _stops_at_passing(facts: ShipmentFacts, data: CheckpointData) -> list[MovementEvent]:
    """Return the stops active at the time of a pass."""
    if data.outcome != "passed" or facts.is_over:
        return []
    return [
        move
        for move in active_stops(facts)
        if move.effect != "lose" and move.at <= data.occurred_at
    ]


def _is_ended_by(move: MovementEvent, data: CheckpointData) -> bool:
    """Return whether the pass itself ends the own stop.

    It ends a hold at its own stage, and a refusal.
    """
    return move.is_refusal or (move.effect == "stop" and move.stage == data.stage)


def _stop_message(actor: Actor, move: MovementEvent, data: CheckpointData) -> Message:
    """Return the message of a stop: state, time at the post, reason."""
    why = move.reason.rstrip(".") if move.reason else NO_REASON
    zone = (
        own_and_other_side(get_post(data.post), actor.state)[0].zone
        if data.post
        else actor_zone(actor)
    )
    at = move.at.astimezone(ZoneInfo(zone))
    if move.state == actor.state:
        return message("Your state holds this shipment since {moment}: {why}.", moment=at, why=why)
    state = CodeLabel("state", move.state)
    if move.is_refusal:
        return message(
            "{state} refused this shipment on {moment}: {why}.", state=state, moment=at, why=why
        )
    return message(
        "{state} holds this shipment since {moment}: {why}.", state=state, moment=at, why=why
    )


def _join_messages(first: Message, second: Message) -> Message:
    return Message(JOINED_MESSAGES, {"first": first, "second": second})


def _contact_message(state: str, post: str | None) -> Message:
    """Return the contact to call: of the post, otherwise the agency."""
    asked = (state, None, post or "")
    office = find_calling_offices([asked]).get(asked) or find_contact(state)
    if office is None:
        return message("No office is registered that can be called.")
    reached = ", ".join(
        filter(None, (agency_name(office.agency), office.telephone or office.email))
    )
    return message("Call first: {office}.", office=reached)


def check_confirmations(
    actor: Actor, shipment: Shipment, facts: ShipmentFacts, data: CheckpointData
) -> None:
    """Raise Unconfirmed for the first missing confirmation of a pass.

    Every pass can be recorded once it is confirmed.
    """
    if data.expected_version is None or data.outcome != "passed" or facts.is_over:
        return
    for question in _missing_confirmations(actor, shipment, facts, data):
        if not getattr(data, question.field):
            raise question


def _missing_confirmations(
    actor: Actor, shipment: Shipment, facts: ShipmentFacts, data: CheckpointData
) -> Iterator[ConfirmationRequired]:
    if data.expected_version != shipment.version and (said := _stopped_message(actor, facts, data)):
        yield HeldMeanwhile(said)
    if data.stage == "entry" and not facts.is_released:
        state = CodeLabel("state", facts.exporting)
        yield NotReleased(
            message(
                "{state} never released this shipment: it may not have left. Call there. If it"
                " enters all the same, confirm it with {field}; a discrepancy is opened.",
                state=state,
                field=FieldLabels((NotReleased.field,)),
            )
        )
    if said := _differences_message(actor, shipment, facts, data):
        yield DiffersFromPapers(said)


def _stopped_message(actor: Actor, facts: ShipmentFacts, data: CheckpointData) -> Message | None:
    """Return the message of an own stop that the pass would end."""
    own = [
        move
        for move in active_stops(facts)
        if move.state == actor.state and move.effect != "lose" and move.at <= data.occurred_at
    ]
    if not own:
        return None
    move = own[-1]
    zone = (
        own_and_other_side(get_post(data.post), actor.state)[0].zone
        if data.post
        else actor_zone(actor)
    )
    return message(
        "Your own side stopped this shipment on {moment}, which you may not have seen: {why}. Ask there"
        " before it passes. If it passes all the same, confirm it with {field}.",
        moment=move.at.astimezone(ZoneInfo(zone)),
        field=FieldLabels((HeldMeanwhile.field,)),
        why=move.reason.rstrip(".") if move.reason else NO_REASON,
    )


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
    papers = facts.expected_counts
    if data.quantity is not None:  # facts know the papers' count where somebody counted before
        papers = packing_list.count_pieces([shipment])[shipment.id].matching_counts
    found = checkpoint_irregularities(
        replace(facts, checkpoints=(*facts.checkpoints, tick), expected_counts=papers), tick
    )
    spelled = {normalise(seal): seal for seal in (*data.seals, *shipment.seals)}
    said = [_difference_message(doubt, spelled) for doubt in found]
    if not said:
        return None
    field = FieldLabels((DiffersFromPapers.field,))
    if said[1:]:
        return message(
            "{said} {more} Read it once more. If it passes as it is, confirm it with {field};"
            " a discrepancy is opened.",
            said=said[0],
            more=said[1],
            field=field,
        )
    return message(
        "{said} Read it once more. If it passes as it is, confirm it with {field}; a discrepancy is"
        " opened.",
        said=said[0],
        field=field,
    )


def _difference_message(doubt: Irregularity, spelled: Mapping[str, str]) -> Message:
    if doubt.kind == "quantity_mismatch":
        return message(
            "{counted} pieces counted, {expected} on its papers.",
            counted=doubt.data["counted"],
            expected=doubt.data["expected"],
        )
    read, declared = (
        ", ".join(spelled.get(seal, seal) for seal in doubt.data[name])
        for name in ("read", "declared")
    )
    return message("Seals read: {read}; expected: {declared}.", read=read, declared=declared)
