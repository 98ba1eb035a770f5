"""What passed although another state held or refused it, until that state says something of it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from salsa_ext.matching.holds import Move, moves
from salsa_ext.matching.journeys import Incident, Stop, Tick


@dataclass(frozen=True)
class Overruled:
    """A state let goods pass at a moment and a stage over what another held since, and why."""

    at: datetime
    by: str
    stage: str | None
    held: Move


def overruled(
    ticks: Iterable[Tick], stops: Iterable[Stop], incidents: Iterable[Incident]
) -> tuple[Overruled, ...]:
    """Return what passed against the word of another state which has said nothing of it since."""
    standing: dict[str, Move] = {}
    found: dict[str, Overruled] = {}
    for move in sorted(moves(ticks, stops, incidents), key=lambda one: one.place):
        found.pop(move.state, None)
        if move.effect == "go":
            against = [one for state, one in standing.items() if state != move.state]
            found |= {one.state: Overruled(move.at, move.state, move.stage, one) for one in against}
            standing = {}
        elif move.effect == "resume":
            standing.pop(move.state, None)
        elif move.effect != "lose":
            standing.setdefault(move.state, move)
    return tuple(found.values())
