"""What stops a shipment, and what lets it go on, in order of its moments; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from salsa_ext.matching.journeys import UNKNOWN, Incident, Stop, Tick

RANKS: Final = {"go": 0, "refuse": 1, "lose": 1, "stop": 2, "hold": 3, "resume": 4}
"""In which order what was recorded at one time counts: what stops the goods after what lets them pass."""
EFFECTS: Final = {"passed": "go", "held": "stop", "refused": "refuse"}

KINDS: Final = {"stop": "held", "hold": "hold", "refuse": "refused", "lose": "lost"}


@dataclass(frozen=True)
class Move:
    """What a state did to the going of a shipment.

    `stop`, `refuse` and `go` are the outcomes of a `stage`, `refuse` without one an incident; `hold`
    and `resume` are orders of the state that has the goods, and `lose` says that nothing is left.
    """

    at: datetime
    effect: str
    state: str = ""
    stage: str | None = None
    reason: str | None = None
    recorded_at: datetime = UNKNOWN

    @property
    def is_refusal(self) -> bool:
        """Tell whether the goods were refused, and not held."""
        return self.effect == "refuse"

    def ends_with(self, resumed: Move) -> bool:
        """Tell whether it ends where a state lets go on what it holds."""
        return self.effect in ("stop", "hold") and self.state == resumed.state

    @property
    def kind(self) -> str:
        """Return what it is called where it is shown: hold, held, refused or lost."""
        return KINDS[self.effect]

    @property
    def place(self) -> tuple[datetime, datetime, int, str, str]:
        """Return where it stands among others: of one moment, what was recorded last counts."""
        return self.at, self.recorded_at, RANKS[self.effect], self.state, self.stage or ""


Stopping = dict[tuple[str, str, str | None], Move]
"""What stops a shipment: by what it is, whose word and at which stage."""


def moves(
    ticks: Iterable[Tick], stops: Iterable[Stop], incidents: Iterable[Incident]
) -> list[Move]:
    """Return what each fact does to the going of a shipment, in their order."""
    return sorted(_moves(ticks, stops, incidents), key=lambda one: one.place)


def _moves(
    ticks: Iterable[Tick], stops: Iterable[Stop], incidents: Iterable[Incident]
) -> Iterator[Move]:
    for tick in ticks:
        yield Move(tick.at, EFFECTS[tick.outcome], tick.state, tick.stage, tick.reason,
                   tick.recorded_at)  # fmt: skip
    for stop in stops:
        effect = "hold" if stop.is_hold else "resume"
        yield Move(stop.at, effect, stop.state, None, stop.reason, stop.recorded_at)
    for incident in incidents:
        effect = "refuse" if incident.kind == "refused_entry" else "lose"
        if effect == "refuse" or incident.is_total:
            yield Move(incident.at, effect, incident.state, None, incident.note,
                       incident.recorded_at)  # fmt: skip


def standing(
    ticks: Iterable[Tick], stops: Iterable[Stop], incidents: Iterable[Incident]
) -> tuple[Move, ...]:
    """Return what stops a shipment still, the earliest first; nothing where it goes.

    A hold lasts until the goods go on, or the state that holds them lets them go; a refusal, until
    they go on. Of what a state says twice, the first moment counts and the last reason.
    """
    found: Stopping = {}
    for move in moves(ticks, stops, incidents):
        found = after(found, move)
    return tuple(found.values())


def after(stopping: Stopping, move: Move) -> Stopping:
    """Return what stops a shipment after a move, the earliest first."""
    if move.effect == "go":
        return {}
    if move.effect == "resume":
        return {key: one for key, one in stopping.items() if not one.ends_with(move)}
    key = move.effect, move.state, move.stage
    first = stopping.get(key, move)
    return stopping | {key: replace(first, reason=move.reason or first.reason)}


def let_go_at(tick: Tick, stops: Iterable[Stop]) -> datetime | None:
    """Return when a state let go on what its tick holds; None where it did not, or is no hold."""
    if tick.outcome != "held":
        return None
    held = tick.at, tick.recorded_at
    let_go = (one for one in stops if not one.is_hold and one.state == tick.state)
    return min((one.at for one in let_go if (one.at, one.recorded_at) >= held), default=None)
