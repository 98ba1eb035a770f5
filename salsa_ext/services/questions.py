"""What whoever ticks a passing is asked before, where he says which version of the shipment he saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from salsa_ext.errors import Coded, Differs, HeldSince, Message, Named, Unconfirmed, Unreleased, say
from salsa_ext.matching.doubts import Doubt
from salsa_ext.matching.irregularities import of_ticks
from salsa_ext.matching.journeys import Facts, Tick
from salsa_ext.matching.ledger import standing
from salsa_ext.matching.marks import normalise
from salsa_ext.models import Shipment
from salsa_ext.readmodels import pieces
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.reference import get_post
from salsa_ext.services.stops import UNSAID
from salsa_ext.values.actor import Actor
from salsa_ext.values.movements import CheckpointData


def ask(actor: Actor, shipment: Shipment, facts: Facts, data: CheckpointData) -> None:
    """Raise Unconfirmed for the first thing that a passing has to be confirmed against, and is not.

    A fact is still taken, whatever it is: who confirms it tells it.
    """
    if data.seen is None or data.outcome != "passed" or facts.is_over:
        return
    for question in _questions(actor, shipment, facts, data):
        if not getattr(data, question.field):
            raise question


def _questions(
    actor: Actor, shipment: Shipment, facts: Facts, data: CheckpointData
) -> Iterator[Unconfirmed]:
    if data.seen != shipment.version and (said := _stopped(actor, facts, data)):
        yield HeldSince(said)
    if data.stage == "entry" and not facts.is_released:
        state = Coded("state", facts.exporting)
        yield Unreleased(say("{state} never released this shipment: it may not have left. Call there. If it"
                             " enters all the same, confirm it with {field}; a discrepancy is opened.",
                             state=state, field=Named((Unreleased.field,))))  # fmt: skip
    if said := _differing(actor, shipment, facts, data):
        yield Differs(said)


def _stopped(actor: Actor, facts: Facts, data: CheckpointData) -> Message | None:
    """Return what the own state stopped by the moment of the passing, which would end it."""
    own = [move for move in standing(facts) if move.state == actor.state
           and move.effect != "lose" and move.at <= data.occurred_at]  # fmt: skip
    if not own:
        return None
    move = own[-1]
    zone = sides_for(get_post(data.post), actor.state)[0].zone if data.post else zone_of(actor)
    return say("Your own side stopped this shipment on {moment}, which you may not have seen: {why}. Ask there"
               " before it passes. If it passes all the same, confirm it with {field}.",
               moment=move.at.astimezone(ZoneInfo(zone)), field=Named((HeldSince.field,)),
               why=move.reason.rstrip(".") if move.reason else UNSAID)  # fmt: skip


def _differing(
    actor: Actor, shipment: Shipment, facts: Facts, data: CheckpointData
) -> Message | None:
    """Return what does not agree with the papers in a tick that is about to be recorded."""
    tick = Tick(data.stage, actor.own_state(), data.occurred_at, data.outcome, data.post,
                frozenset(map(normalise, data.seals)), data.quantity, recorded_at=actor.now())  # fmt: skip
    papers = facts.pieces
    if data.quantity is not None:  # facts know the papers' count where somebody counted before
        papers = pieces.of_shipments([shipment])[shipment.id].fitting
    found = of_ticks(replace(facts, ticks=(*facts.ticks, tick), pieces=papers), tick)
    spelled = {normalise(seal): seal for seal in (*data.seals, *shipment.seals)}
    said = [_said(doubt, spelled) for doubt in found]
    if not said:
        return None
    field = Named((Differs.field,))
    if said[1:]:
        return say("{said} {more} Read it once more. If it passes as it is, confirm it with {field};"
                   " a discrepancy is opened.", said=said[0], more=said[1], field=field)  # fmt: skip
    return say("{said} Read it once more. If it passes as it is, confirm it with {field}; a discrepancy is"
               " opened.", said=said[0], field=field)  # fmt: skip


def _said(doubt: Doubt, spelled: Mapping[str, str]) -> Message:
    if doubt.kind == "quantity_mismatch":
        return say("{counted} pieces counted, {expected} on its papers.",
                   counted=doubt.data["counted"], expected=doubt.data["expected"])  # fmt: skip
    read, declared = (", ".join(spelled.get(seal, seal) for seal in doubt.data[name])
                      for name in ("read", "declared"))  # fmt: skip
    return say("Seals read: {read}; expected: {declared}.", read=read, declared=declared)
