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
from functools import partial
from typing import Any, Final
from uuid import UUID

from flask import Flask

from api.http.context import core_app, current_vault
from salsa_ext.access.rules import operator, service
from salsa_ext.background import JOBS
from salsa_ext.checks import owner_notices
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.session import transaction
from salsa_ext.jobs import status, wake
from salsa_ext.jobs.runner import Runner, StoredTries
from salsa_ext.matches import jobs as match_jobs
from salsa_ext.reference.names import participants

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
    tries = StoredTries(wake.SideConnection(url))
    worker = runner(app, tries=tries, numbers=False, is_stopped=stop.is_set)
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


def runner(app: Flask, **options: Any) -> Runner:
    """Return a runner of all jobs for the application of the worker's role."""
    return Runner(JOBS, app.config["CLOCK"], app.config["VAULT"], **options)


def run_to_idle(app: Flask, clock: Clock, *, only: str | None = None) -> None:
    """Run all jobs, or one, at the time of a clock until nothing waits; the application is the worker's."""
    chosen = [job for job in JOBS if only in (None, job.code)]
    with app.app_context():
        Runner(chosen, clock, app.config["VAULT"], numbers=only is None).run_to_idle(
            all_due=only is None
        )


def run_all_once(app: Flask) -> Counter[str]:
    """Run every job until nothing is left to do; return the amount of work by job."""
    with app.app_context():
        done = runner(app).run_to_idle(all_due=True)
        done["matches"] = match_records()
        done["owner_notices"] = notify_record_owners()
    return done


def retry_set_aside(app: Flask) -> tuple[int, int]:
    """Try again what was set aside; return how many changes are done, and how many failed again."""
    with app.app_context():
        return runner(app).retry_set_aside()


def read_status(app: Flask) -> list[status.JobStatus]:
    """Return what waits for each job."""
    with app.app_context(), transaction(service(None)):
        return status.read_status(JOBS)


def match_records(clock: Clock = SYSTEM_CLOCK, seconds: float = math.inf) -> int:
    """Match queued records, those of crime first.

    Records of trade are matched for at most `seconds`. A failing state does not block the others.
    """
    of_crime = partial(match_jobs.match_queued, only_of_crime=True)
    urgent = sum(_run_by_state(of_crime, "not matched", clock))
    return urgent + sum(_run_by_state(match_jobs.match_queued, "not matched", clock, seconds))


def notify_record_owners(clock: Clock = SYSTEM_CLOCK, seconds: float = math.inf) -> int:
    """Notify owners of silent records about queries on them.

    Runs for at most `seconds`; each query is tried once a round.
    """
    run, failed = owner_notices.notify_owners, set[UUID]()
    return sum(_run_by_state(partial(run, failed=failed), "owners not told", clock, seconds))


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
        with transaction(actor):
            return step(actor=actor)
    except Exception as error:  # the next round tries again
        log.exception(failed, extra={"state": state, "error": type(error).__name__})
        return 0


SCHEDULE: Final[Mapping[str, tuple[Callable[[], int], float]]] = {
    "matches": (partial(match_records, seconds=TIME_SLICE), POLL_SECONDS),
    "owner_notices": (partial(notify_record_owners, seconds=TIME_SLICE), POLL_SECONDS),
}
"""Queues that are emptied by themselves, and how often, in seconds."""
