"""Whether what states said of a mark is of one gun or of several; pure."""

from __future__ import annotations

from collections.abc import Sequence

from salsa_ext.matching.events import LAWFUL, Event
from salsa_ext.matching.marks import normalise, skeleton


def guns(chain: Sequence[Event]) -> list[list[Event]]:
    """Return the lawful events of a chain by the gun that they are of, each in its order.

    A mark that was misread or read in part fits several guns. Events whose serials differ by more
    than glyphs that are often confused are of several, unless a link that is certain joins them (an
    item of a shipment and its receipt). An event without a serial tells nothing apart.
    """
    lawful = [event for event in chain if event["event"] in LAWFUL and event.get("serial")]
    found: list[list[Event]] = []
    for event in lawful:
        same = [gun for gun in found if any(_is_one(event, other) for other in gun)]
        found = [gun for gun in found if gun not in same]
        found.append([*(other for gun in same for other in gun), event])
    return found


def apart(several: Sequence[Sequence[Event]], told: Sequence[Event]) -> list[list[Event]]:
    """Return of each of several guns all that was told of it: what is not lawful by its serial alone."""
    rest = [event for event in told if event["event"] not in LAWFUL and event.get("serial")]
    return [[*gun, *(one for one in rest if any(_is_one(one, other) for other in gun))]
            for gun in several]  # fmt: skip


def _is_one(event: Event, other: Event) -> bool:
    linked = {event.get("linked_record"), other.get("linked_record")} - {None}
    if linked & {event["record"], other["record"]}:
        return True
    return skeleton(normalise(event["serial"])) == skeleton(normalise(other["serial"]))
