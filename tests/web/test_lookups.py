"""Pages of sampled look-ups: their supervisor justifies or questions each."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import run_due
from tests.web.pages import text


@pytest.fixture
def lookup(app, as_actor):
    as_actor("BRA", "police_officer").post("/checks", bodies.check(case_number="C-1"))
    run_due(app, "lookup_samples", clock=FixedClock(NOW + timedelta(days=7)))
    [row] = as_actor("BRA", "supervisor").get("/lookups").json["items"]
    return row


def test_a_supervisor_questions_a_look_up_of_the_list(signed_in, lookup):
    supervisor, path = signed_in("BRA", "supervisor"), f"/lookups/{lookup['id']}"
    assert path in supervisor.open("/lookups?status=open")
    page = text(supervisor.open(path))
    assert "C-1" in page and bodies.check()["serial"] in page
    form = {"expected_version": "1", "comment": "Which case is C-1?"}
    page = text(supervisor.open(supervisor.send(f"{path}/question", form).location))
    assert "The officer and the auditors are notified." in page
    assert "Which case is C-1?" in page
    assert path not in supervisor.open("/lookups?status=open")


def test_a_notification_leads_to_the_look_up(signed_in, lookup):
    assert f"/lookups/{lookup['id']}" in signed_in("BRA", "supervisor").open("/notifications")


def test_an_auditor_reads_and_decides_nothing(signed_in, lookup):
    auditor, path = signed_in("BRA", "auditor"), f"/lookups/{lookup['id']}"
    assert f"{path}/justify" not in auditor.open(path)
    auditor.open(f"{path}/justify", 403)
