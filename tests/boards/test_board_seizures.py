"""What does not add up at a border post, which alerts were met, and which traces wait, as each side sees it."""

from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.boards.board import get_board
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.grounds import beginning
from tests.support.movements import act

POST = "ciudad-del-este-foz-do-iguacu"
BOARD = f"/posts/{POST}/board"


@pytest.fixture
def boards(as_actor):
    """Return the boards of both sides, Brazil's first."""
    return lambda: [as_actor(state, "border_officer").get(BOARD).json for state in ("BRA", "PRY")]


@pytest.fixture
def short(as_actor, bra):
    """Let Paraguay receive one gun of two."""
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]

    def ship(route=(POST,)):
        body = bodies.shipment(route=list(route))
        made = act(bra, bra.post(f"/permits/{permit}/shipments", body).json, "release")
        received = {"received_on": "2026-03-09", "items": [{"serial": "ABC123456"}]}
        as_actor("PRY", "border_officer").post(f"/shipments/{made['id']}/receipt", received)
        return made

    return ship


def kinds(board):
    return [each["kind"] for each in board["discrepancies"]]


def test_both_sides_see_one_discrepancy_of_a_shipment_through_the_post(short, boards):
    made = short()
    ours, theirs = boards()
    assert "short_receipt" in kinds(ours)
    assert ours["discrepancies"] == theirs["discrepancies"]
    assert {each["shipment"] for each in ours["discrepancies"]} == {made["id"]}
    assert all(set(each["waiting_for"]) <= {"BRA", "PRY"} for each in ours["discrepancies"])


def test_a_discrepancy_elsewhere_is_not_on_the_board(short, boards):
    short(("pedro-juan-caballero-ponta-pora",))
    assert [kinds(board) for board in boards()] == [[], []]


def test_the_statements_of_both_states_are_side_by_side(short, boards, bra):
    short()
    [row] = [row for row in boards()[0]["discrepancies"] if row["kind"] == "short_receipt"]
    path = f"/discrepancies/{row['id']}"
    body = {"text": "One was left behind"}
    bra.post(f"{path}/explain", body, 200, If_Match=bra.get(path).headers["ETag"])
    [view] = [row for row in boards()[1]["discrepancies"] if row["kind"] == "short_receipt"]
    assert [(each["state"], each["stance"]) for each in view["statements"]] == [
        ("BRA", "explained")
    ]
    assert view["waiting_for"] == ["PRY"]


def check(client):
    asked = {"purpose": "border", "incident": "I-1", "case_number": None}
    body = {name: value for name, value in (bodies.check() | asked).items() if value is not None}
    return client.post("/checks", body).json["hits"]


def test_an_alert_that_an_officer_of_the_post_met_is_on_his_board(as_actor, pry_border):
    as_actor("BRA", "trace_analyst").post("/alerts", bodies.alert())
    [hit] = check(pry_border)
    [shown] = pry_border.get(BOARD).json["hits"]
    assert (shown["id"], shown["alert_state"], shown["possible"]) == (hit["id"], "BRA", False)
    assert shown["agency"] == "PRY-TEST"


def test_an_officer_of_another_agency_does_not_see_it_and_a_supervisor_does(as_actor, app):
    as_actor("BRA", "trace_analyst").post("/alerts", bodies.alert())
    check(as_actor("PRY", "border_officer"))
    secret = actors.token("PRY", "border_officer", NOW, None, timedelta(days=1), agency="OTHER")
    assert actors.Client(app.test_client(), secret).get(BOARD).json["hits"] == []
    assert len(as_actor("PRY", "supervisor").get(BOARD).json["hits"]) == 1


def test_a_gun_that_is_let_pass_shows_nothing_at_the_post(as_actor, pry_border):
    as_actor("PRY", "trace_analyst").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    check(pry_border)
    assert pry_border.get(BOARD).json["hits"] == []
    assert len(as_actor("PRY", "supervisor").get(BOARD).json["hits"]) == 1


def test_a_key_that_may_read_the_board_alone_is_shown_no_hits_and_no_discrepancies(as_actor, short):
    short()
    as_actor("BRA", "trace_analyst").post("/alerts", bodies.alert())
    check(as_actor("PRY", "border_officer"))
    board = as_actor("PRY", "border_officer", ["board:read", "reference:read"]).get(BOARD).json
    assert (board["hits"], board["discrepancies"]) == ([], [])


@beginning
def trace(as_actor):
    """Let Brazil ask Paraguay, which tells of its sale what it is asked."""
    sale = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    asked = bodies.trace(priority="urgent", priority_reason="A trial begins")
    return as_actor("BRA", "trace_analyst").post("/traces", asked).json


def test_both_sides_see_the_clock_of_a_trace_each_from_its_end(trace, boards):
    [asked], [owed] = (board["deadlines"] for board in boards())
    assert (asked["kind"], owed["kind"]) == ("asked", "owed")
    for name in ("asking_state", "asked_state", "priority", "due_at", "share"):
        assert asked[name] == owed[name]
    assert (asked["status"], owed["status"]) == ("acknowledged", "sent")
    assert (asked["due_at"], asked["share"]) == ("2026-03-09T23:00:00+00:00", 0)


@pytest.mark.parametrize("hours,share,late", [(4, 50, 0), (8, 100, 0), (12, 150, 1)])
@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_a_clock_tells_how_much_of_its_term_is_over(trace, state, hours, share, late):
    actor = operator(state, clock=FixedClock(NOW + timedelta(hours=hours)))
    with transaction(actor):
        board = get_board(actor, POST)
    assert ([each.share for each in board.deadlines], board.counts["deadlines_late"]) == (
        [share],
        late,
    )


def test_an_officer_of_the_post_learns_of_no_case(trace, boards):
    for board in boards():
        assert [(each["id"], each["case_number"]) for each in board["deadlines"]] == [(None, None)]


def test_who_may_read_traces_and_requests_is_led_to_them(trace, as_actor):
    [asked] = as_actor("BRA", "supervisor").get(BOARD).json["deadlines"]
    [owed] = as_actor("PRY", "supervisor").get(BOARD).json["deadlines"]
    assert (asked["id"], asked["case_number"], owed["case_number"]) == (trace["id"], "C-1", "C-1")
    as_actor("PRY", "supervisor").get(f"/requests/{owed['id']}")


def test_a_question_stops_the_clock_on_both_boards(trace, boards, pry_analyst):
    [request] = pry_analyst.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    tag = pry_analyst.get(path).headers["ETag"]
    pry_analyst.post(f"{path}/ask-questions", {"questions": ["Which model?"]}, 200, If_Match=tag)
    [owed] = boards()[1]["deadlines"]
    assert (owed["status"], owed["due_at"], owed["share"]) == ("clarification", None, None)


def test_what_was_answered_has_no_clock(as_actor, boards):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    as_actor("BRA", "trace_analyst").post("/traces", bodies.trace())
    assert [board["deadlines"] for board in boards()] == [[], []]
