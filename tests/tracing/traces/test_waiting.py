"""A request for a result waits until the states that the service asked have reacted."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from api.http import request_limits
from salsa_ext.jobs.wake import SideConnection
from tests.support import bodies, jobs

MARK = {"kind": "import", "text": "PRY 24", "state": "PRY"}


def asked(**changes):
    return bodies.trace(firearm=bodies.firearm(marks=[MARK]), **changes)


@pytest.fixture
def early(real_client):
    """An analyst who comes before the jobs have run."""
    return replace(real_client("BRA", "trace_analyst"), background=False)


def test_it_waits_until_the_answers_are_there(real_app, real_database, early):
    trace = early.post("/traces", asked()).json
    assert trace["status"] == "sent"
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(early.get, f"/traces/{trace['id']}/result?wait=30")
        jobs.jobs_to_idle(real_app)
        SideConnection(real_database.database_url).execute("NOTIFY salsa")
        assert answer.result(timeout=30).json["status"] == "completed"


def test_it_waits_no_longer_than_it_is_asked_to(early):
    trace = early.post("/traces", asked()).json
    assert early.get(f"/traces/{trace['id']}/result?wait=1").json["status"] == "sent"
    early.get(f"/traces/{trace['id']}/result?wait=31", 422)


def test_where_too_many_wait_it_answers_at_once(early, monkeypatch):
    trace = early.post("/traces", asked()).json
    monkeypatch.setattr(request_limits, "_FREE_WAITERS", threading.BoundedSemaphore(1))
    assert request_limits._FREE_WAITERS.acquire(blocking=False)
    answer = early.get(f"/traces/{trace['id']}/result?wait=30")
    assert (answer.json["status"], answer.headers["Retry-After"]) == ("sent", "2")


def test_a_draft_is_not_waited_for(early):
    trace = early.post("/traces", asked(draft=True)).json
    answer = early.get(f"/traces/{trace['id']}/result?wait=30")
    assert (answer.json["status"], "Retry-After" in answer.headers) == ("draft", False)
