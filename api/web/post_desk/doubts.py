"""What does not agree with the papers at the barrier, in the words of who stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.i18n import translate
from api.web.post_desk.here import Here
from api.web.shown import label, moment, number
from salsa_ext.errors import Message, say
from salsa_ext.matching.holds import Move
from salsa_ext.matching.marks import normalise
from salsa_ext.readmodels.trucks import Truck
from salsa_ext.services.stops import UNSAID

OPENED: Final = ("open", "reopened")


def is_of_tick(doubt: Any, tick: Any) -> bool:
    """Tell whether a discrepancy is about what was read with a tick."""
    return tick is not None and doubt.key == f"{tick.stage}:{tick.post or tick.owner_state}"


def is_of_entry(doubt: Any) -> bool:
    """Tell whether a discrepancy is that goods entered which were never released."""
    return bool(doubt.data.get("why") == "not_released")


def warnings(here: Here, truck: Truck) -> list[str]:
    """Return in words what was last read on the own side and does not agree with the papers."""
    tick = truck.stamp_of(here.own.state).tick
    return [said(truck, one) for one in truck.view.discrepancies
            if is_of_tick(one, tick) or is_of_entry(one)]  # fmt: skip


def came_of(here: Here, truck: Truck) -> list[str]:
    """Return in words what the own side's last tick opened, and what else does not agree with it."""
    own = [tick for tick in truck.view.checkpoints if tick.owner_state == here.own.state]
    last = max(own, key=lambda tick: tick.recorded_at, default=None)
    opened = [one for one in truck.view.discrepancies
              if last and one.status in OPENED and one.changed_at >= last.recorded_at]  # fmt: skip
    told = [translate(say("Discrepancies opened: {count}.", count=number(len(opened))))]
    told = told * bool(opened) + [said(truck, one) for one in opened]
    return [*dict.fromkeys([*told, *warnings(here, truck)])]


def stops(here: Here, truck: Truck) -> list[str]:
    """Return in words what stops a truck still."""
    now = translate(say("It is stopped now."))
    return [f"{now} {translate(_stop(move, here))}" for move in truck.view.held.standing
            if move.effect != "lose"]  # fmt: skip


def _stop(move: Move, here: Here) -> Message:
    """Return whose word it is, since when and why."""
    told = {"moment": moment(move.at, here.own.zone), "state": label("state", move.state),
            "why": (move.reason or translate(UNSAID)).rstrip(".")}  # fmt: skip
    if move.is_refusal:
        return say("{state} refused this shipment on {moment}: {why}.", **told)
    return say("{state} holds this shipment since {moment}: {why}.", **told)


def said(truck: Truck, doubt: Any) -> str:
    """Return a discrepancy in a sentence: what was read at which stage, and what was expected."""
    told: Mapping[str, Any] = doubt.data
    if doubt.kind == "seal_mismatch":
        words = _seals(told, _spelled(truck))
    elif doubt.kind == "quantity_mismatch" and "counted" in told:
        words = say("{counted} pieces counted, {expected} on its papers.",
                    counted=number(told["counted"]), expected=number(told["expected"]))  # fmt: skip
    elif told.get("why") == "not_released":
        return translate(say("{state} never released it.", state=label("state", told["state"])))
    elif doubt.kind == "missing_checkpoint":
        words = say("never ticked as passed.")
    else:
        return label("discrepancy_kind", doubt.kind)
    return f"{label('checkpoint_stage', told['stage'])}: {translate(words)}"


def _seals(told: Mapping[str, Any], spelled: Mapping[str, str]) -> Message:
    read, declared = set(told["read"]), set(told["declared"])
    differing = max(len(read - declared), len(declared - read))
    return say("{count} of {all} seals differ: {read} read, {declared} expected.", count=differing,
               all=max(len(read), len(declared)), read=_list(read, spelled),
               declared=_list(declared, spelled))  # fmt: skip


def _list(seals: set[str], spelled: Mapping[str, str]) -> str:
    return ", ".join(spelled.get(seal, seal) for seal in sorted(seals))


def _spelled(truck: Truck) -> Mapping[str, str]:
    """Return seals as the papers and the ticks write them, by how they are compared."""
    written = [seal for tick in truck.view.checkpoints for seal in tick.seals]
    return {normalise(seal): seal for seal in (*written, *truck.shipment.seals)}
