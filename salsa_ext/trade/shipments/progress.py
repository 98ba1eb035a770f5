"""Progress of a shipment: status, stops, custody and next stage.

Pure functions of its facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    if stopped := _stopped_status(facts):
        return stopped
    if facts.has_entered:
        return "arrived"
    if facts.has_left:
        return "in_transit"
    return "released" if facts.is_released else "planned"


def active_stops(facts: ShipmentFacts) -> tuple[MovementEvent, ...]:
    """Return what still stops a shipment, earliest first."""
    return find_stops(facts.checkpoints, facts.hold_orders, facts.incidents)


def _stopped_status(facts: ShipmentFacts) -> str | None:
    """Return held or lost if a stop is active."""
    effects = {move.effect for move in active_stops(facts)}
    if "lose" in effects:
        return "lost"
    return "held" if effects else None


def is_refused(facts: ShipmentFacts) -> bool:
    """Return whether the goods were refused and have not passed since."""
    made = movement_events(facts.checkpoints, facts.hold_orders, facts.incidents)
    last = [move for move in made if move.is_refusal or move.effect == "go"][-1:]
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

    def is_ended_by(self, resumed: MovementEvent) -> bool:
        """Return whether a resume order ends this hold."""
        return self.effect in ("stop", "hold") and self.state == resumed.state

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
    return sorted(_unsorted_events(ticks, hold_orders, incidents), key=lambda one: one.sort_key)


def _unsorted_events(
    ticks: Iterable[CheckpointFact], stops: Iterable[HoldOrder], incidents: Iterable[IncidentFact]
) -> Iterator[MovementEvent]:
    for tick in ticks:
        yield MovementEvent(
            tick.at,
            OUTCOME_EFFECTS[tick.outcome],
            tick.state,
            tick.stage,
            tick.reason,
            tick.recorded_at,
        )
    for stop in stops:
        effect = "hold" if stop.is_hold else "resume"
        yield MovementEvent(stop.at, effect, stop.state, None, stop.reason, stop.recorded_at)
    for incident in incidents:
        effect = "refuse" if incident.kind == "refused_entry" else "lose"
        if effect == "refuse" or incident.is_total:
            yield MovementEvent(
                incident.at, effect, incident.state, None, incident.note, incident.recorded_at
            )


def find_stops(
    ticks: Iterable[CheckpointFact],
    hold_orders: Iterable[HoldOrder],
    incidents: Iterable[IncidentFact],
) -> tuple[MovementEvent, ...]:
    """Return what still stops a shipment, earliest first.

    A hold lasts until the goods pass or the holding state lets them go; a refusal, until they pass.
    Of repeated stops of a state, the first time and the last reason count.
    """
    found: ActiveStops = {}
    for move in movement_events(ticks, hold_orders, incidents):
        found = apply_event(found, move)
    return tuple(found.values())


def apply_event(stopping: ActiveStops, move: MovementEvent) -> ActiveStops:
    """Return the active stops after an event, earliest first."""
    if move.effect == "go":
        return {}
    if move.effect == "resume":
        return {key: one for key, one in stopping.items() if not one.is_ended_by(move)}
    key = move.effect, move.state, move.stage
    first = stopping.get(key, move)
    return stopping | {key: replace(first, reason=move.reason or first.reason)}


def resumed_at(tick: CheckpointFact, hold_orders: Iterable[HoldOrder]) -> datetime | None:
    """Return when goods held by a tick were resumed, or None."""
    if tick.outcome != "held":
        return None
    held = tick.at, tick.recorded_at
    let_go = (one for one in hold_orders if not one.is_hold and one.state == tick.state)
    return min((one.at for one in let_go if (one.at, one.recorded_at) >= held), default=None)


@dataclass(frozen=True)
class OverruledHold:
    """A pass over another state's hold or refusal.

    `by` passed the goods at `stage`; `held` is the stop that was overruled.
    """

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
    stopping: ActiveStops = {}
    found: dict[str, OverruledHold] = {}
    for move in movement_events(ticks, hold_orders, incidents):
        found.pop(move.state, None)
        if move.effect == "go":
            for one in reversed(
                _stops_of_others(stopping, move)
            ):  # of what a state said, the first
                found[one.state] = OverruledHold(move.at, move.state, move.stage, one)
        stopping = apply_event(stopping, move)
    return tuple(found.values())


def _stops_of_others(stopping: ActiveStops, passed: MovementEvent) -> list[MovementEvent]:
    """Return other states' holds and refusals; lost goods cannot pass."""
    return [one for one in stopping.values() if one.state != passed.state and one.effect != "lose"]


