"""Which records are of the traced gun, and which only may be; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from salsa_ext.core import codes
from salsa_ext.core.errors import CodeLabel, CodeLabels, Message, message
from salsa_ext.firearms.marks.distance import can_be_same, compare
from salsa_ext.firearms.marks.keys import normalise, skeleton
from salsa_ext.firearms.records.event_kinds import LAWFUL, MISSING_EVENTS, Event
from salsa_ext.firearms.search.evidence import (
    CONTRADICTING_FIELDS,
    WEIGHTS,
    Description,
    Weight,
    is_too_early,
)
from salsa_ext.guns.rules import components

THIS_GUN, NOT_THIS_GUN, _ = codes.JUDGEMENTS
FIELD_NAMES: Final = {"calibre_family": "calibre", "country": "country_of_manufacture"}
"""Names of compared fields in the interface."""
DECIDING_FIELDS: Final = CONTRADICTING_FIELDS | {"year"}
"""Fields of which one that differs leaves a record no evidence of an outcome."""
NEAR_SERIAL_BITS: Final = -3.0
"""Bits that exclude a record with a near serial.

The model alone is not enough: models are written in many ways.
"""


def contradicting_fields(query: Description, record: Description, event: str) -> tuple[str, ...]:
    """Return the fields by which a record is perhaps of another gun.

    Empty if nothing contradicts: neither make, calibre, type, year nor a day before manufacture. A
    theft or loss would prove a diversion, so two other fields contradict it too, or any field with
    a near serial. A field that the record lacks contradicts nothing.
    """
    differing = _differing_weights(query, record)
    serials = query.serial_norm, record.serial_norm
    near = compare(*serials) if all(serials) else None
    is_confused = near is not None and near.kind == "confusable"
    is_early = is_too_early(query, record) or is_too_early(record, query)
    is_decided = is_early or any(weight.name in DECIDING_FIELDS for weight in differing)
    is_several = event in MISSING_EVENTS and len(differing) + is_confused > 1
    if not (is_decided or is_several):
        return ()
    names = [FIELD_NAMES.get(weight.name, weight.name) for weight in differing]
    return (*(["serial"] if is_confused else []), *names, *(["occurred_on"] if is_early else []))


def contradicts_importer(firearm: Mapping[str, Any], event: Event) -> bool:
    """Return whether two importers' marks have no word in common."""
    marks = [mark["text"] for mark in firearm.get("marks") or () if mark["kind"] == "import"]
    read = {*" ".join([firearm.get("importer_mark") or "", *marks]).upper().split()}
    recorded = {*(event.get("importer_mark") or "").upper().split()}
    return bool(read and recorded) and read.isdisjoint(recorded)


def difference_bits(query: Description, record: Description) -> float:
    """Return the bits of the fields in which a record differs."""
    return sum(weight.differs for weight in _differing_weights(query, record))


def _differing_weights(query: Description, record: Description) -> list[Weight]:
    return [weight for weight in WEIGHTS if weight.outcome(query, record) == "other"]


@dataclass(frozen=True)
class PossibleRecord:
    """A record that may be of the gun: why it may, and why that is not certain."""

    event: Event
    why: Sequence[Message]
    why_not: Sequence[Message]

    @property
    def is_excluded(self) -> bool:
        """Return whether a person compared it and found it of another gun."""
        return self.event.get("judgement") == NOT_THIS_GUN


def split_records(
    events: Sequence[Event], firearm: Mapping[str, Any]
) -> tuple[list[Event], list[PossibleRecord]]:
    """Return the records of the gun, and those that may be of it, each in order.

    Of the gun is what a person assigned to it after comparing, strong evidence without objection,
    and what a certain link joins to such a record.
    """
    objections = _objections(events, firearm)
    judgements = {event["record"]: event.get("judgement") for event in events}
    certain = {
        event["record"]
        for event in events
        if judgements[event["record"]] == THIS_GUN
        or (
            judgements[event["record"]] is None
            and event.get("strength") in (None, "strong")
            and event["record"] not in objections
        )
    }
    links = [
        {event["record"], event["linked_record"]} for event in events if event.get("linked_record")
    ]
    for _ in links:  # a chain of links is at most as long as there are links
        certain |= {key for pair in links if pair & certain for key in pair} - {
            record for record, judgement in judgements.items() if judgement == NOT_THIS_GUN
        }
    possible = []
    for event in events:
        if event["record"] not in certain:
            possible.append(_possible_record(event, objections.get(event["record"])))
    return [event for event in events if event["record"] in certain], possible


def _possible_record(event: Event, objection: Message | None) -> PossibleRecord:
    reasons = event.get("reasons", ())
    against = [reason.text for reason in reasons if reason.bits < 0]
    if objection:
        against.append(objection)
    if event.get("judgement"):
        text = message(
            "A person compared them ({judgement}): {reason}",
            judgement=CodeLabel("judgement", event["judgement"]),
            reason=event["judged_because"],
        )
        against.insert(0, text)
    if not against:
        against = [message("Its marks alone do not tell whether it is this gun or another.")]
    return PossibleRecord(event, [reason.text for reason in reasons if reason.bits > 0], against)


def _objections(events: Sequence[Event], firearm: Mapping[str, Any]) -> dict[str, Message]:
    """Return why records are perhaps of other guns, by record.

    Those that contradict the description. Where a lawful record bears the exact serial, also a theft
    or loss with another serial, even a near one, and an event with a near serial that differs
    otherwise. An event that a person assigned to this gun is of it.
    """
    serials = serials_of(firearm)
    compared = [
        (event, _serial_nearness(event, serials))
        for event in events
        if event.get("strength") is not None
    ]
    has_exact = any(
        event["event"] in LAWFUL and kind == "same" and not event.get("against")
        for event, kind in compared
    )
    objections = {}
    for event, kind in compared:
        if event["event"] in MISSING_EVENTS:
            is_other = bool(event.get("serial")) and kind not in ("same", "unread")
        else:
            is_other = kind == "confusable" and event.get("differs", 0.0) <= NEAR_SERIAL_BITS
        if names := event.get("against"):
            objections[event["record"]] = message(
                "It says otherwise than the gun is described ({fields}): another gun, or one of the"
                " two is wrong.",
                fields=CodeLabels("compared", tuple(names)),
            )
        elif has_exact and is_other:
            objections[event["record"]] = message(
                "Its serial {serial} is another than was read, and other records bear that one:"
                " another gun, or a misread record.",
                serial=event["serial"],
            )
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
