"""Discrepancies and holds of a truck, in words for the officer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.i18n.messages import translate
from api.web.formatting import label, moment, number
from api.web.pages.border.current_post import CurrentPost
from salsa_ext.boards.crossings import Truck
from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.trade.shipments.checkpoints import NO_REASON
from salsa_ext.trade.shipments.progress import MovementEvent

OPEN_STATUSES: Final = ("open", "reopened")


def is_about_checkpoint(discrepancy: Any, checkpoint: Any) -> bool:
    """Return whether a discrepancy is about a checkpoint."""
    return (
        checkpoint is not None
        and discrepancy.key == f"{checkpoint.stage}:{checkpoint.post or checkpoint.owner_state}"
    )


def is_unreleased_entry(discrepancy: Any) -> bool:
    """Return whether a discrepancy is an entry of unreleased goods."""
    return bool(discrepancy.data.get("why") == "not_released")


def side_warnings(here: CurrentPost, truck: Truck) -> list[str]:
    """Return discrepancies of the own side's last checkpoint in words."""
    tick = truck.stage_of(here.own.state).checkpoint
    return [
        discrepancy_text(truck, one)
        for one in truck.view.discrepancies
        if is_about_checkpoint(one, tick) or is_unreleased_entry(one)
    ]


def checkpoint_results(here: CurrentPost, truck: Truck) -> list[str]:
    """Return new and related discrepancies after a checkpoint, in words."""
    own = [tick for tick in truck.view.checkpoints if tick.owner_state == here.own.state]
    last = max(own, key=lambda tick: tick.recorded_at, default=None)
    opened = [
        one
        for one in truck.view.discrepancies
        if last and one.status in OPEN_STATUSES and one.changed_at >= last.recorded_at
    ]
    told = [translate(message("Discrepancies opened: {count}.", count=number(len(opened))))]
    told = told * bool(opened) + [discrepancy_text(truck, one) for one in opened]
    return [*dict.fromkeys([*told, *side_warnings(here, truck)])]


def hold_warnings(here: CurrentPost, truck: Truck) -> list[str]:
    """Return current holds and refusals in words."""
    now = translate(message("It is stopped now."))
    return [
        f"{now} {translate(_hold_text(move, here))}"
        for move in truck.view.hold.active_stops
        if move.effect != "lose"
    ]


def _hold_text(move: MovementEvent, here: CurrentPost) -> Message:
    """Return state, time and reason of a hold or refusal."""
    told = {
        "moment": moment(move.at, here.own.zone),
        "state": label("state", move.state),
        "why": (move.reason or translate(NO_REASON)).rstrip("."),
    }
    if move.is_refusal:
        return message("{state} refused this shipment on {moment}: {why}.", **told)
    return message("{state} holds this shipment since {moment}: {why}.", **told)


def discrepancy_text(truck: Truck, discrepancy: Any) -> str:
    """Return a discrepancy in a sentence: stage, reading and expected value."""
    told: Mapping[str, Any] = discrepancy.data
    if discrepancy.kind == "seal_mismatch":
        words = _seal_text(told, _seal_spellings(truck))
    elif discrepancy.kind == "quantity_mismatch" and "counted" in told:
        words = message(
            "{counted} pieces counted, {expected} on its papers.",
            counted=number(told["counted"]),
            expected=number(told["expected"]),
        )
    elif told.get("why") == "not_released":
        return translate(message("{state} never released it.", state=label("state", told["state"])))
    elif discrepancy.kind == "missing_checkpoint":
        words = message("never ticked as passed.")
    else:
        return label("discrepancy_kind", discrepancy.kind)
    return f"{label('checkpoint_stage', told['stage'])}: {translate(words)}"


def _seal_text(told: Mapping[str, Any], spelled: Mapping[str, str]) -> Message:
    read, declared = set(told["read"]), set(told["declared"])
    differing = max(len(read - declared), len(declared - read))
    return message(
        "{count} of {all} seals differ: {read} read, {declared} expected.",
        count=differing,
        all=max(len(read), len(declared)),
        read=_join_seals(read, spelled),
        declared=_join_seals(declared, spelled),
    )


def _join_seals(seals: set[str], spelled: Mapping[str, str]) -> str:
    return ", ".join(spelled.get(seal, seal) for seal in sorted(seals))


def _seal_spellings(truck: Truck) -> Mapping[str, str]:
    """Return spellings of seals by their normalised form."""
    written = [seal for tick in truck.view.checkpoints for seal in tick.seals]
    return {normalise(seal): seal for seal in (*written, *truck.shipment.seals)}
