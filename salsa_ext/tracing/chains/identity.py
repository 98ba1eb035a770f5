"""Which events are of the traced gun, and which of another; pure."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from salsa_ext.core.errors import CodeLabels, message
from salsa_ext.firearms.marks.distance import can_be_same, compare
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.records.event_kinds import LAWFUL, MISSING_EVENTS, Event
from salsa_ext.firearms.search.evidence import (
    CONFUSED_GLYPH_BITS,
    CONTRADICTING_FIELDS,
    TOO_EARLY_PENALTY,
    WEIGHTS,
    Description,
    Weight,
    is_too_early,
)
from salsa_ext.guns.possession import Objection
from salsa_ext.guns.rules import components

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


def contradicting_fields(query: Description, record: Description, event: str) -> tuple[str, ...]:
    """Return the fields by which a record is of another gun.

    Empty if it may be of this gun. A theft or loss would prove a diversion, so it is of another gun
    already by another make, calibre or type, by two other fields, by a day before manufacture, or
    by any field with a near serial. A field that the record lacks contradicts nothing.
    """
    differing = _differing_weights(query, record)
    serials = query.serial_norm, record.serial_norm
    near = compare(*serials) if all(serials) else None
    confused = near.count if near and near.kind == "confusable" else 0
    is_early = is_too_early(query, record) or is_too_early(record, query)
    bits = difference_bits(query, record) + CONFUSED_GLYPH_BITS * confused
    is_other = bits + (TOO_EARLY_PENALTY if is_early else 0.0) <= EXCLUDING_BITS
    if event in MISSING_EVENTS:
        is_decided = is_early or any(weight.name in CONTRADICTING_FIELDS for weight in differing)
        is_other |= is_decided or len(differing) + bool(confused) > 1
    if not is_other:
        return ()
    names = [FIELD_NAMES.get(weight.name, weight.name) for weight in differing]
    return (*(["serial"] if confused else []), *names, *(["occurred_on"] if is_early else []))


def difference_bits(query: Description, record: Description) -> float:
    """Return the bits of the fields in which a record differs."""
    return sum(weight.differs for weight in _differing_weights(query, record))


def _differing_weights(query: Description, record: Description) -> list[Weight]:
    return [weight for weight in WEIGHTS if weight.outcome(query, record) == "other"]


def other_gun_objections(events: Sequence[Event], firearm: Mapping[str, Any]) -> list[Objection]:
    """Return the events of other guns in order, each with the reason.

    Those that contradict the description (`against`). Where a lawful record bears the exact serial,
    also a theft or loss with another serial, even a near one, and an event with a near serial that
    differs otherwise (`differs`), unless a certain link joins it. An event that a person assigned
    to this gun is of it.
    """
    serials = serials_of(firearm)
    compared = [
        (event, _serial_nearness(event, serials))
        for event in events
        if event.get("strength", "") is not None
    ]
    has_exact = any(event["event"] in LAWFUL and kind == "same" for event, kind in compared)
    linked = {event["record"] for event in events if event.get("linked_record")}
    linked |= {event.get("linked_record") for event in events}
    objections = []
    for event, kind in compared:
        if event["event"] in MISSING_EVENTS:
            is_other = bool(event.get("serial")) and kind not in ("same", "unread")
        else:
            is_other = kind == "confusable" and event.get("differs", 0.0) <= NEAR_SERIAL_BITS
        if names := event.get("against"):
            why = message(
                "It says otherwise than the gun is described ({fields}): another gun, or one of the"
                " two is wrong.",
                fields=CodeLabels("compared", tuple(names)),
            )
            objections.append(Objection(event, why))
        elif has_exact and is_other and event["record"] not in linked:
            why = message(
                "Its serial {serial} is another than was read, and other records bear that one:"
                " another gun, or a misread record.",
                serial=event["serial"],
            )
            objections.append(Objection(event, why))
    return objections


def serials_of(firearm: Mapping[str, Any]) -> list[str]:
    """Return the serials read on the gun, the main one first."""
    further = [mark["text"] for mark in firearm.get("marks") or () if mark["kind"] == "manufacture"]
    return [normalise(text) for text in (firearm.get("serial"), *further) if text]


def _serial_nearness(event: Event, serials: Sequence[str]) -> str | None:
    """Return how near an event's serial is; None for another one, or for none."""
    serial = normalise(event.get("serial") or "")
    kinds = {near.kind for other in serials if serial and (near := compare(other, serial))}
    return next((kind for kind in ("same", "unread", "confusable") if kind in kinds), None)


def split_by_gun(chain: Sequence[Event]) -> list[list[Event]]:
    """Group the lawful events of a chain by gun, each in order.

    Also groups thefts and losses that fit none of these guns: they prove no diversion of one. A
    mark misread or read in part fits several guns. Events whose serials differ by more than
    confusable glyphs are of several guns, unless a certain link joins them (a shipment item and its
    receipt). Events without a serial are left out.
    """
    marked = [event for event in chain if event.get("serial")]
    lawful = [event for event in marked if event["event"] in LAWFUL]
    losses = [event for event in marked if lawful and event["event"] in MISSING_EVENTS]
    serials = [event["serial"] for event in lawful]
    rest = [loss for loss in losses if not any(can_be_same(loss["serial"], own) for own in serials)]
    known = [*lawful, *rest]
    pairs = combinations(range(len(known)), 2)
    same = (pair for pair in pairs if _is_same_gun(known[pair[0]], known[pair[1]]))
    guns = sorted(map(sorted, components(range(len(known)), same)), key=max)
    return [[known[at] for at in gun] for gun in guns]


def with_all_events(guns: Sequence[Sequence[Event]], events: Sequence[Event]) -> list[list[Event]]:
    """Return all events of each gun; unlawful ones join by serial."""
    rest = [event for event in events if event["event"] not in LAWFUL and event.get("serial")]
    complete = []
    for gun in guns:
        others = [event for event in rest if event not in gun]
        joined = [each for each in others if any(_is_same_gun(each, event) for event in gun)]
        complete.append([*gun, *joined])
    return complete


def _is_same_gun(event: Event, other: Event) -> bool:
    linked = {event.get("linked_record"), other.get("linked_record")} - {None}
    if linked & {event["record"], other["record"]}:
        return True
    return skeleton(normalise(event["serial"])) == skeleton(normalise(other["serial"]))
