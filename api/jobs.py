"""The worker: a loop that runs all background jobs, and a thread that numbers changes."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from flask import Flask

from api.http.context import core_app, current_vault
from api.http.context import transaction as transaction_with_corrections
from salsa_ext.access.rules import operator, service
from salsa_ext.background import JOBS
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.session import transaction
from salsa_ext.exchange import delivery
from salsa_ext.jobs import status, wake
from salsa_ext.jobs.runner import Runner, StoredTries, Tries
from salsa_ext.reference.names import participants
from salsa_ext.tracing.traces import jobs as trace_jobs

log = logging.getLogger("salsa.worker")
POLL_SECONDS = 5.0
TIME_SLICE = 10.0
"""For how many seconds a job goes on that others wait behind: letters, hits and reminders have no time."""


def run_worker(config: Config, stop: threading.Event) -> None:
    """Run all jobs until `stop` is set: at each wake-up, and at the poll.

    A job that fails is logged and tried again; a worker that dies helps nobody.
    """
    app, done = worker_app(config), dict.fromkeys(SCHEDULE, -math.inf)
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    waker, woken = wake.notify_after_commits(url), threading.Event()
    threading.Thread(
        target=_number_changes, args=(app, wake.Listener(url), waker, woken, stop), daemon=True
    ).start()
    worker = runner(app, tries=StoredTries(wake.SideConnection(url)), numbers=False)
    while not stop.is_set():
        woken.clear()
        _run_logged(app, worker.run_to_idle)
        for name, (job, seconds) in SCHEDULE.items():
            if time.monotonic() - done[name] >= seconds and not stop.is_set():
                done[name] = time.monotonic()
                _run_logged(app, job)
        woken.wait(wake.POLL_SECONDS)


def _number_changes(
    app: Flask,
    listener: wake.Listener,
    waker: wake.Waker,
    woken: threading.Event,
    stop: threading.Event,
) -> None:
    """Number changes at each wake-up, then wake this worker's jobs and all who wait for changes.

    In a thread of its own: a commit on a slow disk would hold up the jobs between two steps.
    """
    numbering = runner(app)
    while not stop.is_set():
        listener.wait()
        if _run_logged(app, numbering.number):
            waker.wake()
        woken.set()


def _run_logged(app: Flask, job: Callable[[], object]) -> object:
    try:
        with app.app_context():
            return job()
    except Exception as error:  # the next round tries again
        log.exception("job failed", extra={"error": type(error).__name__})
        return None


def worker_app(config: Config) -> Flask:
    """Return the application of the worker's role; raises NotConfigured without it."""
    require_worker(config)
    return core_app(replace(config, database_url=config.worker_url))


def require_worker(config: Config) -> None:
    """Raise NotConfigured where nothing names the worker's role."""
    if config.worker_url is None:
        raise NotConfigured(
            message(
                "SALSA_WORKER_URL names the role of the background work. Set it with"
                " SALSA_DATABASE_URL."
            )
        )


def runner(
    app: Flask, *, clock: Clock | None = None, tries: Tries | None = None, numbers: bool = True
) -> Runner:
    """Return a runner of all jobs for the application of the worker's role."""
    return Runner(
        JOBS,
        clock or app.config["CLOCK"],
        app.config["VAULT"],
        transaction=transaction_with_corrections,
        tries=tries,
        numbers=numbers,
    )


def run_to_idle(app: Flask, clock: Clock, *, all_due: bool = True) -> None:
    """Run all jobs at the time of a clock until nothing waits; the application is the worker's."""
    with app.app_context():
        runner(app, clock=clock).run_to_idle(all_due=all_due)


def run_all_once(app: Flask) -> Counter[str]:
    """Run every job until nothing is left to do; return the amount of work by job."""
    with app.app_context():
        done = runner(app).run_to_idle(all_due=True)
        done["envelopes"] = deliver_envelopes()
    return done


def retry_set_aside(app: Flask) -> tuple[int, int]:
    """Try again what was set aside; return how many changes are done, and how many failed again."""
    with app.app_context():
        return runner(app).retry_set_aside()


def read_status(app: Flask) -> list[status.JobStatus]:
    """Return what waits for each job."""
    with app.app_context(), transaction(service(None)):
        return status.read_status(JOBS)


def deliver_envelopes(clock: Clock = SYSTEM_CLOCK) -> int:
    """Deliver and apply pending envelopes; send pending trace requests."""
    return sum(_run_by_state(_deliver_of_state, "not delivered", clock))


def _deliver_of_state(*, actor: Actor) -> int:
    return delivery.deliver_pending(actor) or trace_jobs.send_pending_requests(actor)


def _run_by_state(
    step: Callable[..., int], failed: str, clock: Clock, most: float = math.inf
) -> Iterator[int]:
    """Run `step` for all states in turn until no work is left.

    Yields the work of each transaction. The order is random, so that no state is always last.
    """
    with transaction(operator(None)):
        began, states = time.monotonic(), list(participants())
    random.shuffle(states)
    while states:
        for state in list(states):
            if time.monotonic() - began >= most:
                return
            if not (done := _try_step(step, failed, state, clock)):
                states.remove(state)
            yield done


def _try_step(step: Callable[..., int], failed: str, state: str, clock: Clock) -> int:
    """Run one transaction of a state; 0 if it fails, logged."""
    actor = service(state, clock, current_vault())
    try:
        with transaction_with_corrections(actor):
            return step(actor=actor)
    except Exception as error:  # the next round tries again
        log.exception(failed, extra={"state": state, "error": type(error).__name__})
        return 0


SCHEDULE: Final[Mapping[str, tuple[Callable[[], int], float]]] = {
    "envelopes": (deliver_envelopes, POLL_SECONDS)
}
"""Queues that are emptied by themselves, and how often, in seconds."""
