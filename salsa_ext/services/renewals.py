"""A trace asks again, with what it has since learned of its gun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from salsa_ext.matching.requests import renewed
from salsa_ext.models import Trace, TraceLeg
from salsa_ext.services import deliveries, legs, routing
from salsa_ext.services.routing import Route
from salsa_ext.services.sealing import Vault
from salsa_ext.values.actor import Actor

ENDED: Final = ("withdrawn",)


def ask_again(actor: Actor, vault: Vault, trace: Trace) -> list[str]:
    """Ask anew with the trace's description as it now is; returns the other states that were asked.

    What the service said for a state at once is said anew, and what no longer follows is so taken
    back; what a person said stays, and he is told that more is known.
    """
    wanted, standing = routing.route(actor, trace), legs.of(trace)
    known = {leg.state for leg in standing}
    fresh = {state: why for state, why in wanted.why.items() if state not in known}
    legs.make(actor, vault, trace, Route(fresh, wanted.by_state, wanted.reach))
    others = [leg for leg in standing if leg.state != trace.owner_state]
    _renew_own(actor, vault, trace, standing, wanted)
    told = [leg for leg in others if leg.channel == "salsa" and leg.status not in ENDED]
    _tell(actor, vault, trace, told)
    by_hand = [leg for leg in others if leg.channel != "salsa" and leg.is_automatic
               and leg.state in wanted.why]  # fmt: skip
    for leg in [*told, *by_hand]:
        legs.put(leg, renewed(leg.status, is_automatic=leg.is_automatic))
        if leg.status == "sent":
            leg.events = []
        if leg.state in wanted.why:
            leg.why = legs.as_texts(wanted.why[leg.state])
        leg.asked_at = actor.now()
    asked = {leg.state for leg in [*told, *by_hand]} | fresh.keys()
    return sorted(asked - {trace.owner_state})


def _renew_own(
    actor: Actor, vault: Vault, trace: Trace, standing: Sequence[TraceLeg], wanted: Route
) -> None:
    for leg in standing:
        if leg.state == trace.owner_state:
            said = legs.own_answer(actor, trace, wanted)
            leg.events, leg.answered_at, leg.asked_at = said["events"], actor.now(), actor.now()
            legs.put(leg, said["status"])
            row = {"state": leg.state, "events": leg.events}
            legs.follow(actor, vault, trace, legs.pointed_to([row]))


def _tell(actor: Actor, vault: Vault, trace: Trace, told: Sequence[TraceLeg]) -> None:
    envelopes = deliveries.send_many(actor, vault, [
        legs.letter(trace, "trace.renewed", leg.state, leg.id) for leg in told
    ])  # fmt: skip
    for leg, envelope in zip(told, envelopes, strict=True):
        leg.asked_in = envelope.id
    legs.keep_sent(actor, told, envelopes)
