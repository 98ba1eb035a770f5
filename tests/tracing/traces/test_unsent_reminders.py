"""An urgent trace that does not move, approved or waiting for a second person, reminds once."""

from datetime import timedelta

import pytest
from flask import current_app

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies, jobs


def remind(minutes):
    clock = FixedClock(NOW + timedelta(minutes=minutes))
    return jobs.run_due(current_app, "request_reminders", "trace_reminders", clock=clock)


def move(real_client, trace, action):
    path = f"/traces/{trace['id']}"
    real_client.post(f"{path}/{action}", None, 200, If_Match=real_client.get(path).headers["ETag"])


def notes(real_client, code="trace_unsent"):
    return [item["data"] for item in real_client.get(f"/notifications?code={code}").json["items"]]


@pytest.fixture
def approved(as_actor, analyst):
    def made(priority):
        why = {} if priority == "routine" else {"priority_reason": "Held"}
        trace = analyst.post("/traces", bodies.trace(draft=True, priority=priority, **why)).json
        move(as_actor("BRA", "supervisor"), trace, "approve")
        return trace

    return made


@pytest.mark.parametrize(("priority", "minutes"), [("flash", 5), ("urgent", 60)])
def test_what_cannot_wait_and_is_not_sent_reminds_once(analyst, approved, priority, minutes):
    approved(priority)
    assert [remind(minute) for minute in (minutes - 1, minutes, minutes + 1)] == [0, 1, 0]
    assert notes(analyst) == [{"by": "BRA", "priority": priority}]


def test_what_was_sent_or_can_wait_reminds_of_nothing(analyst, approved):
    approved("routine")
    move(analyst, approved("flash"), "send")
    assert (remind(120), notes(analyst)) == (0, [])


@pytest.fixture
def wants(administrator):

    def change(**settings):
        tag = administrator.get("/settings").headers["ETag"]
        administrator.post("/settings", settings, 200, If_Match=tag)

    return change


FLASH = bodies.trace(priority="flash", priority_reason="Held")


def test_what_cannot_wait_and_waits_for_a_second_person_reminds_both_once(
    analyst, wants, supervisor
):
    wants(trace_approval="own")
    trace = analyst.post("/traces", FLASH).json
    assert [remind(minute) for minute in (4, 5, 6)] == [0, 1, 0]
    for real_client in (analyst, supervisor):
        assert notes(real_client, "trace_waiting") == [{"by": "BRA", "priority": "flash"}]
    move(supervisor, trace, "approve")
    assert (remind(4), notes(analyst)) == (0, [])
    analyst.post("/traces", bodies.trace(case_number="C-2", confirm_second=True))
    assert remind(120) == 1  # of the approved one; what can wait reminds of nothing
    assert notes(analyst) == [{"by": "BRA", "priority": "flash"}]
