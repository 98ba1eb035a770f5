"""Holds and incidents of shipments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from salsa_ext.access.audit import append, audit_event
from salsa_ext.access.audit_actions import Action
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Forbidden, IllegalTransition, Message, message
from salsa_ext.core.field_checks import Problems, check_moment
from salsa_ext.trade.event_log import NewEvent, add_events
from salsa_ext.trade.permits.values import StatusDecision
from salsa_ext.trade.shipments import fact_queries, progress, refresh
from salsa_ext.trade.shipments.facts import HoldOrder, ShipmentFacts
from salsa_ext.trade.shipments.models import Checkpoint, Shipment
from salsa_ext.trade.shipments.progress import (
    MovementEvent,
    OverruledHold,
    active_stops,
    custody_state,
    overruled_holds,
    shipment_progress,
    shipment_status,
)
from salsa_ext.trade.shipments.values import IncidentData

STOPPED_STATUSES: Final = ("held", "lost")


def hold_shipment(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Hold a shipment in the own state's custody.

    Also if a tick already holds it. Raises NotFound, StaleVersion, Forbidden for a state without
    custody, or Conflict.
    """
    require(actor, Permission.SHIPMENT_HOLD)
    shipment = refresh.lock_shipment(shipment_id, expected_version)
    _check_hold(actor, fact_queries.load_facts([shipment])[shipment_id])
    _record_decision(actor, shipment, "held", Action.SHIPMENT_HELD, data)


def resume_shipment(
    *, actor: Actor, shipment_id: UUID, expected_version: int | None, data: StatusDecision
) -> None:
    """Let a held shipment continue, or accept its pass over the hold.

    Refused goods are not resumed but ticked as passed or sent back; another state's hold is ended
    by that state. Raises NotFound, StaleVersion, Forbidden for a state without custody, or
    Conflict.
    """
    require(actor, Permission.SHIPMENT_HOLD)
    shipment = refresh.lock_shipment(shipment_id, expected_version)
    _check_resume(actor, fact_queries.load_facts([shipment])[shipment_id])
    _record_decision(actor, shipment, "resumed", Action.SHIPMENT_RESUMED, data)


def _record_decision(
    actor: Actor, shipment: Shipment, kind: str, action: Action, data: StatusDecision
) -> None:
    add_events(actor, [NewEvent(shipment, kind, data.reason)])
    append(actor, audit_event(action, shipment))


def refusal_reason(actor: Actor, facts: ShipmentFacts, action: str) -> Message | None:
    """Return why the own state cannot hold or resume, or None. For display only; the commands check again."""
    try:
        (_check_hold if action == "hold" else _check_resume)(actor, facts)
    except (Conflict, Forbidden) as error:
        return error.message
    return None


def _check_hold(actor: Actor, facts: ShipmentFacts) -> None:
    stops = _stops_in_custody(actor, facts, "hold")
    if any(move.effect == "hold" and move.state == actor.state for move in stops):
        raise IllegalTransition("shipment", shipment_status(facts), "hold")


def _check_resume(actor: Actor, facts: ShipmentFacts) -> None:
    overruled = overruled_holds(facts.checkpoints, facts.hold_orders, facts.incidents)
    if any(each.stop.state == actor.state for each in overruled):
        return
    stops = _stops_in_custody(actor, facts, "resume")
    if (status := shipment_status(facts)) != "held":
        raise IllegalTransition("shipment", status, "resume")
    if not any(move.state == actor.state and not move.is_refusal for move in stops):
        raise Conflict(
            message(
                "Your state does not hold this shipment. Record what it refused as passed or"
                " sent back; another state releases what it holds."
            )
        )


def _stops_in_custody(actor: Actor, facts: ShipmentFacts, action: str) -> Sequence[MovementEvent]:
    """Return stops in own custody; raises IllegalTransition if over, Forbidden."""
    if facts.is_over:
        raise IllegalTransition("shipment", shipment_status(facts), action)
    if custody_state(facts) != actor.own_state():
        raise Forbidden(
            message(
                "A shipment is held, and let go on, by the state that has it: the exporting"
                " state before the exit, a transit state between its entry and its exit,"
                " the importing state after the entry."
            )
        )
    return active_stops(facts)


@dataclass(frozen=True)
class HoldView:
    """Stops, earliest first, hold orders, overruled holds; `is_unreleased` passed nothing."""

    active_stops: Sequence[MovementEvent] = ()
    hold_orders: Sequence[HoldOrder] = ()
    overruled: Sequence[OverruledHold] = ()
    is_unreleased: bool = False

    def overruled_of(self, state: str) -> Sequence[OverruledHold]:
        """Return the overruled holds of a state."""
        return [hold for hold in self.overruled if hold.stop.state == state]

    def is_held_by(self, state: str) -> bool:
        """Return whether a state holds it and can resume it. A refusal is not a hold."""
        return any(move.state == state and not move.is_refusal for move in self.active_stops)

    def resumed_at(self, tick: Checkpoint | None) -> datetime | None:
        """Return when a held checkpoint was resumed, or None."""
        if tick is None:
            return None
        return progress.resumed_at(fact_queries.checkpoint_fact(tick), self.hold_orders)


NO_HOLD: Final = HoldView()


def hold_view(facts: ShipmentFacts) -> HoldView:
    """Return the holds of a shipment."""
    is_stopped = shipment_status(facts) in STOPPED_STATUSES
    return HoldView(
        active_stops(facts) if is_stopped else (),
        facts.hold_orders,
        overruled_holds(facts.checkpoints, facts.hold_orders, facts.incidents),
        is_stopped and not (facts.is_released or facts.has_left),
    )


def record_incident(*, actor: Actor, shipment_id: UUID, data: IncidentData) -> None:
    """Record an incident; notify every state concerned (9.10).

    Any state concerned may record one. A new expected time shifts the remaining stages.
    `refused_entry` stops the goods until they pass or return; a total loss makes the shipment lost
    until goods of it are ticked again. Other kinds change no status. Raises NotFound, Invalid, or
    IllegalTransition for a finished shipment.
    """
    require(actor, Permission.INCIDENT_RECORD)
    shipment = refresh.lock_shipment(shipment_id)
    facts = fact_queries.load_facts([shipment])[shipment_id]
    if facts.is_over:
        raise IllegalTransition("shipment", shipment_status(facts), "incident")
    problems, at = Problems(), data.new_expected_at
    check_moment(problems, "occurred_at", data.occurred_at, actor.now())
    if at and at <= data.occurred_at:
        problem = message("What is delayed is expected after the incident, not before.")
        problems.add("new_expected_at", problem)
    if at and shipment_progress(facts, timedelta()).due_at is None:
        problems.add("new_expected_at", message("No stage of this shipment is expected any more."))
    if at and data.is_total:
        problems.add("new_expected_at", message("Nothing more is expected of a lost shipment."))
    problems.raise_any()
    incident = {
        "kind": data.kind,
        "is_total": data.is_total,
        "new_expected_at": at.isoformat() if at else None,
    }
    add_events(actor, [NewEvent(shipment, "incident", data.note, data.occurred_at, incident)])
    append(actor, audit_event(Action.INCIDENT_RECORDED, shipment, kind=data.kind))
