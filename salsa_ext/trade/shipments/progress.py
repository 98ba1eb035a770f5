"""Progress of a shipment: status, stops, custody and next stage. Pure functions of its facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from salsa_ext.trade.shipments.facts import (
    STAGE_ORDER,
    UNKNOWN_TIME,
    CheckpointFact,
    ExpectedStage,
    HoldOrder,
    IncidentFact,
    ShipmentFacts,
)

CAN_BE_OVERDUE: Final = ("planned", "released", "in_transit")


@dataclass(frozen=True)
class Progress:
    """Status of a shipment and its next stage, as its facts show.

    `due_at` is the expected time of the next stage; `overdue_at` is that plus the grace period of
    the exporting state, None if it cannot be late. The fields are columns of the shipment.
    """

    status: str
    due_stage: str | None = None
    due_at: datetime | None = None
    overdue_at: datetime | None = None

    def status_at(self, now: datetime) -> str:
        """Return the status as displayed at a time, with overdue."""
        is_late = self.overdue_at is not None and self.overdue_at < now
        return "overdue" if is_late else self.status


def shipment_progress(facts: ShipmentFacts, grace: timedelta) -> Progress:
    """Return the progress that the facts imply, in whatever order they came."""
    status = shipment_status(facts)
    is_open = not facts.is_over and status != "lost"
    due = next_stage(rescheduled_stages(facts), facts.checkpoints) if is_open else None
    if due is None:
        return Progress(status)
    stage, at = due
    return Progress(status, stage, at, at + grace if status in CAN_BE_OVERDUE else None)


def shipment_status(facts: ShipmentFacts) -> str:
    """Return the status that the facts imply; never `overdue`.

    Cancellation, return and receipt override everything else. A hold lasts until the goods pass or
    are let go; a refusal, until they pass. Theft or loss of the whole shipment makes it lost until
    goods of it are ticked again. `overdue` depends on the current time and is added by the readers.
    """
    if facts.is_cancelled:
        return "cancelled"
    if facts.return_receipt:
        return "returned"
    if facts.receipt:
        return facts.receipt.status
    if stops := active_stops(facts):
        return "lost" if any(move.effect == "lose" for move in stops) else "held"
    if facts.has_entered:
        return "arrived"
    if facts.has_left:
        return "in_transit"
    return "released" if facts.is_released else "planned"


def active_stops(facts: ShipmentFacts) -> tuple[MovementEvent, ...]:
    """Return what still stops a shipment, earliest first."""
    return find_stops(facts.checkpoints, facts.hold_orders, facts.incidents)


def is_refused(facts: ShipmentFacts) -> bool:
    """Return whether the goods were refused and have not passed since."""
    events = movement_events(facts.checkpoints, facts.hold_orders, facts.incidents)
    last = [move for move in events if move.is_refusal or move.effect == "go"][-1:]
    return any(move.is_refusal for move in last)


def custody_state(facts: ShipmentFacts) -> str | None:
    """Return the state with custody of the goods, or None.

    The exporting state before the exit; a transit state from its entry (also if held there) to its
    exit; the importing state from entry to receipt. None between two states and when the shipment
    is over.
    """
    if facts.is_over:
        return None
    there = [tick for tick in facts.checkpoints if tick.outcome != "refused"]
    if any(tick.stage == "entry" for tick in there):
        return facts.importing
    through = [tick for tick in there if tick.stage in ("transit_in", "transit_out")]
    if through:
        last = max(
            through,
            key=lambda tick: (
                tick.at,
                tick.stage == "transit_out",
                tick.state,
                tick.recorded_at,
                not tick.is_passed,
            ),
        )
        return None if last.stage == "transit_out" and last.is_passed else last.state
    return None if facts.has_left else facts.exporting


EFFECT_ORDER: Final = {"go": 0, "refuse": 1, "lose": 1, "stop": 2, "hold": 3, "resume": 4}
"""In which order what was recorded at one time counts: what stops the goods after what lets them pass."""
OUTCOME_EFFECTS: Final = {"passed": "go", "held": "stop", "refused": "refuse"}

STOP_KINDS: Final = {"stop": "held", "hold": "hold", "refuse": "refused", "lose": "lost"}


@dataclass(frozen=True)
class MovementEvent:
    """The effect of a fact on a shipment's movement.

    `effect`: `go`, `stop` and `refuse` are outcomes of a `stage` (`refuse` without a stage is an
    incident); `hold` and `resume` are orders of the state with custody; `lose` means that nothing
    is left.
    """

    at: datetime
    effect: str
    state: str = ""
    stage: str | None = None
    reason: str | None = None
    recorded_at: datetime = UNKNOWN_TIME

    @property
    def is_refusal(self) -> bool:
        """Return whether the goods were refused rather than held."""
        return self.effect == "refuse"

    @property
    def kind(self) -> str:
        """Return the displayed kind: hold, held, refused or lost."""
        return STOP_KINDS[self.effect]

    @property
    def sort_key(self) -> tuple[datetime, datetime, int, str, str]:
        """Return the sort key; at equal times, the later recording counts."""
        return self.at, self.recorded_at, EFFECT_ORDER[self.effect], self.state, self.stage or ""


ActiveStops = dict[tuple[str, str, str | None], MovementEvent]
"""What stops a shipment: by what it is, whose word and at which stage."""


def movement_events(
    ticks: Iterable[CheckpointFact],
    hold_orders: Iterable[HoldOrder],
    incidents: Iterable[IncidentFact],
) -> list[MovementEvent]:
    """Return the effects of all facts in order."""
    events = [
        MovementEvent(
            tick.at,
            OUTCOME_EFFECTS[tick.outcome],
            tick.state,
            tick.stage,
            tick.reason,
            tick.recorded_at,
        )
        for tick in ticks
    ]
    for order in hold_orders:
        effect = "hold" if order.is_hold else "resume"
        events.append(
            MovementEvent(order.at, effect, order.state, None, order.reason, order.recorded_at)
        )
    for incident in incidents:
        effect = "refuse" if incident.kind == "refused_entry" else "lose"
        if effect == "refuse" or incident.is_total:
            at, state, note = incident.at, incident.state, incident.note
            events.append(MovementEvent(at, effect, state, None, note, incident.recorded_at))
    return sorted(events, key=lambda event: event.sort_key)


def find_stops(
    ticks: Iterable[CheckpointFact],
    hold_orders: Iterable[HoldOrder],
    incidents: Iterable[IncidentFact],
) -> tuple[MovementEvent, ...]:
    """Return what still stops a shipment, earliest first.

    A hold lasts until the goods pass or the holding state lets them go; a refusal, until they pass.
    Of repeated stops of a state, the first time and the last reason count.
    """
    stops: ActiveStops = {}
    for move in movement_events(ticks, hold_orders, incidents):
        stops = apply_event(stops, move)
    return tuple(stops.values())


def apply_event(stops: ActiveStops, move: MovementEvent) -> ActiveStops:
    """Return the active stops after an event, earliest first."""
    if move.effect == "go":
        return {}
    if move.effect == "resume":
        return {
            key: stop
            for key, stop in stops.items()
            if stop.effect not in ("stop", "hold") or stop.state != move.state
        }
    key = move.effect, move.state, move.stage
    first = stops.get(key, move)
    return stops | {key: replace(first, reason=move.reason or first.reason)}


def resumed_at(tick: CheckpointFact, hold_orders: Iterable[HoldOrder]) -> datetime | None:
    """Return when goods held by a tick were resumed, or None."""
    if tick.outcome != "held":
        return None
    since = tick.at, tick.recorded_at
    own = [order for order in hold_orders if not order.is_hold and order.state == tick.state]
    return min((each.at for each in own if (each.at, each.recorded_at) >= since), default=None)


@dataclass(frozen=True)
class OverruledHold:
    """A pass over another state's hold or refusal."""

    at: datetime
    by: str
    stage: str | None
    stop: MovementEvent


