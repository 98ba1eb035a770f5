"""Records that are of another gun than is asked for: what they say is too much otherwise; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from salsa_ext.errors import Codes, Message, say
from salsa_ext.matching.claims import MISSED, Objection
from salsa_ext.matching.events import LAWFUL, Event
from salsa_ext.matching.evidence import (
    CONFUSED_GLYPH,
    DECIDING,
    TOO_EARLY,
    WEIGHTS,
    Description,
    Weight,
    is_too_early,
)
from salsa_ext.matching.marks import normalise
from salsa_ext.matching.nearness import compare

ENOUGH: Final = -7.5
"""Bits that another model, year and country of manufacture have together: one or two are often mistakes."""
NAMES: Final = {"calibre_family": "calibre", "country": "country_of_manufacture"}
"""How the interface calls what is compared."""
MUCH: Final = -3.0
"""Bits against a record whose serial is only alike: the model alone is written in many ways."""
OTHER_SERIAL: Final = say(
    "Its serial {serial} is another than was read, and other records bear that one: another gun, or a misread"
    " record."
)  # fmt: skip


def contradictions(asked: Description, held: Description, event: str) -> tuple[str, ...]:
    """Return what a record says otherwise, where that is so much that it is of another gun; else nothing.

    From a theft or a loss it would be concluded where a gun was diverted: it is of another gun already
    by another make, calibre or type, by two other fields, by a day before this one was made, or by any
    field where its serial is only alike. What a record does not say contradicts nothing.
    """
    differing = _differing(asked, held)
    confused = _confused(asked.serial_norm, held.serial_norm)
    is_early = is_too_early(asked, held) or is_too_early(held, asked)
    bits = differs(asked, held) + CONFUSED_GLYPH * confused
    is_enough = bits + (TOO_EARLY if is_early else 0.0) <= ENOUGH
    if event in MISSED:
        is_decided = is_early or any(weight.name in DECIDING for weight in differing)
        is_enough |= is_decided or len(differing) + bool(confused) > 1
    if not is_enough:
        return ()
    names = [NAMES.get(weight.name, weight.name) for weight in differing]
    return (*(["serial"] if confused else []), *names, *(["occurred_on"] if is_early else []))


def differs(asked: Description, held: Description) -> float:
    """Return the bits of what a record says otherwise."""
    return sum(weight.differs for weight in _differing(asked, held))


def _differing(asked: Description, held: Description) -> list[Weight]:
    return [weight for weight in WEIGHTS if weight.outcome(asked, held) == "other"]


def of_others(told: Sequence[Event], firearm: Mapping[str, Any]) -> list[Objection]:
    """Return the events that are of another gun than is asked for, in order, each with why.

    Those that say so much otherwise (`against`). Where a lawful record bears the very serial, also a
    theft or loss of another one, be it alike, and what bears one that is alike and says something
    otherwise (`differs`), unless a certain link joins it. What a person said to be of this gun is of it.
    """
    serials = serials_of(firearm)
    compared = [event for event in told if event.get("strength", "") is not None]
    is_borne = any(
        event["event"] in LAWFUL and _kind(event, serials) == "same" for event in compared
    )
    linked = {event["record"] for event in told if event.get("linked_record")}
    linked |= {event.get("linked_record") for event in told}
    beside = [event for event in compared if is_borne and event["record"] not in linked
              and _is_of_other_serial(event, serials)]  # fmt: skip
    why = ((event, _why(event, is_beside=event in beside)) for event in compared)
    return [Objection(event, text) for event, text in why if text]


def serials_of(firearm: Mapping[str, Any]) -> list[str]:
    """Return what was read as the gun's serials, the first one first."""
    further = [mark["text"] for mark in firearm.get("marks") or () if mark["kind"] == "manufacture"]
    return [normalise(text) for text in (firearm.get("serial"), *further) if text]


def _is_of_other_serial(event: Event, serials: Iterable[str]) -> bool:
    kind = _kind(event, serials) if event.get("serial") else "same"
    if event["event"] in MISSED:
        return kind not in ("same", "unread")
    return kind == "confusable" and event.get("differs", 0.0) <= MUCH


def _why(event: Event, *, is_beside: bool) -> Message | None:
    if names := event.get("against"):
        return say("It says otherwise than the gun is described ({fields}): another gun, or one of the two is"
                   " wrong.", fields=Codes("compared", tuple(names)))  # fmt: skip
    return Message(OTHER_SERIAL.text, {"serial": event["serial"]}) if is_beside else None


def _kind(event: Event, serials: Iterable[str]) -> str | None:
    """Return how an event's serial is near those that were read, the nearest; None where it is another."""
    held = normalise(event.get("serial") or "")
    kinds = {near.kind for one in serials if held and (near := compare(one, held))}
    return next((kind for kind in ("same", "unread", "confusable") if kind in kinds), None)


def _confused(asked: str, held: str) -> int:
    near = compare(asked, held) if asked and held else None
    return near.count if near and near.kind == "confusable" else 0
