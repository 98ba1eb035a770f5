"""What does not agree with the papers at the barrier, in the words of who stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.i18n import translate
from api.web.shown import label, number
from salsa_ext.errors import Message, say
from salsa_ext.matching.marks import normalise
from salsa_ext.readmodels.trucks import Truck


def is_of_tick(doubt: Any, tick: Any) -> bool:
    """Tell whether a discrepancy is about what was read with a tick."""
    return tick is not None and doubt.key == f"{tick.stage}:{tick.post or tick.owner_state}"


def is_of_entry(doubt: Any) -> bool:
    """Tell whether a discrepancy is that goods entered which were never released."""
    return bool(doubt.data.get("why") == "not_released")


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
