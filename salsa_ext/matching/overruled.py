"""What passed although another state held or refused it, until that state says something of it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from salsa_ext.matching.holds import Move, Stopping, after, moves
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
    stopping: Stopping = {}
    found: dict[str, Overruled] = {}
    for move in moves(ticks, stops, incidents):
        found.pop(move.state, None)
        if move.effect == "go":
            for one in reversed(_against(stopping, move)):  # of what a state said, the first
                found[one.state] = Overruled(move.at, move.state, move.stage, one)
        stopping = after(stopping, move)
    return tuple(found.values())


def _against(stopping: Stopping, passed: Move) -> list[Move]:
    """Return what other states held or refused when goods passed; of what is lost nothing passes."""
    return [one for one in stopping.values() if one.state != passed.state and one.effect != "lose"]
