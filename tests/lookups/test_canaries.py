"""Canaries: who looks one up is seen by two states, and sees nothing."""

import pytest

from tests.support import bodies

CANARY = "KNY 88-2117"


@pytest.fixture
def planted(as_actor):
    """A canary of Paraguay."""
    return as_actor("PRY", "auditor").post("/canaries", {"serial": CANARY}).json


def alarms(client):
    return [
        (item["code"], item["subject"]["kind"], item["subject"]["state"], item["urgent"])
        for item in client.get("/notifications").json["items"]
    ]


@pytest.mark.parametrize("serial", [CANARY, "kny882117", "KNY8821I7"])
def test_a_check_of_a_canary_is_reported_to_the_lookers_state_and_the_owner(
    planted, as_actor, serial
):
    officer = as_actor("BRA", "police_officer")
    officer.post("/checks", bodies.check(serial=serial))
    for state in ("BRA", "PRY"):
        reader = as_actor(state, "auditor")
        assert alarms(reader) == [("canary_looked_up", "check", "BRA", True)]
        [entry] = reader.get("/audit?action=canary:looked_up").json["items"]
        assert entry["data"]["canary"] == planted["id"]
    assert alarms(as_actor("BRA", "supervisor")) == [("canary_looked_up", "check", "BRA", True)]
    assert alarms(as_actor("ARG", "auditor")) == []


def test_the_asker_sees_the_answer_of_a_serial_that_nobody_has(planted, as_actor):
    officer = as_actor("BRA", "police_officer")
    names = ("verdict", "candidates", "hits", "next", "more")
    answers = [
        officer.post("/checks", bodies.check(serial=serial)).json
        for serial in (CANARY, "KNX118243")
    ]
    assert [answers[0].get(name) for name in names] == [answers[1].get(name) for name in names]
    assert alarms(officer) == []


def test_a_trace_of_a_canary_is_told_too(planted, as_actor):
    firearm = bodies.firearm(serial=CANARY)
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(firearm=firearm))
    assert alarms(as_actor("PRY", "auditor"))[0] == ("canary_looked_up", "trace", "BRA", True)


@pytest.mark.parametrize(("visibility", "count"), [("open", 1), ("silent", 0)])
def test_a_seizure_of_a_canary_notifies_unless_it_is_silent_of_the_owner(
    planted, as_actor, visibility, count
):
    items = [bodies.firearm(line=1, serial=CANARY)]
    body = bodies.seizure(items=items, visibility=visibility)
    as_actor("BRA", "police_officer").post("/seizures", body)
    codes = [code for code, *_ in alarms(as_actor("BRA", "auditor"))]
    assert codes.count("canary_looked_up") == 1
    assert [code for code, *_ in alarms(as_actor("PRY", "auditor"))] == ["canary_looked_up"] * count


def test_a_removed_canary_is_told_no_more_and_may_be_planted_again(planted, as_actor):
    auditor = as_actor("PRY", "auditor")
    auditor.post("/canaries", {"serial": CANARY.lower()}, 409)
    assert auditor.post(f"/canaries/{planted['id']}/remove", None, 200).json["removed_at"]
    as_actor("BRA", "police_officer").post("/checks", bodies.check(serial=CANARY))
    assert alarms(auditor) == []
    auditor.post("/canaries", {"serial": CANARY})


def test_a_canary_is_visible_to_its_state_alone(planted, as_actor):
    administrator, other = as_actor("PRY", "state_administrator"), as_actor("BRA", "auditor")
    assert administrator.get("/canaries").json["items"] == [planted]
    assert other.get("/canaries").json["items"] == []
    other.get(f"/canaries/{planted['id']}", 404)
    other.post(f"/canaries/{planted['id']}/remove", None, 404)


def test_a_serial_that_cannot_be_searched_is_no_canary(as_actor):
    errors = as_actor("PRY", "auditor").post("/canaries", {"serial": "??"}, 422).json["errors"]
    assert list(errors) == ["serial"]