MatchedStages = list[tuple[ExpectedStage, CheckpointFact | None]]


def match_stages(
    expected: Iterable[ExpectedStage], ticks: Iterable[CheckpointFact]
) -> MatchedStages:
    """Return expected stages in order, each with its tick or None.

    A tick at the expected post is preferred; one at another post, or none, counts too (the
    deviation is an irregularity of its own).
    """
    steps = sorted(expected, key=_stage_order)
    free = sorted((tick for tick in ticks if tick.is_passed), key=_checkpoint_order)
    found: list[CheckpointFact | None] = [None] * len(steps)
    for same_post in (True, False):
        for index, step in enumerate(steps):
            if found[index] is None:
                found[index] = _pop_checkpoint(free, step, same_post)
    return list(zip(steps, found, strict=True))


def _pop_checkpoint(
    free: list[CheckpointFact], step: ExpectedStage, same_post: bool
) -> CheckpointFact | None:
    for tick in free:
        if tick.stage == step.stage and (not same_post or tick.post == step.post):
            free.remove(tick)
            return tick
    return None


def next_stage(
    expected: Iterable[ExpectedStage], ticks: Sequence[CheckpointFact]
) -> tuple[str, datetime] | None:
    """Return the next expected stage and its time, or None.

    The first stage after the last one ticked; an earlier unticked stage is not due but missing.
    """
    if any(tick.stage == "entry" and tick.is_passed for tick in ticks):
        return None
    steps = match_stages(expected, ticks)
    left = steps[_passed_count(steps) :]
    return (left[0][0].stage, left[0][0].at) if left else None


def overdue_at(
    expected: Iterable[ExpectedStage], ticks: Sequence[CheckpointFact], grace: timedelta
) -> datetime | None:
    """Return the time from which a shipment is overdue, or None."""
    stage = next_stage(expected, ticks)
    return stage[1] + grace if stage else None


def skipped_stages(
    expected: Iterable[ExpectedStage], ticks: Sequence[CheckpointFact], is_received: bool
) -> list[ExpectedStage]:
    """Return expected stages without a tick before a ticked one."""
    steps = match_stages(expected, ticks)
    past = steps if is_received or _has_entry(ticks) else steps[: _passed_count(steps)]
    return [step for step, tick in past if tick is None]


def rescheduled_stages(facts: ShipmentFacts) -> list[ExpectedStage]:
    """Return the expected stages, shifted by incidents with a new time.

    The new time is that of the first stage not passed at the incident; later stages shift equally.
    Amended expected times replace earlier shifts.
    """
    steps = sorted(facts.expected, key=_stage_order)
    since = facts.expected_since
    told = [each for each in facts.incidents if each.new_expected_at]
    for incident in sorted(told, key=lambda each: (each.at, each.new_expected_at)):
        if since is None or incident.at > since:
            steps = _shift_stages(steps, facts.checkpoints, incident)
    return steps


def _shift_stages(
    steps: list[ExpectedStage], ticks: Sequence[CheckpointFact], incident: IncidentFact
) -> list[ExpectedStage]:
    passed = [tick for tick in ticks if tick.at <= incident.at]
    at = _passed_count(match_stages(steps, passed))
    if at == len(steps) or incident.new_expected_at is None:
        return steps
    by = incident.new_expected_at - steps[at].at
    return steps[:at] + [replace(step, at=step.at + by) for step in steps[at:]]


def _passed_count(steps: MatchedStages) -> int:
    """Return the number of stages up to the last ticked one."""
    return max((index + 1 for index, (_, tick) in enumerate(steps) if tick), default=0)


def _has_entry(ticks: Iterable[CheckpointFact]) -> bool:
    return any(tick.stage == "entry" and tick.is_passed for tick in ticks)


def _stage_order(step: ExpectedStage) -> tuple[datetime, int, str]:
    return step.at, STAGE_ORDER[step.stage], step.post or ""


def _checkpoint_order(tick: CheckpointFact) -> tuple[datetime, int, str, str]:
    return tick.at, STAGE_ORDER[tick.stage], tick.post or "", tick.state