def overruled_holds(
    ticks: Iterable[CheckpointFact],
    hold_orders: Iterable[HoldOrder],
    incidents: Iterable[IncidentFact],
) -> tuple[OverruledHold, ...]:
    """Return passes over stops of states that have not reacted since."""
    stops: ActiveStops = {}
    overruled: dict[str, OverruledHold] = {}
    for move in movement_events(ticks, hold_orders, incidents):
        overruled.pop(move.state, None)
        if move.effect == "go":
            for stop in reversed(stops.values()):  # of several stops of a state, the first
                if stop.state != move.state and stop.effect != "lose":  # lost goods cannot pass
                    hold = OverruledHold(move.at, move.state, move.stage, stop)
                    overruled[stop.state] = hold
        stops = apply_event(stops, move)
    return tuple(overruled.values())


MatchedStages = list[tuple[ExpectedStage, CheckpointFact | None]]


def match_stages(
    expected: Iterable[ExpectedStage], ticks: Iterable[CheckpointFact]
) -> MatchedStages:
    """Return expected stages in order, each with its tick or None."""
    stages = sorted(expected, key=_stage_order)
    free = sorted(
        (tick for tick in ticks if tick.is_passed),
        key=lambda tick: (tick.at, STAGE_ORDER[tick.stage], tick.post or "", tick.state),
    )
    matched: list[CheckpointFact | None] = [None] * len(stages)
    for same_post in (True, False):
        for index, stage in enumerate(stages):
            for tick in free if matched[index] is None else ():
                if tick.stage == stage.stage and (not same_post or tick.post == stage.post):
                    matched[index] = tick
                    free.remove(tick)
                    break
    return list(zip(stages, matched, strict=True))


