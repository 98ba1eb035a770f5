"""Background work in tests: done before each request, as by a worker that is never late."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from flask.testing import FlaskClient
from sqlalchemy import make_url
from werkzeug.test import TestResponse

from api.http.context import transaction
from api.jobs import JOBS
from salsa_ext.core.actor import Actor
from salsa_ext.core.clock import Clock
from salsa_ext.database.session import AFTER_CHANGES, db, execute_raw
from salsa_ext.exchange import processing as exchange_jobs
from salsa_ext.jobs.runner import BUSY, DueJob, LocalTries, Runner, Tries

_LOCK = threading.RLock()
_COMMITS = Counter[str]()
"""How many commits wrote changes, and how deep jobs are at work."""
AFTER_CHANGES.append(lambda: _COMMITS.update(["changes"]))


def of_requests(note: Callable[..., Any]) -> Callable[..., None]:
    """Return a listener to statements that leaves out those of jobs."""

    def listen(*values: Any) -> None:
        if not _COMMITS["working"]:
            note(*values)

    return listen


def as_service(worker_url: str) -> str:
    """Return the URL of the worker's role that acts as the service."""
    url = make_url(worker_url).update_query_dict({"options": "-c role=salsa_service"})
    # libpq reads no + as a blank
    return url.render_as_string(hide_password=False).replace("-c+role", "-c%20role")


@contextmanager
def as_worker(actor: Actor) -> Iterator[None]:
    """A transaction with the rights of the worker.

    Tests connect as the worker, who acts as the service unless this says otherwise: so one connection,
    whose transaction is never committed, plays both.
    """
    with transaction(actor):
        execute_raw("SET LOCAL ROLE salsa_worker")
        yield
        db.session.flush()
        if db.session().bind is not None:  # else the role ends with the transaction
            execute_raw("SET LOCAL ROLE salsa_service")


class StrictTries(LocalTries):
    """Collects what failed for another reason than a busy database, so that a test fails."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = list[str]()

    def fail(self, job: str, state: str, reason: str) -> None:
        """Collect the failure."""
        super().fail(job, state, reason)
        if not reason.startswith(BUSY):
            self.failures.append(f"{job} of {state}: {reason}")


def runner(
    app: Flask, jobs: Any = None, tries: Tries | None = None, left: Collection[str] = ()
) -> Runner:
    """Return a runner of all jobs that follow changes and queues but those `left`, at the app's time."""
    if jobs is None:
        jobs = [job for job in JOBS if not isinstance(job, DueJob) and job.code not in left]
    clock, vault = app.config["CLOCK"], app.config["VAULT"]
    return Runner(jobs, clock, vault, transaction=as_worker, tries=tries)


def jobs_to_idle(app: Flask | None = None, left: Collection[str] = ()) -> Counter[str]:
    """Run jobs until nothing waits but for those `left`, in an application; return the work by job.

    Raises AssertionError for a job that failed.
    """
    app = app or current_app._get_current_object()  # type: ignore[attr-defined]
    with _LOCK, app.app_context():
        _COMMITS["working"] += 1
        try:
            tries = StrictTries()
            done = runner(app, tries=tries, left=left).run_to_idle()
        finally:
            _COMMITS["working"] -= 1
        app.extensions["idle after"] = _COMMITS["changes"], left
        assert not tries.failures, tries.failures
    return done


def run_due(app: Flask, *codes: str, clock: Clock | None = None) -> int:
    """Run due jobs now, at a time of a clock; return the work done."""
    due = [job for job in JOBS if job.code in codes]
    assert len(due) == len(codes)
    with app.app_context():
        made = Runner(due, clock or app.config["CLOCK"], app.config["VAULT"], transaction=as_worker)
        return made.run_to_idle(all_due=True).total()


def deliver_envelopes(clock: Clock, app: Flask | None = None) -> int:
    """Deliver and apply envelopes until none is due at a time; return how many steps that were."""
    app = app or current_app._get_current_object()  # type: ignore[attr-defined]
    with app.app_context():
        made = Runner(
            exchange_jobs.JOBS, clock, app.config["VAULT"], transaction=as_worker, numbers=False
        )
        return made.run_to_idle().total()


def finish_waiting(app: Flask) -> None:
    """Run jobs to idle if something was written since they last were, or more of them are wanted."""
    commits, left = app.extensions.get("idle after", (None, ()))
    if commits != _COMMITS["changes"] or not {*left} <= {*BackgroundClient.left}:
        jobs_to_idle(app, BackgroundClient.left)


class BackgroundClient(FlaskClient):
    """Client before whose requests all background work is done, where `reads_alone` before reads."""

    background = True
    reads_alone = False
    left: Collection[str] = ()
    """Codes of jobs that are not done: what they write is seen by none of the tests."""

    @classmethod
    @contextmanager
    def all_at_once(cls) -> Iterator[None]:
        """Let all jobs run before each request while the block runs."""
        before, cls.reads_alone, cls.left = (cls.reads_alone, cls.left), False, ()
        try:
            yield
        finally:
            cls.reads_alone, cls.left = before

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send a request once nothing waits."""
        is_write = options.get("method") == "POST"
        if self.background and not (is_write and self.reads_alone):
            finish_waiting(self.application)
        return super().open(*args, **options)
