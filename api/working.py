"""Work that no request waits for: sums, matches, envelopes, what is due, answers to forget."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final
from uuid import UUID

from flask import Flask

from api.bare import bare_app
from api.transaction import transaction as retelling
from api.vault import vault
from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.config import Config
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator, service
from salsa_ext.readmodels.states import participants
from salsa_ext.services import (
    alert_watch,
    boards,
    deliveries,
    idempotency,
    rematching,
    rollups,
    telling_owners,
    term_watch,
    unasked,
    unsent_watch,
    waiting,
    watch,
)
from salsa_ext.values.actor import Actor

log = logging.getLogger("salsa.worker")
PAUSE = 5.0
MINUTE, HOUR = 60.0, 3600.0
SLICE = 10.0
"""For how many seconds a job goes on that others wait behind: letters, hits and reminders have no time."""


def run(config: Config, stop: threading.Event) -> None:
    """Do all jobs again and again until `stop` is set; a job that fails is tried again.

    No job keeps the others waiting for long: what others write by the hundred thousand is worked
    off in slices.
    """
    app, done = bare_app(config), dict.fromkeys(EVERY, -math.inf)
    while not stop.is_set():
        for name, (job, seconds) in EVERY.items():
            if time.monotonic() - done[name] >= seconds and not stop.is_set():
                done[name] = time.monotonic()
                _run(app, name, job)
        stop.wait(PAUSE)


def run_once(app: Flask) -> dict[str, int]:
    """Do all jobs once; returns how much each did."""
    with app.app_context():
        return {
            "folded": fold(), "matched": matched(), "delivered": delivered(), "told": told(),
            "watched": watched(), "awaited": awaited(), "alerted": alerted(),
            "reminded": reminded(), "forgotten": clean(),
        }  # fmt: skip


def fold() -> int:
    """Fold all deltas of the figures; safe to run anywhere, twice."""
    folded = 0
    while True:
        with transaction(operator(None)):
            done = rollups.fold()
        folded += done
        if not done:
            return folded


def matched(clock: Clock = SYSTEM, most: float = math.inf) -> int:
    """Match the records that wait for it, so many in a transaction: of crime, then of trade.

    Those of trade for `most` seconds. Safe to run anywhere, twice, at once. A state for which that
    fails keeps no other from its turn.
    """
    of_crime = partial(rematching.run, only_of_crime=True)
    urgent = sum(_of_each(of_crime, "not matched", clock))
    return urgent + sum(_of_each(rematching.run, "not matched", clock, most))


def told(clock: Clock = SYSTEM, most: float = math.inf) -> int:
    """Tell owners of `silent` records who asked for them, for `most` seconds; safe to run anywhere, twice.

    A state for which that fails keeps no other from its turn, and a question is tried once a round.
    """
    run, failed = telling_owners.run, set[UUID]()
    return sum(_of_each(partial(run, failed=failed), "owners not told", clock, most))


def _of_each(
    step: Callable[..., int], failed: str, clock: Clock, most: float = math.inf
) -> Iterator[int]:
    """Yield how much each transaction of each state did; one that fails is `failed`, and no other.

    The states take turns in an order by chance, so that none comes last whenever the time is over.
    """
    began, states = time.monotonic(), _states()
    random.shuffle(states)
    while states:
        for state in list(states):
            if time.monotonic() - began >= most:
                return
            if not (done := _attempt(step, failed, state, clock)):
                states.remove(state)
            yield done


def _once_each(step: Callable[..., int], failed: str, clock: Clock) -> Iterator[int]:
    """Yield how much one transaction of each state did."""
    for state in _states():
        yield _attempt(step, failed, state, clock)


def _attempt(step: Callable[..., int], failed: str, state: str, clock: Clock) -> int:
    """Return how much one transaction of a state did; nothing where it failed, which is logged."""
    actor = service(state, clock)
    try:
        with retelling(actor):
            return step(actor=actor)
    except Exception as error:  # the next round tries again
        log.exception(failed, extra={"state": state, "error": type(error).__name__})
        return 0


def watched(clock: Clock = SYSTEM, most: float = math.inf) -> int:
    """Look at every shipment whose moment has come, for `most` seconds, in transactions of a batch each.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(watch.run, "shipments not watched", clock, most))


def reminded(clock: Clock = SYSTEM) -> int:
    """Remind of every answer that is owed, and of urgent traces that were approved and not sent.

    State by state; safe to run anywhere, twice, at once. A state for which that fails keeps no other
    from its turn.
    """
    watches = (term_watch.run, unsent_watch.run)
    return sum(sum(_of_each(watch_, "not reminded", clock)) for watch_ in watches)


def awaited(clock: Clock = SYSTEM) -> int:
    """Look at every permit that has waited too long for its counterpart, state by state.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_once_each(waiting.watch, "permits not watched", clock))


def delivered(clock: Clock = SYSTEM) -> int:
    """Deliver and apply the envelopes that wait, and ask whom traces have yet to ask, state by state.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(_deliver, "not delivered", clock))


def _deliver(*, actor: Actor) -> int:
    return deliveries.run(actor, vault()) or unasked.run(actor, vault())


def alerted(clock: Clock = SYSTEM) -> int:
    """End alerts whose last day is over, and remind of what waits, state by state.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(alert_watch.run, "alerts not watched", clock))


def clean() -> int:
    """Forget the answers to repeated requests of 30 days ago, state by state, and old changes of boards."""
    with transaction(operator(None)):
        forgotten = boards.forget() + idempotency.forget(SYSTEM.now())
    return forgotten + sum(_once_each(_forget, "answers not forgotten", SYSTEM))


def _forget(*, actor: Actor) -> int:
    return idempotency.forget(actor.now())


EVERY: Final[Mapping[str, tuple[Callable[[], int], float]]] = {
    "delivered": (delivered, PAUSE), "reminded": (reminded, MINUTE), "alerted": (alerted, MINUTE),
    "fold": (fold, PAUSE), "matched": (partial(matched, most=SLICE), PAUSE),
    "told": (partial(told, most=SLICE), PAUSE), "watched": (partial(watched, most=SLICE), MINUTE),
    "awaited": (awaited, HOUR), "clean": (clean, HOUR),
}  # fmt: skip
"""The jobs and how often each is done, in seconds."""


def _states() -> list[str]:
    with transaction(operator(None)):
        return list(participants())


def _run(app: Flask, name: str, job: Callable[[], int]) -> None:
    try:
        with app.app_context():
            job()
    except Exception as error:  # the next round tries again; a worker that dies helps nobody
        log.exception("job failed", extra={"job": name, "error": type(error).__name__})
