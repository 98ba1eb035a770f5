"""Holds: the state that has the goods keeps them where they are, and lets them go on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from salsa_ext.audit import Act, Action, append
from salsa_ext.errors import Conflict, Forbidden, IllegalTransition, Message, say
from salsa_ext.matching.holds import Move
from salsa_ext.matching.journeys import Facts
from salsa_ext.matching.ledger import custody, standing, status_of
from salsa_ext.matching.overruled import overruled
from salsa_ext.models import Shipment
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import ledger, takings, telling
from salsa_ext.services.events import Note, note_many
from salsa_ext.services.telling import News
from salsa_ext.values.actor import Actor
from salsa_ext.values.changes import Decision


def hold(*, actor: Actor, shipment_id: UUID, seen: int | None, data: Decision) -> None:
    """Hold a shipment that the own state has, though a tick holds it already; raises as `resume`."""
    require(actor, Permission.SHIPMENT_HOLD)
    shipment, facts = _taken(actor, shipment_id, seen)
    _check_hold(actor, shipment, facts)
    _tell(actor, shipment, "held", data)


def resume(*, actor: Actor, shipment_id: UUID, seen: int | None, data: Decision) -> None:
    """Let a shipment go on that the own state has and holds, or say that it passed against its hold.

    What was refused is not let go, but ticked as passed or sent back; another state's hold is that
    state's. Raises NotFound, StaleVersion, Forbidden for a state that has not the goods, or Conflict.
    """
    require(actor, Permission.SHIPMENT_HOLD)
    shipment, facts = _taken(actor, shipment_id, seen)
    _check_resume(actor, shipment, facts)
    _tell(actor, shipment, "resumed", data)


def barred(actor: Actor, shipment: Shipment, action: str) -> Message | None:
    """Return why the own state can neither hold a shipment nor let it go on, as it stands; None where it can.

    For the page that asks why; no command of its own, which looks for itself.
    """
    check = _check_hold if action == "hold" else _check_resume
    try:
        check(actor, shipment, takings.facts_of_many(actor, [shipment])[shipment.id])
    except (Conflict, Forbidden) as error:
        return error.message
    return None


def _check_hold(actor: Actor, shipment: Shipment, facts: Facts) -> None:
    stopped = _in_custody(actor, facts, "hold")
    if any(move.effect == "hold" and move.state == actor.state for move in stopped):
        raise IllegalTransition("shipment", shipment.status, "hold")


def _check_resume(actor: Actor, shipment: Shipment, facts: Facts) -> None:
    if _is_overruled(actor, facts):
        return
    stopped = _in_custody(actor, facts, "resume")
    if shipment.status != "held":
        raise IllegalTransition("shipment", shipment.status, "resume")
    if not any(move.state == actor.state and not move.is_refusal for move in stopped):
        raise Conflict(say("Your state does not hold this shipment: what it refused is ticked as passed or sent"
                           " back, and what another state holds is let go on by that state."))  # fmt: skip


def _taken(actor: Actor, shipment_id: UUID, seen: int | None) -> tuple[Shipment, Facts]:
    """Return a locked shipment and its facts."""
    shipment = takings.take(actor, shipment_id, seen)
    return shipment, takings.facts_of_many(actor, [shipment])[shipment_id]


def _is_overruled(actor: Actor, facts: Facts) -> bool:
    """Tell whether it passed although the own state held it, which has said nothing of it since."""
    passed = overruled(facts.ticks, facts.stops, facts.incidents)
    return any(one.held.state == actor.own_state() for one in passed)


def _in_custody(actor: Actor, facts: Facts, action: str) -> Sequence[Move]:
    """Return what stops a shipment that the state has.

    The exporting state has it before the exit, a transit state after its entry and before its exit,
    the importing state after the entry.
    """
    if facts.is_over:
        raise IllegalTransition("shipment", status_of(facts), action)
    if custody(facts) != actor.own_state():
        raise Forbidden(say("A shipment is held, and let go on, by the state that has it: the exporting"
                            " state before the exit, a transit state between its entry and its exit,"
                            " the importing state after the entry."))  # fmt: skip
    return standing(facts)


def _tell(actor: Actor, shipment: Shipment, kind: str, data: Decision) -> None:
    note_many(actor, [Note(shipment, kind, data.reason)])
    ledger.refresh(actor, [shipment])
    news = News(shipment, f"shipment_{kind}", telling.others(actor, shipment))
    telling.tell(actor, [news])
    action = Action.SHIPMENT_HELD if kind == "held" else Action.SHIPMENT_RESUMED
    append(actor, Act(action, "shipment", shipment.id, shipment.owner_state, shipment.concerned))
