"""The change feed: in the order of commits, resumable, and as far as its reader may see."""

import json
import random
from itertools import pairwise

import pytest

from tests.support import bodies
from tests.support.manifests import NDJSON
from tests.support.sizes import sized

WRITES = sized(60, 10_000)
PATHS = {"seizure": "seizures", "report": "reports", "transfer": "transfers"}


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


class Mirror:
    """What a client of the feed has: copies by kind and id, and where it was; saved at each page."""

    def __init__(self, clients):
        self.clients, self.copies, self.after = clients, {}, None

    def follow(self, rng):
        while True:
            page = read(self.clients["police"], self.after, limit=rng.choice((1, 3, 50)))
            stops_at = rng.randrange(1 + 4 * len(page["items"]))  # it is restarted amid a page
            for place, change in enumerate(page["items"]):
                if place == stops_at:
                    return
                path = f"/{PATHS[change['kind']]}/{change['id']}"
                self.copies[path] = self.clients["police"].get(path).json
            self.after = page["next"]
            if not page["more"]:
                return


@pytest.fixture
def police_and_licensing(as_actor):
    """Brazil's police, whose feed is followed, with all that they and licensing write."""
    return {"police": as_actor("BRA", "trace_analyst"), "writer": as_actor("BRA", "police_officer")}


def test_a_mirror_of_the_feed_alone_equals_the_database(police_and_licensing, as_actor):
    rng, mirror = random.Random(7), Mirror(police_and_licensing)
    writers = {
        "seizures": police_and_licensing["writer"],
        "reports": police_and_licensing["writer"],
        "transfers": as_actor("BRA", "licensing_officer"),
    }
    written = {noun: [] for noun in writers}
    for count in range(WRITES):
        noun = rng.choice([*writers])
        write(rng, writers[noun], noun, written[noun], count)
        if rng.random() < 0.1:
            mirror.follow(rng)
    while page_is_left(mirror):
        mirror.follow(rng)
    reader = police_and_licensing["police"]
    stored = {
        path: reader.get(path).json
        for noun, ids in written.items()
        for path in (f"/{noun}/{object_id}" for object_id in ids)
    }
    assert mirror.copies.keys() == stored.keys()
    plain = [{path: bare(copy) for path, copy in each.items()} for each in (mirror.copies, stored)]
    assert plain[0] == plain[1]


def page_is_left(mirror):
    return bool(read(mirror.clients["police"], mirror.after)["items"])


def bare(copy):
    """Return an object without what other objects hold on it."""
    return {name: value for name, value in copy.items() if name not in ("matches", "complete")}


def write(rng, client, noun, ids, count):
    body = getattr(bodies, noun[:-1])
    gun = bodies.firearm(serial=f"MIR{count:05}X")
    of = {"items": [gun]} if noun == "seizures" else {"firearm": gun}
    drawn = rng.random()
    if drawn < 0.6 or not ids:
        ids.append(client.post(f"/{noun}", body(number=f"N-{count}", **of)).json["id"])
        return
    path = f"/{noun}/{rng.choice(ids)}"
    current = client.get(path).json
    if current.get("status") == "withdrawn":
        return
    if drawn < 0.7 and noun != "transfers":
        client.change(path, "withdraw", {"reason": "In error"})
    else:
        corrected = body(number=current["number"], reason="Read again", note=f"n{count}", **of)
        client.change(path, "correct", corrected)


def test_changes_come_in_the_order_of_versions(police):
    made = police.post("/seizures", bodies.seizure()).json["id"]
    police.change(f"/seizures/{made}", "correct", bodies.seizure(reason="Read again"))
    changes = [each for each in read(police)["items"] if each["id"] == made]
    acts = [each["action"] for each in changes]
    assert acts == ["seizure:recorded", "seizure:corrected"]
    assert all(first["version"] <= second["version"] for first, second in pairwise(changes))
