"""The change feed: in the order of commits, resumable, and as far as its reader may see."""

import json
from itertools import pairwise

from tests.support import bodies
from tests.support.manifests import NDJSON


def read(client, after=None, limit=200, **query):
    asked = {"limit": limit, **query} | ({"after": after} if after else {})
    return client.get("/changes?" + "&".join(f"{k}={v}" for k, v in asked.items())).json


def test_a_change_has_kind_id_version_act_and_time_alone(police):
    made = police.post("/seizures", bodies.seizure()).json
    [change] = read(police)["items"]
    assert change == {
        "kind": "seizure",
        "id": made["id"],
        "version": 1,
        "action": "seizure:recorded",
        "at": "2026-03-09T15:00:00+00:00",
    }


def test_a_reader_goes_on_after_the_last_page(police):
    for number in ("R-1", "R-2", "R-3"):
        gun = bodies.firearm(serial=f"SN-{number}")
        police.post("/reports", bodies.report(number=number, firearm=gun))
    first = read(police, limit=2)
    second = read(police, first["next"], limit=2)
    assert (len(first["items"]), first["more"]) == (2, True)
    assert (len(second["items"]), second["more"]) == (1, False)
    assert read(police, second["next"])["items"] == []


def test_the_kinds_are_those_that_the_reader_may_read(as_actor, police):
    police.post("/seizures", bodies.seizure())
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    kinds = {
        role: {change["kind"] for change in read(as_actor("BRA", role))["items"]}
        for role in ("police_officer", "licensing_officer", "state_administrator")
    }
    assert "transfer" not in kinds["police_officer"] and "seizure" in kinds["police_officer"]
    assert kinds["licensing_officer"] == {"transfer"} and kinds["state_administrator"] == set()
    assert {change["kind"] for change in read(police, kind="match")["items"]} <= {"match"}


def test_another_state_reads_neither_the_change_nor_the_cursor(police, as_actor):
    police.post("/seizures", bodies.seizure())
    other = as_actor("PRY", "police_officer")
    assert read(other)["items"] == []
    cursor = read(police)["next"]
    assert list(other.get(f"/changes?after={cursor}", 422).json["errors"]) == ["after"]


def test_a_permit_is_in_the_feed_of_each_state_that_it_concerns(as_actor):
    made = as_actor("BRA", "licensing_officer").post("/permits", bodies.permit()).json
    for state in ("BRA", "PRY"):
        changes = read(as_actor(state, "licensing_officer"))["items"]
        assert made["id"] in {change["id"] for change in changes}


def test_a_hidden_trace_is_in_no_feed_of_the_agency_that_it_is_hidden_from(as_actor):
    analyst = as_actor("BRA", "trace_analyst")
    hidden = bodies.trace(hidden_from=["BRA-POLICE"])
    made = analyst.post("/traces", hidden).json["id"]
    other = as_actor("BRA", "police_officer", agency="POLICE")
    assert made in {change["id"] for change in read(analyst)["items"]}
    assert made not in {change["id"] for change in read(other)["items"]}


def test_a_feed_comes_as_lines_too(police):
    police.post("/seizures", bodies.seizure())
    lines = police.get("/changes", Accept=NDJSON).get_data().splitlines()
    change, end = map(json.loads, lines)
    assert change["kind"] == "seizure" and end["more"] is False and end["next"]


def test_a_request_waits_until_something_changed(police):
    police.post("/seizures", bodies.seizure())
    assert read(police, wait=20)["items"]  # at once
    assert read(police, read(police)["next"], wait=1)["items"] == []


def test_changes_come_in_the_order_of_versions(police):
    made = police.post("/seizures", bodies.seizure()).json["id"]
    police.change(f"/seizures/{made}", "correct", bodies.seizure(reason="Read again"))
    changes = [each for each in read(police)["items"] if each["id"] == made]
    acts = [each["action"] for each in changes]
    assert acts == ["seizure:recorded", "seizure:corrected"]
    assert all(first["version"] <= second["version"] for first, second in pairwise(changes))
