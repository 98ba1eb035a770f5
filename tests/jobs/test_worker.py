"""The worker follows what others write, with a notification or without."""

import threading

import pytest

from api import jobs
from salsa_ext.jobs import wake
from salsa_ext.jobs.runner import ChangeJob
from tests.support import bodies

SOON = 60


@pytest.mark.parametrize("is_notified", [True, False])
def test_the_worker_follows_a_write(real_client, real_app, real_database, monkeypatch, is_notified):
    """A lost notification costs the poll, and nothing else."""
    done, stop = threading.Event(), threading.Event()
    job = ChangeJob("test", ("report",), lambda actor, changes: done.set())
    monkeypatch.setattr(jobs, "JOBS", (job,))
    monkeypatch.setattr(wake, "AFTER_CHANGES", [])
    worker = threading.Thread(target=jobs.run_worker, args=(real_database, stop))
    worker.start()
    try:
        real_client("PRY", "police_officer").post("/reports", bodies.report())
        if is_notified:
            wake.SideConnection(real_database.worker_url).execute("NOTIFY salsa")
        assert done.wait(SOON)
    finally:
        stop.set()
        worker.join(SOON)
