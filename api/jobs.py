"""The worker: a loop that runs all background jobs, and a thread that numbers changes."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import Flask

from api.http.context import core_app
from api.import_jobs import CHECKS, IMPORTS
from salsa_ext import background
from salsa_ext.access.rules import service
from salsa_ext.core.clock import Clock
from salsa_ext.core.config import Config
from salsa_ext.core.errors import NotConfigured, message
from salsa_ext.database.session import transaction
from salsa_ext.jobs import status, wake
from salsa_ext.jobs.runner import ChangeJob, Job, Runner, StoredTries

log = logging.getLogger("salsa.worker")
JOBS: Final = (CHECKS, *background.JOBS, *IMPORTS)
"""A person waits for the check of a file; it is loaded where nothing else waits."""


def run_worker(config: Config, stop: threading.Event) -> None:
    """Run all jobs until `stop` is set: at each wake-up, and at the poll."""
    app = worker_app(config)
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    waker, woken = wake.notify_after_commits(url), threading.Event()
    listener = wake.Listener(app.config["LISTEN_URL"])
    threading.Thread(
        target=_number_changes, args=(app, listener, waker, woken, stop), daemon=True
    ).start()
    tries = StoredTries(wake.SideConnection(url))
    worker = runner(app, tries=tries, numbers=False, is_stopped=stop.is_set)
    while not stop.is_set():
        woken.clear()
        _run_logged(app, worker.run_to_idle)
        woken.wait(wake.POLL_SECONDS)


def _number_changes(
    app: Flask,
    listener: wake.Listener,
    waker: wake.Waker,
    woken: threading.Event,
    stop: threading.Event,
) -> None:
    """Number changes at each wake-up, in a thread of its own, then wake all who wait for them."""
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


def run_to_idle(app: Flask, clock: Clock, jobs: Sequence[Job] = JOBS) -> None:
    """Run jobs at the time of a clock until nothing waits; the application is the worker's."""
    with app.app_context():
        numbers = any(isinstance(job, ChangeJob) for job in jobs)
        Runner(jobs, clock, app.config["VAULT"], numbers=numbers).run_to_idle(all_due=True)


def run_all_once(app: Flask) -> Counter[str]:
    """Run every job until nothing is left to do; return the amount of work by job."""
    with app.app_context():
        return runner(app).run_to_idle(all_due=True)


def retry_set_aside(app: Flask) -> tuple[int, int]:
    """Try again what was set aside; return how many changes are done, and how many failed again."""
    with app.app_context():
        return runner(app).retry_set_aside()


def read_status(app: Flask) -> list[status.JobStatus]:
    """Return what waits for each job."""
    with app.app_context(), transaction(service(None)):
        return status.read_status(JOBS)
