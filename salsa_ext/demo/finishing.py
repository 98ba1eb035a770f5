"""Jobs that a step of the demo waits for, at the demo's own time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from salsa_ext.core.actor import Actor
from salsa_ext.database.session import execute_raw, transaction
from salsa_ext.jobs.runner import Job, Runner


def run_jobs(jobs: Sequence[Job], actor: Actor) -> None:
    """Run jobs of all states until nothing waits for them."""
    Runner(jobs, actor.clock, actor.vault, transaction=_as_worker).run_to_idle()


@contextmanager
def _as_worker(actor: Actor) -> Iterator[None]:
    with transaction(actor):
        execute_raw("SET LOCAL ROLE salsa_worker")
        yield
