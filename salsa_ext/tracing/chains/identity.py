"""Which events are of the traced gun, and which of another; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from salsa_ext.core.errors import CodeLabels, Message, message
from salsa_ext.firearms.marks.distance import can_be_same, compare
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.records.values import LAWFUL, MISSING_EVENTS, Event
from salsa_ext.firearms.search.evidence import (
    CONFUSED_GLYPH_BITS,
    CONTRADICTING_FIELDS,
    TOO_EARLY_PENALTY,
    WEIGHTS,
    Description,
    Weight,
    is_too_early,
)
from salsa_ext.tracing.chains.rules import Objection

EXCLUDING_BITS: Final = -7.5
"""Bits of a different model, year and country together.

One or two of them are often mistakes.
"""
FIELD_NAMES: Final = {"calibre_family": "calibre", "country": "country_of_manufacture"}
"""Names of compared fields in the interface."""
NEAR_SERIAL_BITS: Final = -3.0
"""Bits that exclude a record with a near serial.

The model alone is not enough: models are written in many ways.
"""
OTHER_SERIAL: Final = message(
    "Its serial {serial} is another than was read, and other records bear that one: another gun, or a misread"
    " record."
)


def contradicting_fields(asked: Description, held: Description, event: str) -> tuple[str, ...]:
    """Return the fields by which a record is of another gun.

    Empty if it may be of this gun. A theft or loss would prove a diversion, so it is of another gun
    already by another make, calibre or type, by two other fields, by a day before manufacture, or
    by any field with a near serial. A field that the record lacks contradicts nothing.
    """
    differing = _differing_weights(asked, held)
    confused = _confused_glyphs(asked.serial_norm, held.serial_norm)
    is_early = is_too_early(asked, held) or is_too_early(held, asked)
    bits = difference_bits(asked, held) + CONFUSED_GLYPH_BITS * confused
    is_enough = bits + (TOO_EARLY_PENALTY if is_early else 0.0) <= EXCLUDING_BITS
    if event in MISSING_EVENTS:
        is_decided = is_early or any(weight.name in CONTRADICTING_FIELDS for weight in differing)
        is_enough |= is_decided or len(differing) + bool(confused) > 1
    if not is_enough:
        return ()
    names = [FIELD_NAMES.get(weight.name, weight.name) for weight in differing]
    return (*(["serial"] if confused else []), *names, *(["occurred_on"] if is_early else []))


def difference_bits(asked: Description, held: Description) -> float:
    """Return the bits of the fields in which a record differs."""
    return sum(weight.differs for weight in _differing_weights(asked, held))


def _differing_weights(asked: Description, held: Description) -> list[Weight]:
    return [weight for weight in WEIGHTS if weight.outcome(asked, held) == "other"]


def other_gun_objections(events: Sequence[Event], firearm: Mapping[str, Any]) -> list[Objection]:
    """Return the events of other guns in order, each with the reason.

    Those that contradict the description (`against`). Where a lawful record bears the exact serial,
    also a theft or loss with another serial, even a near one, and an event with a near serial that
    differs otherwise (`differs`), unless a certain link joins it. An event that a person assigned
    to this gun is of it.
    """
    serials = serials_of(firearm)
    compared = [event for event in events if event.get("strength", "") is not None]
    is_borne = any(
        event["event"] in LAWFUL and _serial_nearness(event, serials) == "same"
        for event in compared
    )
    linked = {event["record"] for event in events if event.get("linked_record")}
    linked |= {event.get("linked_record") for event in events}
    beside = [
        event
        for event in compared
        if is_borne and event["record"] not in linked and _has_other_serial(event, serials)
    ]
    why = ((event, _objection_text(event, is_beside=event in beside)) for event in compared)
    return [Objection(event, text) for event, text in why if text]


def serials_of(firearm: Mapping[str, Any]) -> list[str]:
    """Return the serials read on the gun, the main one first."""
    further = [mark["text"] for mark in firearm.get("marks") or () if mark["kind"] == "manufacture"]
    return [normalise(text) for text in (firearm.get("serial"), *further) if text]


def _has_other_serial(event: Event, serials: Iterable[str]) -> bool:
    kind = _serial_nearness(event, serials) if event.get("serial") else "same"
    if event["event"] in MISSING_EVENTS:
        return kind not in ("same", "unread")
    return kind == "confusable" and event.get("differs", 0.0) <= NEAR_SERIAL_BITS


def _objection_text(event: Event, *, is_beside: bool) -> Message | None:
    if names := event.get("against"):
        return message(
            "It says otherwise than the gun is described ({fields}): another gun, or one of the two is"
            " wrong.",
            fields=CodeLabels("compared", tuple(names)),
        )
    return Message(OTHER_SERIAL.text, {"serial": event["serial"]}) if is_beside else None


def _serial_nearness(event: Event, serials: Iterable[str]) -> str | None:
    """Return how near an event's serial is; None for another one."""
    held = normalise(event.get("serial") or "")
    kinds = {near.kind for one in serials if held and (near := compare(one, held))}
    return next((kind for kind in ("same", "unread", "confusable") if kind in kinds), None)


def _confused_glyphs(asked: str, held: str) -> int:
    near = compare(asked, held) if asked and held else None
    return near.count if near and near.kind == "confusable" else 0


def split_by_gun(chain: Sequence[Event]) -> list[list[Event]]:
    """Group the lawful events of a chain by gun, each in order.

    Also groups thefts and losses that fit none of these guns: they prove no diversion of one. A
    mark misread or read in part fits several guns. Events whose serials differ by more than
    confusable glyphs are of several guns, unless a certain link joins them (a shipment item and its
    receipt). Events without a serial are left out.
    """
    marked = [event for event in chain if event.get("serial")]
    lawful = [event for event in marked if event["event"] in LAWFUL]
    found: list[list[Event]] = []
    for event in [*lawful, *_unmatched_losses(marked, lawful)]:
        same = [gun for gun in found if any(_is_same_gun(event, other) for other in gun)]
        found = [gun for gun in found if gun not in same]
        found.append([*(other for gun in same for other in gun), event])
    return found


def _unmatched_losses(marked: Sequence[Event], lawful: Sequence[Event]) -> list[Event]:
    """Return losses of guns without a lawful event, if others have."""
    missed = [event for event in marked if lawful and event["event"] in MISSING_EVENTS]
    return [
        event
        for event in missed
        if not any(can_be_same(event["serial"], other["serial"]) for other in lawful)
    ]


def with_all_events(
    groups: Sequence[Sequence[Event]], events: Sequence[Event]
) -> list[list[Event]]:
    """Return all events of each gun; unlawful ones join by serial."""
    rest = [event for event in events if event["event"] not in LAWFUL and event.get("serial")]
    return [
        [
            *gun,
            *(
                one
                for one in rest
                if one not in gun and any(_is_same_gun(one, other) for other in gun)
            ),
        ]
        for gun in groups
    ]


def _is_same_gun(event: Event, other: Event) -> bool:
    linked = {event.get("linked_record"), other.get("linked_record")} - {None}
    if linked & {event["record"], other["record"]}:
        return True
    return skeleton(normalise(event["serial"])) == skeleton(normalise(other["serial"]))