def next_stage(
    expected: Iterable[ExpectedStage], ticks: Sequence[CheckpointFact]
) -> tuple[str, datetime] | None:
    """Return the next expected stage and its time, or None."""
    stages = match_stages(expected, ticks)
    if _has_entry(ticks) or _passed_count(stages) == len(stages):
        return None
    stage, _ = stages[_passed_count(stages)]
    return stage.stage, stage.at


def skipped_stages(
    expected: Iterable[ExpectedStage], ticks: Sequence[CheckpointFact], is_received: bool
) -> list[ExpectedStage]:
    """Return expected stages without a tick before a ticked one."""
    stages = match_stages(expected, ticks)
    past = stages if is_received or _has_entry(ticks) else stages[: _passed_count(stages)]
    return [stage for stage, tick in past if tick is None]


def rescheduled_stages(facts: ShipmentFacts) -> list[ExpectedStage]:
    """Return the expected stages, shifted by incidents with a new time.

    The new time is that of the first stage not passed at the incident; later stages shift equally.
    Amended expected times replace earlier shifts.
    """
    stages, since = sorted(facts.expected, key=_stage_order), facts.expected_since
    delays = [
        (incident.at, incident.new_expected_at)
        for incident in facts.incidents
        if incident.new_expected_at and (since is None or incident.at > since)
    ]
    for at, new_expected_at in sorted(delays):
        passed = [tick for tick in facts.checkpoints if tick.at <= at]
        count = _passed_count(match_stages(stages, passed))
        if count < len(stages):
            by = new_expected_at - stages[count].at
            stages[count:] = [replace(stage, at=stage.at + by) for stage in stages[count:]]
    return stages


def _passed_count(stages: MatchedStages) -> int:
    """Return the number of stages up to the last ticked one."""
    return max((index + 1 for index, (_, tick) in enumerate(stages) if tick), default=0)


def _has_entry(ticks: Iterable[CheckpointFact]) -> bool:
    return any(tick.stage == "entry" and tick.is_passed for tick in ticks)


def _stage_order(stage: ExpectedStage) -> tuple[datetime, int, str]:
    return stage.at, STAGE_ORDER[stage.stage], stage.post or ""
