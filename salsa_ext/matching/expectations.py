"""When the stages of a shipment are due, as told and as passed so far; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from salsa_ext.matching.journeys import STAGE_ORDER, Facts, Incident, Step, Tick

Ticked = list[tuple[Step, Tick | None]]


def ticked(expected: Iterable[Step], ticks: Iterable[Tick]) -> Ticked:
    """Return the expected stages in order, each with the tick that passed it, or None.

    A tick at the expected post goes first; one at another post, or at none, ticks its stage too:
    that the way was another is a doubt of its own.
    """
    steps = sorted(expected, key=_order)
    free = sorted((tick for tick in ticks if tick.is_passed), key=_moment)
    found: list[Tick | None] = [None] * len(steps)
    for same_post in (True, False):
        for index, step in enumerate(steps):
            if found[index] is None:
                found[index] = _first(free, step, same_post)
    return list(zip(steps, found, strict=True))


def _first(free: list[Tick], step: Step, same_post: bool) -> Tick | None:
    for tick in free:
        if tick.stage == step.stage and (not same_post or tick.post == step.post):
            free.remove(tick)
            return tick
    return None


def due(expected: Iterable[Step], ticks: Sequence[Tick]) -> tuple[str, datetime] | None:
    """Return the next stage that is expected, and when: the first after the last one ticked.

    A stage before one that was ticked is not due any more: its tick is missing.
    """
    if any(tick.stage == "entry" and tick.is_passed for tick in ticks):
        return None
    steps = ticked(expected, ticks)
    left = steps[_passed(steps) :]
    return (left[0][0].stage, left[0][0].at) if left else None


def overdue_at(
    expected: Iterable[Step], ticks: Sequence[Tick], grace: timedelta
) -> datetime | None:
    """Return the moment from which a shipment is overdue, or None where nothing is expected."""
    stage = due(expected, ticks)
    return stage[1] + grace if stage else None


def skipped(expected: Iterable[Step], ticks: Sequence[Tick], is_received: bool) -> list[Step]:
    """Return the expected stages that were not ticked though a later one was."""
    steps = ticked(expected, ticks)
    past = steps if is_received or _entered(ticks) else steps[: _passed(steps)]
    return [step for step, tick in past if tick is None]


def moved(facts: Facts) -> list[Step]:
    """Return what is expected after the incidents that gave a new time.

    The new time is that of the first stage that was not passed when the incident happened, and
    the later ones move by as much. An amendment of the expected times starts anew.
    """
    steps = sorted(facts.expected, key=_order)
    since = facts.expected_since
    told = [each for each in facts.incidents if each.new_expected_at]
    for incident in sorted(told, key=lambda each: (each.at, each.new_expected_at)):
        if since is None or incident.at > since:
            steps = _shifted(steps, facts.ticks, incident)
    return steps


def _shifted(steps: list[Step], ticks: Sequence[Tick], incident: Incident) -> list[Step]:
    passed = [tick for tick in ticks if tick.at <= incident.at]
    at = _passed(ticked(steps, passed))
    if at == len(steps) or incident.new_expected_at is None:
        return steps
    by = incident.new_expected_at - steps[at].at
    return steps[:at] + [replace(step, at=step.at + by) for step in steps[at:]]


def _passed(steps: Ticked) -> int:
    """Return how many stages lie up to the last one that was ticked."""
    return max((index + 1 for index, (_, tick) in enumerate(steps) if tick), default=0)


def _entered(ticks: Iterable[Tick]) -> bool:
    return any(tick.stage == "entry" and tick.is_passed for tick in ticks)


def _order(step: Step) -> tuple[datetime, int, str]:
    return step.at, STAGE_ORDER[step.stage], step.post or ""


def _moment(tick: Tick) -> tuple[datetime, int, str, str]:
    return tick.at, STAGE_ORDER[tick.stage], tick.post or "", tick.state
