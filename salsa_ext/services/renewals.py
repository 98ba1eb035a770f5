"""A trace asks again, with what it has since learned of its gun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from salsa_ext.db import db
from salsa_ext.matching.requests import WAITING, renewed
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.services import asking_offices, deliveries, hidings, legs, routing
from salsa_ext.services.routing import Route
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor

ENDED: Final = ("withdrawn",)


def ask_again(actor: Actor, vault: Vault, trace: Trace, *, was_read: str | None) -> dict[str, str]:
    """Ask anew with the trace's description as it now is.

    What the service said for a state at once is said anew, and what no longer follows is so taken
    back; what a person said stays, and he is told that more is known. A form that waits for what
    comes back by another channel is to be sent anew, with what it now says; so is one that was
    answered, where the serial `was_read` otherwise: that answer is kept as of the earlier reading.
    Returns how the states are asked that are, as `legs.asked_by`.
    """
    wanted, standing = routing.route(actor, trace), legs.of(trace)
    own = {"state": trace.owner_state} | legs.own_answer(actor, trace, wanted)
    at_home = legs.ends_at_home(trace, [own])
    known = {leg.state for leg in standing}
    fresh = {state: why for state, why in wanted.why.items()
             if state not in known and (state in wanted.by_state or not at_home)}  # fmt: skip
    legs.make(actor, vault, trace, Route(fresh, wanted.by_state, wanted.reach))
    others = [leg for leg in standing if leg.state != trace.owner_state]
    _renew_own(actor, vault, trace, standing, own, at_home)
    told = [leg for leg in others if leg.channel == "salsa" and leg.status not in ENDED]
    _tell(actor, vault, trace, told)
    by_hand = _by_hand(others, is_read_anew=was_read != trace.firearm["serial"])
    for leg in told:
        _open_again(leg)
        leg.asked_at = actor.now()
    for leg in by_hand:
        leg.is_to_send = True
        if leg.status not in WAITING:
            leg.events = [{"earlier_reading": was_read} | event for event in leg.events]
            legs.put(leg, "sent")
    for leg in [*told, *by_hand]:
        if leg.state in wanted.why:
            leg.why = legs.as_texts(wanted.why[leg.state])
    db.session.flush()
    again = {leg.state for leg in [*told, *by_hand]}
    return {state: how for state, how in legs.asked_by(trace).items()
            if state in again or state not in known}  # fmt: skip


def _by_hand(others: Sequence[TraceLeg], *, is_read_anew: bool) -> list[TraceLeg]:
    """Return the legs by another channel whose form is to be sent anew: those that wait, or all."""
    return [leg for leg in others if leg.channel != "salsa" and leg.status not in ENDED
            and (is_read_anew or leg.status in WAITING)]  # fmt: skip


def _open_again(leg: TraceLeg) -> None:
    """Let a leg wait where the service had answered: of the gun as it is now described it said nothing."""
    status = renewed(leg.status, is_automatic=leg.is_automatic)
    if status == "sent":
        leg.events, leg.answered_at, leg.failure_reason = [], None, None
    legs.put(leg, status)


def _renew_own(
    actor: Actor, vault: Vault, trace: Trace, standing: Sequence[TraceLeg],
    said: Mapping[str, Any], at_home: bool,
) -> None:  # fmt: skip
    for leg in standing:
        if leg.state == trace.owner_state:
            leg.events, leg.answered_at, leg.asked_at = said["events"], actor.now(), actor.now()
            legs.put(leg, said["status"])
            legs.follow(actor, vault, trace, {} if at_home else legs.pointed_to([said]))


def _tell(actor: Actor, vault: Vault, trace: Trace, told: Sequence[TraceLeg]) -> None:
    hidden = hidings.of(trace.id)
    office = asking_offices.office(actor, trace, hidden) if told else None
    envelopes = deliveries.send_many(actor, vault, [
        legs.letter(trace, "trace.renewed", leg.state, leg.id, hidden, office) for leg in told
    ])  # fmt: skip
    for leg, envelope in zip(told, envelopes, strict=True):
        leg.asked_in = envelope.id
    legs.keep_sent(actor, told, envelopes)
