"""What changed at a post, for a program that follows it: by commits, and no more than its board shows."""

from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.boards import events
from salsa_ext.boards.models import BoardChange
from salsa_ext.core.clock import FixedClock
from salsa_ext.core.ids import new_id
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import as_worker
from tests.support.movements import act
from tests.web import scenes

POST = scenes.POST
EVENTS = f"/posts/{POST}/events"
FAR = {"country": "PRY", "latitude": -22.3, "longitude": -60.0}


class Follower:
    """A program that follows a post."""

    def __init__(self, client):
        self.client, self.after = client, client.get(EVENTS).json["after"]

    def ask(self, expect=200, **query):
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        return self.client.get(f"{EVENTS}?after={self.after}&{asked}", expect).json

    def follow(self):
        """Return what changed since, and go on from there."""
        body = self.ask()
        assert body["next"] is None
        self.after = body["after"]
        return [
            (row["kind"], row["number"], row["outcome"] or row["status"]) for row in body["items"]
        ]


@pytest.fixture
def follow(as_actor):
    def make(state, role="border_officer", agency="TEST"):
        return Follower(as_actor(state, role, agency=agency))

    return make


@pytest.fixture
def shipment(as_actor, bra):
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected)).json
    return act(bra, made, "release")


def tick(officer, shipment, outcome="passed"):
    body = {
        "stage": "entry",
        "post": POST,
        "occurred_at": "2026-03-09T13:00:00Z",
        "outcome": outcome,
    }
    officer.post(f"/shipments/{shipment['id']}/checkpoints", body)


def test_a_new_reader_gets_all_later_changes_and_no_earlier_ones(follow, shipment, pry_border):
    page = follow("BRA")
    assert page.client.get(EVENTS).json["items"] == [] and page.follow() == []
    tick(pry_border, shipment, "held")
    assert page.follow() == [("checkpoint", "A-1", "held"), ("shipment", "A-1", "held")]
    tick(pry_border, shipment, "refused")
    assert ("checkpoint", "A-1", "refused") in page.follow()
    assert page.follow() == []


def test_discrepancies_and_calls_are_reported_to_both_sides(as_actor, follow, shipment):
    brazil, paraguay = follow("BRA"), follow("PRY")
    officer = paraguay.client
    short = {"received_on": "2026-03-09", "items": [{"serial": "ABC123456"}]}
    officer.post(f"/shipments/{shipment['id']}/receipt", short)
    made = officer.post(f"/posts/{POST}/calls", {"shipment": shipment["id"]}).json["id"]
    brazil.client.post(f"/calls/{made}/answer", expect=200)
    for side in (brazil, paraguay):
        result = side.follow()
        assert ("receipt", "A-1", "received_short") in result
        assert ("discrepancy", "A-1", "open") in result
        assert result[-1] == ("call", "A-1", "answered")


def test_a_seizure_is_reported_to_its_own_side_where_its_board_shows_it(follow, pry_police):
    paraguay, brazil = follow("PRY"), follow("BRA")
    for number, place in (("S-1", scenes.NEAR), ("S-2", FAR), ("S-3", {"country": "PRY"})):
        pry_police.post(
            "/seizures", bodies.seizure(number=number, agency="PRY-POLICE", place=place)
        )
    assert paraguay.follow() == [("seizure", "S-1", None)]
    assert brazil.follow() == []


def test_of_a_trace_an_officer_learns_the_clock_and_an_analyst_the_case(follow, pry, analyst):
    gun = bodies.firearm(serial="TRC550022")
    pry.post("/transfers", bodies.transfer(visibility="pointer", firearm=gun))
    asking, supervisor, asked = follow("BRA"), follow("BRA", "supervisor"), follow("PRY")
    analyst.post("/traces", bodies.trace(case_number="C-55", firearm=gun))
    assert {("trace", None)} == {each[:2] for each in asking.follow()}
    assert {("trace", "C-55")} == {each[:2] for each in supervisor.follow()}
    assert {("request", None)} == {each[:2] for each in asked.follow()}


def test_a_trace_hidden_from_an_agency_is_not_reported_to_it(as_actor, follow, pry):
    gun = bodies.firearm(serial="TRC550022")
    pry.post("/transfers", bodies.transfer(visibility="pointer", firearm=gun))
    stored, other = follow("BRA", "supervisor", "LICENSING"), follow("BRA", "supervisor")
    body = bodies.trace(case_number="C-55", firearm=gun, hidden_from=["BRA-LICENSING"])
    as_actor("BRA", "trace_analyst").post("/traces", body)
    assert stored.follow() == [] and other.follow() != []


