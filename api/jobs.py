"""Background jobs: their schedule and the worker loop."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from flask import Flask

from api.http.context import core_app, current_vault
from api.http.context import transaction as transaction_with_corrections
from salsa_ext.access.rules import operator, service
from salsa_ext.alerts import jobs as alert_jobs
from salsa_ext.background import JOBS
from salsa_ext.boards import events
from salsa_ext.core.actor import Actor, Vault
from salsa_ext.core.clock import SYSTEM_CLOCK, Clock
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database import idempotency
from salsa_ext.database.session import transaction
from salsa_ext.exchange import delivery
from salsa_ext.jobs import wake
from salsa_ext.jobs.runner import Runner, StoredTries, Tries
from salsa_ext.reference.names import participants
from salsa_ext.statistics import rollups
from salsa_ext.tracing.requests import jobs as request_jobs
from salsa_ext.tracing.traces import jobs as trace_jobs
from salsa_ext.trade.permits import jobs as permit_jobs
from salsa_ext.trade.shipments import jobs as shipment_jobs

log = logging.getLogger("salsa.worker")
POLL_SECONDS = 5.0
MINUTE, HOUR = 60.0, 3600.0
TIME_SLICE = 10.0
"""For how many seconds a job goes on that others wait behind: letters, hits and reminders have no time."""


def run_worker(config: Config, stop: threading.Event) -> None:
    """Run all jobs until `stop` is set: at each wake-up, and at the poll.

    A job that fails is logged and retried. Long jobs are limited to `TIME_SLICE` seconds a round.
    """
    app, done = worker_app(config), dict.fromkeys(SCHEDULE, -math.inf)
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    waker, woken = wake.notify_after_commits(url), threading.Event()
    numbering = threading.Thread(
        target=_number_changes, args=(app, wake.Listener(url), waker, woken, stop), daemon=True
    )
    numbering.start()
    tries = StoredTries(wake.SideConnection(url))
    runner = _runner(app, tries=tries, numbers=False)
    while not stop.is_set():
        woken.clear()
        _run_job(app, "jobs", runner.run_to_idle)
        for name, (job, seconds) in SCHEDULE.items():
            if time.monotonic() - done[name] >= seconds and not stop.is_set():
                done[name] = time.monotonic()
                _run_job(app, name, job)
        woken.wait(wake.POLL_SECONDS)


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


def _runner(app: Flask, *, tries: Tries | None = None, numbers: bool = True) -> Runner:
    vault: Vault = app.config["VAULT"]
    transaction = transaction_with_corrections
    return Runner(JOBS, vault=vault, transaction=transaction, tries=tries, numbers=numbers)


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
    runner = _runner(app)
    while not stop.is_set():
        listener.wait()
        try:
            with app.app_context():
                if runner.number():
                    waker.wake()
        except Exception as error:  # the next round tries again
            log.exception("not numbered", extra={"error": type(error).__name__})
        woken.set()


def run_all_once(app: Flask) -> dict[str, int]:
    """Run every job once; return the amount of work by job."""
    with app.app_context():
        return {
            "followed": _runner(app).run_to_idle().total(),
            "folded": fold_rollups(),
            "delivered": deliver_envelopes(),
            "watched": check_shipments(),
            "awaited": check_counterparts(),
            "alerted": review_alerts(),
            "reminded": send_reminders(),
            "forgotten": delete_expired(),
        }


def fold_rollups() -> int:
    """Fold all deltas into the rollups; return their number."""
    folded = 0
    while True:
        with transaction(operator(None)):
            done = rollups.fold_deltas()
        folded += done
        if not done:
            return folded


def _run_by_state(
    step: Callable[..., int], failed: str, clock: Clock, most: float = math.inf
) -> Iterator[int]:
    """Run `step` for all states in turn until no work is left.

    Yields the work of each transaction. The order is random, so that no state is always last.
    """
    began, states = time.monotonic(), _participants()
    random.shuffle(states)
    while states:
        for state in list(states):
            if time.monotonic() - began >= most:
                return
            if not (done := _try_step(step, failed, state, clock)):
                states.remove(state)
            yield done


def _run_once_by_state(step: Callable[..., int], failed: str, clock: Clock) -> Iterator[int]:
    """Run `step` once for each state; yield the work done."""
    for state in _participants():
        yield _try_step(step, failed, state, clock)


def _try_step(step: Callable[..., int], failed: str, state: str, clock: Clock) -> int:
    """Run one transaction of a state; 0 if it fails, logged."""
    actor = service(state, clock, current_vault())
    try:
        with transaction_with_corrections(actor):
            return step(actor=actor)
    except Exception as error:  # the next round tries again
        log.exception(failed, extra={"state": state, "error": type(error).__name__})
        return 0


def check_shipments(clock: Clock = SYSTEM_CLOCK, seconds: float = math.inf) -> int:
    """Update shipments whose next stage is due, for at most `seconds`."""
    return sum(
        _run_by_state(shipment_jobs.update_due_shipments, "shipments not watched", clock, seconds)
    )


def send_reminders(clock: Clock = SYSTEM_CLOCK) -> int:
    """Remind of overdue answers and of approved urgent traces not sent."""
    watches = (request_jobs.send_reminders, trace_jobs.remind_of_unsent)
    return sum(sum(_run_by_state(watch_, "not reminded", clock)) for watch_ in watches)


def check_counterparts(clock: Clock = SYSTEM_CLOCK) -> int:
    """Report permits that waited too long for their counterpart."""
    return sum(
        _run_once_by_state(permit_jobs.check_overdue_counterparts, "permits not watched", clock)
    )


def deliver_envelopes(clock: Clock = SYSTEM_CLOCK) -> int:
    """Deliver and apply pending envelopes; send pending trace requests."""
    return sum(_run_by_state(_deliver_of_state, "not delivered", clock))


def _deliver_of_state(*, actor: Actor) -> int:
    return delivery.deliver_pending(actor) or trace_jobs.send_pending_requests(actor)


def review_alerts(clock: Clock = SYSTEM_CLOCK) -> int:
    """Expire alerts and remind of open hits."""
    return sum(_run_by_state(alert_jobs.review_alerts, "alerts not watched", clock))


def delete_expired() -> int:
    """Delete idempotency answers older than 30 days and old board changes."""
    with transaction(operator(None)):
        forgotten = events.delete_old_changes() + idempotency.delete_expired(SYSTEM_CLOCK.now())
    return forgotten + sum(
        _run_once_by_state(_delete_expired_answers, "answers not forgotten", SYSTEM_CLOCK)
    )


def _delete_expired_answers(*, actor: Actor) -> int:
    return idempotency.delete_expired(actor.now())


SCHEDULE: Final[Mapping[str, tuple[Callable[[], int], float]]] = {
    "delivered": (deliver_envelopes, POLL_SECONDS),
    "reminded": (send_reminders, MINUTE),
    "alerted": (review_alerts, MINUTE),
    "fold": (fold_rollups, POLL_SECONDS),
    "watched": (partial(check_shipments, seconds=TIME_SLICE), MINUTE),
    "awaited": (check_counterparts, HOUR),
    "clean": (delete_expired, HOUR),
}
"""The jobs and how often each is done, in seconds."""


def _participants() -> list[str]:
    with transaction(operator(None)):
        return list(participants())


def _run_job(app: Flask, name: str, job: Callable[[], object]) -> None:
    try:
        with app.app_context():
            job()
    except Exception as error:  # the next round tries again; a worker that dies helps nobody
        log.exception("job failed", extra={"job": name, "error": type(error).__name__})
