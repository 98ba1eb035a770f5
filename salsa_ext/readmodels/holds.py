"""What stops shipments, as the states that they concern told it, and when they were let go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from salsa_ext.matching import holds
from salsa_ext.matching.holds import Move
from salsa_ext.matching.journeys import Incident, Stop, Tick, counted
from salsa_ext.matching.marks import normalise
from salsa_ext.matching.overruled import Overruled, overruled
from salsa_ext.models import Checkpoint, Event, Shipment
from salsa_ext.readmodels.events import of_subjects

STOPS: Final = ("held", "resumed")
STOPPED: Final = ("held", "lost")


@dataclass(frozen=True)
class Held:
    """What stops a shipment still, the earliest first, and what its ticks and orders were.

    `overruled` is what passed although it was stopped; `is_unreleased` says of what is stopped that it
    was never released, and that nobody ticked it as passed.
    """

    standing: Sequence[Move] = ()
    stops: Sequence[Stop] = ()
    overruled: Sequence[Overruled] = ()
    is_unreleased: bool = False

    def overruled_of(self, state: str) -> Sequence[Overruled]:
        """Return what passed although a state held it, which has said nothing of it since."""
        return [one for one in self.overruled if one.held.state == state]

    def is_held_by(self, state: str) -> bool:
        """Tell whether a state holds it, and can let it go on; what it refused it does not hold."""
        return any(move.state == state and not move.is_refusal for move in self.standing)

    def let_go_at(self, tick: Checkpoint | None) -> datetime | None:
        """Return when what a tick holds was let go on; None where it was not, or is no hold."""
        return holds.let_go_at(tick_of(tick), self.stops) if tick else None


NOTHING: Final = Held()


def of_shipments(
    shipments: Iterable[Shipment], ticks: Mapping[UUID, Sequence[Checkpoint]]
) -> dict[UUID, Held]:
    """Return what stops shipments, of those that are stopped or were at a stage; one query for all."""
    stopped = [row for row in shipments
               if row.status in STOPPED or ticks[row.id]]  # fmt: skip
    told = of_subjects([row.id for row in stopped]) if stopped else {}
    return {row.id: _held(row, ticks[row.id], told[row.id]) for row in stopped}


def _held(row: Shipment, ticks: Sequence[Checkpoint], told: Sequence[Event]) -> Held:
    stops = [stop_of(each) for each in told if each.kind in STOPS]
    incidents = [incident_of(each) for each in told if each.kind == "incident"]
    facts = [tick_of(tick) for tick in ticks], stops, incidents
    standing = holds.standing(*facts) if row.status in STOPPED else ()
    is_known = any(each.kind == "released" for each in told)
    is_known = is_known or any(tick.outcome == "passed" for tick in ticks)
    return Held(standing, stops, overruled(*facts), row.status in STOPPED and not is_known)


def tick_of(tick: Checkpoint) -> Tick:
    """Return a tick as a fact."""
    return Tick(tick.stage, tick.owner_state, counted(tick.occurred_at, tick.recorded_at), tick.outcome,
                tick.post, frozenset(map(normalise, tick.seals)), tick.quantity, tick.reason,
                tick.recorded_at)  # fmt: skip


def stop_of(event: Event) -> Stop:
    """Return a hold, or its end, as a fact."""
    return Stop(event.occurred_at, event.kind == "held", event.owner_state, event.reason,
                event.recorded_at)  # fmt: skip


def incident_of(event: Event) -> Incident:
    """Return an incident as a fact."""
    at: Any = event.data.get("new_expected_at")
    return Incident(event.data["kind"], counted(event.occurred_at, event.recorded_at),
                    datetime.fromisoformat(at) if at else None, bool(event.data.get("is_total")),
                    event.owner_state, event.reason, event.recorded_at)  # fmt: skip
