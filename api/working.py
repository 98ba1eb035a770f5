"""Work that no request waits for: folding sums, forgetting old answers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flask import Flask

from api.app import create_app
from salsa_ext.config import Config
from salsa_ext.db import transaction
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.states import participants
from salsa_ext.services import idempotency, rollups

log = logging.getLogger("salsa.worker")
PAUSE = 5.0
HOURLY = 3600.0


def run(config: Config, stop: threading.Event) -> None:
    """Do all jobs again and again until `stop` is set; a job that fails is tried again."""
    app, cleaned = create_app(config), 0.0
    while not stop.is_set():
        jobs = [fold]
        if time.monotonic() - cleaned > HOURLY:
            jobs, cleaned = [fold, clean], time.monotonic()
        for job in jobs:
            _attempt(app, job)
        stop.wait(PAUSE)


def run_once(app: Flask) -> dict[str, int]:
    """Do all jobs once; returns how much each did."""
    with app.app_context():
        return {"folded": fold(), "forgotten": clean()}


def fold() -> int:
    """Fold all deltas of the figures; safe to run anywhere, twice."""
    folded = 0
    while True:
        with transaction(operator(None)):
            done = rollups.fold()
        folded += done
        if not done:
            return folded


def clean() -> int:
    """Forget the answers to repeated requests that are older than 30 days, state by state."""
    with transaction(operator(None)):
        states = [None, *participants()]
    forgotten = 0
    for state in states:
        actor = operator(state)
        with transaction(actor):
            forgotten += idempotency.forget(actor.now())
    return forgotten


def _attempt(app: Flask, job: Callable[[], int]) -> None:
    try:
        with app.app_context():
            job()
    except Exception as error:  # the next round tries again; a worker that dies helps nobody
        log.exception("job failed", extra={"job": job.__name__, "error": type(error).__name__})