def test_a_hit_is_reported_to_the_agency_that_found_the_gun(as_actor, follow):
    alert = bodies.alert(firearm=bodies.firearm(serial="SBK440177"))
    as_actor("BRA", "trace_analyst").post("/alerts", alert)
    here, there = follow("PRY"), follow("PRY", agency="LICENSING")
    here.client.post("/checks", bodies.check(serial="SBK440177"))
    assert [each[0] for each in here.follow()] == ["hit"] and there.follow() == []


def test_pages_go_on_where_the_last_one_ended_whatever_comes_between(as_actor, follow, shipment):
    page, officer = follow("BRA"), as_actor("PRY", "border_officer")
    for _ in range(3):
        tick(officer, shipment, "held")
    first = page.ask(limit=2)
    tick(officer, shipment, "refused")
    assert len(first["items"]) == 2
    visible, onward = [*first["items"]], first["next"]
    while onward:
        shown = page.client.get(onward.removeprefix("/api/v1")).json
        visible, onward, page.after = visible + shown["items"], shown["next"], shown["after"]
    outcomes = [each["outcome"] for each in visible if each["kind"] == "checkpoint"]
    assert outcomes == ["held", "held", "held", "refused"]
    assert page.follow() == []


def test_that_more_changed_is_said_only_where_the_reader_is_told_of_it(as_actor, follow):
    page, police = follow("PRY"), as_actor("PRY", "police_officer")
    for number, place in (("S-1", scenes.NEAR), ("S-2", FAR)):
        police.post("/seizures", bodies.seizure(number=number, agency="PRY-POLICE", place=place))
    shown = page.ask(limit=1)
    assert [item["number"] for item in shown["items"]] == ["S-1"] and shown["next"] is None
    police.post("/seizures", bodies.seizure(agency="PRY-POLICE", number="S-3", place=scenes.NEAR))
    shown = page.ask(limit=1)
    assert shown["next"] is not None
    shown = page.client.get(shown["next"].removeprefix("/api/v1")).json
    assert [item["number"] for item in shown["items"]] == ["S-3"] and shown["next"] is None


def write(many):
    """Count so many changes of Paraguay without a notice."""
    with as_worker(operator("PRY")):
        for number in range(100, 100 + many):
            change = {"post": POST, "kind": "permit", "subject_id": new_id(), "at": NOW}
            db.session.add(BoardChange(state="PRY", number=number, **change))


def looks(asked):
    """Return how often the database was asked what changed."""
    return sum("FROM board_change" in statement for statement in asked)


def test_one_answer_ends_after_some_looks_and_the_next_goes_on_from_there(
    monkeypatch, follow, shipment, asked
):
    monkeypatch.setattr(events, "BATCH_SIZE", 2)
    monkeypatch.setattr(events, "MAX_BATCHES", 3)
    page = follow("PRY")
    write(9)
    asked.clear()
    assert page.follow() == [] and looks(asked) == 3
    tick(page.client, shipment, "held")
    assert page.follow() == [("checkpoint", "A-1", "held"), ("shipment", "A-1", "held")]
    assert page.follow() == []


def test_where_a_reader_is_says_nothing_and_is_his_own(follow, shipment):
    brazil, paraguay = follow("BRA"), follow("PRY")
    for _ in range(3):
        tick(paraguay.client, shipment, "held")
    paraguay.follow()
    assert len({len(each.after) for each in (brazil, paraguay)}) == 1
    brazil.after, paraguay.after = paraguay.after, brazil.after
    for each in (brazil, paraguay):
        assert list(each.ask(422)["errors"]) == ["after"]


@pytest.mark.parametrize("after", ["1", "x" * 300, "AAAA", "%00"])
def test_what_is_no_place_is_refused(as_actor, after):
    refused = as_actor("PRY", "border_officer").get(f"{EVENTS}?after={after}", 422)
    assert list(refused.json["errors"]) == ["after"]


def test_after_a_day_a_reader_begins_anew(app, monkeypatch, follow):
    page = follow("PRY")
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(hours=23, minutes=1)))
    assert "older than a day" in page.ask(422)["errors"]["after"][0]


def test_a_long_silence_costs_one_look(follow, shipment, asked):
    page = follow("BRA")
    asked.clear()
    page.follow()
    assert looks(asked) == 1 and len(asked) < 8


def test_a_state_that_is_no_side_is_refused(as_actor):
    as_actor("ARG", "border_officer").get(EVENTS, 403)
    as_actor("PRY", "border_officer").get("/posts/atlantis/events", 404)
