"""Where a shipment stands, as all facts show it in order of their moments; pure."""

from __future__ import annotations

from salsa_ext.matching import holds
from salsa_ext.matching.holds import Move
from salsa_ext.matching.journeys import Facts


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


def standing(facts: Facts) -> tuple[Move, ...]:
    """Return what stops a shipment still, the earliest first."""
    return holds.standing(facts.ticks, facts.stops, facts.incidents)


def _stopped(facts: Facts) -> str | None:
    """Return held or lost, where one of both still lasts."""
    effects = {move.effect for move in standing(facts)}
    if "lose" in effects:
        return "lost"
    return "held" if effects else None


def is_refused(facts: Facts) -> bool:
    """Tell whether a state refused the goods, and none has let them pass since."""
    made = holds.moves(facts.ticks, facts.stops, facts.incidents)
    last = [move for move in made if move.is_refusal or move.effect == "go"][-1:]
    return any(move.is_refusal for move in last)


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
        last = max(through, key=lambda tick: (tick.at, tick.stage == "transit_out", tick.state,
                                              tick.recorded_at, not tick.is_passed))  # fmt: skip
        return None if last.stage == "transit_out" and last.is_passed else last.state
    return None if facts.has_left else facts.exporting
