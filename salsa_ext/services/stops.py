"""Whether goods may be ticked as passed that a state holds: its own word, or another state's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final
from zoneinfo import ZoneInfo

from salsa_ext.errors import Coded, Codes, Held, HeldByOwn, Message, Named, say
from salsa_ext.matching.holds import Move
from salsa_ext.matching.journeys import Facts
from salsa_ext.matching.ledger import custody, standing
from salsa_ext.readmodels.contacts import called_from, contact_of, name_of
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.reference import get_post
from salsa_ext.values.actor import Actor
from salsa_ext.values.movements import CheckpointData

CONFIRM: Final = Named(("confirm_held",))
RESUME: Final = Named(("resume",))
UNSAID: Final = say("no reason was given")
BESIDE: Final = "{first} {second}"  # the same in every language


def check_own(actor: Actor, facts: Facts, data: CheckpointData) -> None:
    """Raise HeldByOwn where goods pass that the own state holds: it lets them go on, and by nothing else."""
    state = actor.own_state()
    own = [move for move in _standing(facts, data)
           if move.state == state and not _is_ended_by(move, data)]  # fmt: skip
    if own and custody(facts) == state:
        raise HeldByOwn(say("{said} {call} Let it go on first with {action}; then tick the stage.",
                            said=_said(actor, own[-1], data), call=_call(state, data.post),
                            action=RESUME))  # fmt: skip


def check_others(actor: Actor, facts: Facts, data: CheckpointData) -> None:
    """Raise Held where goods pass that other states hold, or refused, without `confirm_held`.

    That is their word, and does not bind the own state: who lets the goods pass says that he knows of
    it. He confirms all that stands when his tick is recorded, what he has not seen too: each holder is told.
    """
    others = {move.state: move for move in _standing(facts, data) if move.state != actor.state}
    if others and not data.confirm_held:
        said = [text for state in sorted(others)
                for text in (_said(actor, others[state], data), _call(state, data.post))]  # fmt: skip
        raise Held(say("{said} What another state holds does not bind yours: if it passes all the same,"
                       " confirm it with {field}; then this is told to: {states}.", said=reduce(_joined, said),
                       field=CONFIRM, states=Codes("state", tuple(sorted(others)))))  # fmt: skip


def against(state: str, facts: Facts, data: CheckpointData) -> Sequence[str]:
    """Return the other states whose hold or refusal a tick passes over, in order."""
    return sorted({move.state for move in _standing(facts, data)} - {state})


def _standing(facts: Facts, data: CheckpointData) -> list[Move]:
    """Return what stopped the goods at the moment of a passing, and has not ended since."""
    if data.outcome != "passed" or facts.is_over:
        return []
    return [move for move in standing(facts)
            if move.effect != "lose" and move.at <= data.occurred_at]  # fmt: skip


def _is_ended_by(move: Move, data: CheckpointData) -> bool:
    """Tell whether a passing is what ends the own state's stop: its own stage, or a refusal."""
    return move.is_refusal or (move.effect == "stop" and move.stage == data.stage)


def _said(actor: Actor, move: Move, data: CheckpointData) -> Message:
    """Return whose word it is, since when by the clock of the post or else of the agency, and why."""
    why = move.reason.rstrip(".") if move.reason else UNSAID
    zone = sides_for(get_post(data.post), actor.state)[0].zone if data.post else zone_of(actor)
    at = move.at.astimezone(ZoneInfo(zone))
    if move.state == actor.state:
        return say("Your state holds this shipment since {moment}: {why}.", moment=at, why=why)
    state = Coded("state", move.state)
    if move.is_refusal:
        return say("{state} refused this shipment on {moment}: {why}.", state=state, moment=at,
                   why=why)  # fmt: skip
    return say("{state} holds this shipment since {moment}: {why}.", state=state, moment=at,
               why=why)  # fmt: skip


def _joined(first: Message, second: Message) -> Message:
    return Message(BESIDE, {"first": first, "second": second})


def _call(state: str, post: str | None) -> Message:
    """Return whom to call before it passes: who stands at the post, else the office on duty."""
    asked = (state, None, post or "")
    office = called_from([asked]).get(asked) or contact_of(state)
    if office is None:
        return say("No office is registered that can be called.")
    reached = ", ".join(filter(None, (name_of(office.agency), office.telephone or office.email)))
    return say("Call first: {office}.", office=reached)
