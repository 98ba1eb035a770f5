"""Where a shipment stands, as all facts show it in order of their moments; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from salsa_ext.matching.journeys import Facts

Move = tuple[datetime, int, str]
RANKS = {"refuse": 0, "lose": 0, "stop": 1, "go": 2, "hold": 3, "resume": 4}


def status_of(facts: Facts) -> str:
    """Return the status that the facts amount to, in whatever order they came; never `overdue`.

    What was cancelled, came back or was received is so whatever else is told. A hold lasts until
    the goods go on or are let go; a refusal, until they go on. A theft or loss of the whole
    shipment makes it lost until goods of it are seen again. To be overdue depends on the hour:
    readers add it to one that is planned, released or in transit.
    """
    if facts.is_cancelled:
        return "cancelled"
    if facts.comeback:
        return "returned"
    if facts.arrival:
        return facts.arrival.status
    if stopped := _stopped(facts):
        return stopped
    if facts.has_entered:
        return "arrived"
    if facts.has_left:
        return "in_transit"
    return "released" if facts.is_released else "planned"


def _stopped(facts: Facts) -> str | None:
    """Return held or lost, where one of both still lasts."""
    standing: set[str] = set()
    for _, _, move in sorted(_moves(facts)):
        if move == "go":
            standing.clear()
        elif move == "resume":
            standing.discard("stop")
        else:
            standing.add("stop" if move == "hold" else move)
    if "lose" in standing:
        return "lost"
    return "held" if standing else None


def is_refused(facts: Facts) -> bool:
    """Tell whether a state refused the goods, and none has let them pass since."""
    refused = max((at for at, _, move in _moves(facts) if move == "refuse"), default=None)
    return refused is not None and all(tick.at < refused for tick in facts.passed)


def _moves(facts: Facts) -> Iterator[Move]:
    effects = {"passed": "go", "held": "stop", "refused": "refuse"}
    for tick in facts.ticks:
        yield _move(tick.at, effects[tick.outcome])
    for stop in facts.stops:
        yield _move(stop.at, "hold" if stop.is_hold else "resume")
    for incident in facts.incidents:
        if incident.kind == "refused_entry":
            yield _move(incident.at, "refuse")
        elif incident.is_total:
            yield _move(incident.at, "lose")


def _move(at: datetime, effect: str) -> Move:
    return at, RANKS[effect], effect


def custody(facts: Facts) -> str | None:
    """Return the state that has the goods: whoever may hold them and let them go.

    The exporting state before the exit; a transit state from its entry (held at it too) to its
    exit; the importing state from the entry on, until the receipt. None while they are between two
    states, and when all is over.
    """
    if facts.is_over:
        return None
    there = [tick for tick in facts.ticks if tick.outcome != "refused"]
    if any(tick.stage == "entry" for tick in there):
        return facts.importing
    through = [tick for tick in there if tick.stage in ("transit_in", "transit_out")]
    if through:
        last = max(through, key=lambda tick: (tick.at, tick.stage == "transit_out", tick.state))
        return None if last.stage == "transit_out" and last.is_passed else last.state
    return None if facts.has_left else facts.exporting
