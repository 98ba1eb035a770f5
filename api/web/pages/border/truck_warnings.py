"""Discrepancies and holds of a truck, in words for the officer."""

from collections.abc import Mapping
from typing import Any, Final

from api.i18n.messages import translate
from api.web.formatting import label, moment, number
from api.web.pages.border.desk_pages import CurrentPost
from salsa_ext.boards.crossings import Truck
from salsa_ext.core.errors import Message, message
from salsa_ext.firearms.marks.keys import normalise
from salsa_ext.trade.shipments.checkpoints import NO_REASON
from salsa_ext.trade.shipments.progress import MovementEvent

OPEN_STATUSES: Final = ("open", "reopened")


def side_warnings(here: CurrentPost, truck: Truck) -> list[str]:
    """Return discrepancies of the own side's last checkpoint in words."""
    checkpoint = truck.stage_of(here.own.state).checkpoint
    place = checkpoint and f"{checkpoint.stage}:{checkpoint.post or checkpoint.owner_state}"
    return [
        discrepancy_text(truck, row)
        for row in truck.view.discrepancies
        if (place and row.key == place) or row.data.get("why") == "not_released"
    ]


def checkpoint_results(here: CurrentPost, truck: Truck) -> list[str]:
    """Return new and related discrepancies after a checkpoint, in words."""
    own = [row for row in truck.view.checkpoints if row.owner_state == here.own.state]
    last = max(own, key=lambda row: row.recorded_at, default=None)
    opened = [
        row
        for row in truck.view.discrepancies
        if last and row.status in OPEN_STATUSES and row.changed_at >= last.recorded_at
    ]
    texts = [discrepancy_text(truck, row) for row in opened]
    if opened:
        count = message("Discrepancies opened: {count}.", count=number(len(opened)))
        texts.insert(0, translate(count))
    return [*dict.fromkeys([*texts, *side_warnings(here, truck)])]


def hold_warnings(here: CurrentPost, truck: Truck) -> list[str]:
    """Return current holds and refusals in words."""
    stopped = translate(message("It is stopped now."))
    return [
        f"{stopped} {translate(_hold_text(hold, here))}"
        for hold in truck.view.hold.active_stops
        if hold.effect != "lose"
    ]


def _hold_text(hold: MovementEvent, here: CurrentPost) -> Message:
    """Return state, time and reason of a hold or refusal."""
    params = {
        "moment": moment(hold.at, here.own.zone),
        "state": label("state", hold.state),
        "why": (hold.reason or translate(NO_REASON)).rstrip("."),
    }
    if hold.is_refusal:
        return message("{state} refused this shipment on {moment}: {why}.", **params)
    return message("{state} holds this shipment since {moment}: {why}.", **params)


def discrepancy_text(truck: Truck, discrepancy: Any) -> str:
    """Return a discrepancy in a sentence: stage, reading and expected value."""
    data: Mapping[str, Any] = discrepancy.data
    if discrepancy.kind == "seal_mismatch":
        text = _seal_text(data, truck)
    elif discrepancy.kind == "quantity_mismatch" and "counted" in data:
        text = message(
            "{counted} pieces counted, {expected} on its papers.",
            counted=number(data["counted"]),
            expected=number(data["expected"]),
        )
    elif data.get("why") == "not_released":
        return translate(message("{state} never released it.", state=label("state", data["state"])))
    elif discrepancy.kind == "missing_checkpoint":
        text = message("never recorded as passed.")
    else:
        return label("discrepancy_kind", discrepancy.kind)
    return f"{label('checkpoint_stage', data['stage'])}: {translate(text)}"


def _seal_text(data: Mapping[str, Any], truck: Truck) -> Message:
    """Return the differing seals, as they were typed."""
    written = [seal for row in truck.view.checkpoints for seal in row.seals]
    spellings = {normalise(seal): seal for seal in (*written, *truck.shipment.seals)}

    def join(seals: set[str]) -> str:
        return ", ".join(spellings.get(seal, seal) for seal in sorted(seals))

    read, declared = set(data["read"]), set(data["declared"])
    return message(
        "{count} of {all} seals differ: {read} read, {declared} expected.",
        count=max(len(read - declared), len(declared - read)),
        all=max(len(read), len(declared)),
        read=join(read),
        declared=join(declared),
    )
