"""A trace that cannot wait, was approved and is not sent reminds who leads traces, once."""

from datetime import timedelta

import pytest

from api import working
from salsa_ext.clock import FixedClock
from tests import bodies
from tests.conftest import NOW


def remind(minutes):
    return working.reminded(FixedClock(NOW + timedelta(minutes=minutes)))


def move(client, trace, action):
    path = f"/traces/{trace['id']}"
    client.post(f"{path}/{action}", None, 200, If_Match=client.get(path).headers["ETag"])


def told(client):
    return [one["data"] for one in client.get("/notifications?code=trace_unsent").json["items"]]


@pytest.fixture
def analyst(as_actor):
    return as_actor("BRA", "trace_analyst")


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
    assert told(analyst) == [{"by": "BRA", "priority": priority}]


def test_what_was_sent_or_can_wait_reminds_of_nothing(analyst, approved):
    approved("routine")
    move(analyst, approved("flash"), "send")
    assert (remind(120), told(analyst)) == (0, [])
