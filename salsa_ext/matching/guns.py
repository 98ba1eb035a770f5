"""Whether what states said of a mark is of one gun or of several; pure."""

from __future__ import annotations

from collections.abc import Sequence

from salsa_ext.matching.claims import MISSED
from salsa_ext.matching.events import LAWFUL, Event
from salsa_ext.matching.marks import normalise, skeleton
from salsa_ext.matching.nearness import fits


def guns(chain: Sequence[Event]) -> list[list[Event]]:
    """Return the lawful events of a chain by the gun that they are of, each in its order.

    So is a theft or a loss that no gun of them fits: it shows of none where it was diverted.

    A mark that was misread or read in part fits several guns. Events whose serials differ by more
    than glyphs that are often confused are of several, unless a link that is certain joins them (an
    item of a shipment and its receipt). An event without a serial tells nothing apart.
    """
    marked = [event for event in chain if event.get("serial")]
    lawful = [event for event in marked if event["event"] in LAWFUL]
    found: list[list[Event]] = []
    for event in [*lawful, *_of_none(marked, lawful)]:
        same = [gun for gun in found if any(_is_one(event, other) for other in gun)]
        found = [gun for gun in found if gun not in same]
        found.append([*(other for gun in same for other in gun), event])
    return found


def _of_none(marked: Sequence[Event], lawful: Sequence[Event]) -> list[Event]:
    """Return what is missed of guns that nothing lawful is told of, where something is of others."""
    missed = [event for event in marked if lawful and event["event"] in MISSED]
    return [event for event in missed
            if not any(fits(event["serial"], other["serial"]) for other in lawful)]  # fmt: skip


def apart(several: Sequence[Sequence[Event]], told: Sequence[Event]) -> list[list[Event]]:
    """Return of each of several guns all that was told of it: what is not lawful by its serial alone."""
    rest = [event for event in told if event["event"] not in LAWFUL and event.get("serial")]
    return [[*gun, *(one for one in rest if one not in gun and any(_is_one(one, other) for other in gun))]
            for gun in several]  # fmt: skip


def _is_one(event: Event, other: Event) -> bool:
    linked = {event.get("linked_record"), other.get("linked_record")} - {None}
    if linked & {event["record"], other["record"]}:
        return True
    return skeleton(normalise(event["serial"])) == skeleton(normalise(other["serial"]))
