"""What a trace lacks: what the description does not say, and what states named without an answer; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from salsa_ext.errors import Message, say
from salsa_ext.matching.events import Event
from salsa_ext.matching.outlooks import tells_origin
from salsa_ext.matching.prose import marking_of

ORIGIN: Final = ("manufacture", "import")
DISTINCTIVE: Final = ("make", "model", "calibre")


def undescribed(firearm: Mapping[str, Any], chain: Sequence[Event]) -> Iterator[Message]:
    """Yield what the description of the gun lacks; where it came from its chain may say instead."""
    if not is_legible(firearm):
        yield say("A legible serial, from the frame or a laboratory.")
    if not firearm.get("make"):
        yield say("The make: serials repeat between makers.")
    if not firearm.get("calibre"):
        yield say("The calibre.")
    if not tells_origin(firearm) and not any(event["event"] in ORIGIN for event in chain):
        yield say("The country of manufacture, or the import mark.")


def is_legible(firearm: Mapping[str, Any]) -> bool:
    """Tell whether the description has a serial that can be read."""
    serial: str = firearm.get("serial") or ""
    return bool(serial) and marking_of(serial) is None


def telling_apart(several: Sequence[Sequence[Event]]) -> Message:
    """Return what would tell the guns apart that it may be: where they are alike, their serials alone."""
    kinds = ({event.get(name) for gun in several for event in gun} - {None} for name in DISTINCTIVE)
    if len(several) > 1 and all(len(kind) <= 1 for kind in kinds):
        return say("A surer reading of the serial, from the frame or a laboratory: in all else that is recorded"
                   " the candidates are alike.")  # fmt: skip
    return say("Something that tells the candidates apart: make, model, calibre, photograph.")


def circling(named: Mapping[str, str]) -> set[str]:
    """Return the states that named another where that leads back to them: none of these answered."""
    return {state for state in named if state in _way(named, state)}


def _way(named: Mapping[str, str], state: str) -> list[str]:
    """Return whom a state named, whom that named, and so on, until one comes again or named nobody."""
    way: list[str] = []
    while (state := named.get(state, "")) and state not in way:
        way.append(state)
    return way
