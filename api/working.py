"""Work that no request waits for: sums, matches, envelopes, what is due, answers to forget."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final
from uuid import UUID

from flask import Flask

from api.app import create_app
from api.vault import vault
from salsa_ext.clock import SYSTEM, Clock
from salsa_ext.config import Config
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator
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
    waiting,
    watch,
)

log = logging.getLogger("salsa.worker")
PAUSE = 5.0
MINUTE, HOUR = 60.0, 3600.0


def run(config: Config, stop: threading.Event) -> None:
    """Do all jobs again and again until `stop` is set; a job that fails is tried again."""
    app, done = create_app(config), dict.fromkeys(EVERY, -math.inf)
    while not stop.is_set():
        for job, seconds in EVERY.items():
            if time.monotonic() - done[job] >= seconds:
                done[job] = time.monotonic()
                _attempt(app, job)
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


def matched(clock: Clock = SYSTEM) -> int:
    """Match the records that wait for it, state by state, so many in a transaction.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(rematching.run, "not matched", clock))


def told(clock: Clock = SYSTEM) -> int:
    """Tell owners of `silent` records who asked for them, state by state; safe to run anywhere, twice.

    A state for which that fails keeps no other from its turn, and a question is tried once a round.
    """
    run, failed = telling_owners.run, set[UUID]()
    return sum(_of_each(partial(run, failed=failed), "owners not told", clock))


def _of_each(step: Callable[..., int], failed: str, clock: Clock) -> Iterator[int]:
    """Yield how much each transaction of each state did; one that fails is `failed`, and no other."""
    for state in _states():
        try:
            yield from _done(step, state, clock)
        except Exception as error:  # the next round tries again
            log.exception(failed, extra={"state": state, "error": type(error).__name__})


def _done(step: Callable[..., int], state: str, clock: Clock) -> Iterator[int]:
    """Yield how much each transaction of a state did, until nothing is left."""
    done = 1
    while done:
        actor = operator(state, clock=clock)
        with transaction(actor):
            done = step(actor=actor)
        yield done


def watched(clock: Clock = SYSTEM) -> int:
    """Look at every shipment whose moment has come, state by state, in transactions of a batch each.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(watch.run, "shipments not watched", clock))


def reminded(clock: Clock = SYSTEM) -> int:
    """Remind of every answer that is owed, state by state; safe to run anywhere, twice, at once.

    A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(term_watch.run, "not reminded", clock))


def awaited(clock: Clock = SYSTEM) -> int:
    """Look at every permit that has waited too long for its counterpart, state by state.

    Safe to run anywhere, twice, at once.
    """
    looked_at = 0
    for state in _states():
        actor = operator(state, clock=clock)
        with transaction(actor):
            looked_at += waiting.watch(actor=actor)
    return looked_at


def delivered(clock: Clock = SYSTEM) -> int:
    """Deliver and apply the envelopes that wait, state by state; safe to run anywhere, twice, at once.

    A state for which that fails keeps no other from its turn.
    """
    moved = 0
    for state in _states():
        try:
            for done in _delivered_of(state, clock):
                moved += done
        except Exception as error:  # the next round tries again
            log.exception("not delivered", extra={"state": state, "error": type(error).__name__})
    return moved


def _delivered_of(state: str, clock: Clock) -> Iterator[int]:
    done = 1
    while done:
        actor = operator(state, clock=clock)
        with transaction(actor):
            done = deliveries.run(actor, vault())
        yield done


def alerted(clock: Clock = SYSTEM) -> int:
    """End alerts whose last day is over, and remind of what waits, state by state.

    Safe to run anywhere, twice, at once. A state for which that fails keeps no other from its turn.
    """
    return sum(_of_each(alert_watch.run, "alerts not watched", clock))


def clean() -> int:
    """Forget the answers to repeated requests of 30 days ago, state by state, and old changes of boards."""
    with transaction(operator(None)):
        forgotten = boards.forget()
    for state in [None, *_states()]:
        actor = operator(state)
        with transaction(actor):
            forgotten += idempotency.forget(actor.now())
    return forgotten


EVERY: Final[Mapping[Callable[[], int], float]] = {
    fold: PAUSE, matched: PAUSE, delivered: PAUSE, told: MINUTE, watched: MINUTE, awaited: HOUR,
    alerted: MINUTE, reminded: MINUTE, clean: HOUR,
}  # fmt: skip
"""How often each job is done, in seconds."""


def _states() -> list[str]:
    with transaction(operator(None)):
        return list(participants())


def _attempt(app: Flask, job: Callable[[], int]) -> None:
    try:
        with app.app_context():
            job()
    except Exception as error:  # the next round tries again; a worker that dies helps nobody
        log.exception("job failed", extra={"job": job.__name__, "error": type(error).__name__})
