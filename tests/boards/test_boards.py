"""The board of a border post: what should arrive, what is late, what was found near by."""

import pytest
from geopy.distance import geodesic

from salsa_ext.boards import seizures
from tests.support import bodies
from tests.support.movements import act

BOARD = "/posts/ciudad-del-este-foz-do-iguacu/board"
POST = "ciudad-del-este-foz-do-iguacu"
NEAR = {"country": "PRY", "latitude": -25.56, "longitude": -54.61}


@pytest.fixture
def ship(as_actor, bra):
    """Let Brazil ship one gun to Paraguay, expected at the post at a moment."""
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]

    def post(number, at, *, is_released=True):
        expected = [{"stage": "entry", "post": POST, "at": at}]
        body = bodies.shipment((f"{number}SERIAL",), number=number, expected=expected)
        made = bra.post(f"/permits/{permit}/shipments", body).json
        return act(bra, made, "release") if is_released else made

    return post


def place():
    return {"country": "PRY", "name": "Hernandarias", "latitude": -25.4, "longitude": -54.6}


def numbers(rows):
    return [row["number"] for row in rows]


def test_a_state_that_is_no_side_of_the_post_is_refused(as_actor):
    answer = as_actor("ARG", "border_officer").get(BOARD, 403).json
    assert answer["detail"] == "Your state is not a side of this post."


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_both_sides_see_what_is_due(as_actor, ship, state):
    ship("A-1", "2026-03-10T12:00:00Z")
    assert numbers(as_actor(state, "border_officer").get(BOARD).json["due"]) == ["A-1"]


def test_a_post_that_is_none_is_not_there(pry_border):
    pry_border.get("/posts/atlantis/board", 404)


def test_a_shipment_whose_time_has_passed_is_late(pry_border, ship):
    ship("A-1", "2026-03-08T14:00:00Z")
    board = pry_border.get(BOARD).json
    assert (numbers(board["late"]), numbers(board["due"])) == (["A-1"], [])
    assert board["late"][0]["status"] == "overdue"


def test_earlier_events_come_first(pry_border, ship):
    ship("A-2", "2026-03-12T12:00:00Z")
    ship("A-1", "2026-03-10T12:00:00Z")
    assert numbers(pry_border.get(BOARD).json["due"]) == ["A-1", "A-2"]


def test_what_comes_after_a_week_is_not_due_yet(pry_border, ship):
    ship("A-1", "2026-03-17T12:00:00Z")
    assert pry_border.get(BOARD).json["due"] == []


def test_what_was_received_is_no_longer_due(as_actor, pry_border, ship):
    shipment = ship("A-1", "2026-03-10T12:00:00Z")["id"]
    received = {"received_on": "2026-03-09", "all": True}
    pry_border.post(f"/shipments/{shipment}/receipt", received)
    assert pry_border.get(BOARD).json["due"] == []


def test_the_ticks_of_both_sides_are_shown(as_actor, pry_border, ship):
    shipment = ship("A-1", "2026-03-10T12:00:00Z")["id"]
    tick = {"stage": "exit", "occurred_at": "2026-03-09T10:00:00-03:00", "outcome": "passed"}
    as_actor("BRA", "border_officer").post(f"/shipments/{shipment}/checkpoints", tick)
    [row] = pry_border.get(BOARD).json["due"]
    assert (row["exit"]["state"], row["entry"]) == ("BRA", None)


def tick(officer, shipment, stage, at, **more):
    body = {"stage": stage, "post": POST, "occurred_at": at, "outcome": "passed"} | more
    officer.post(f"/shipments/{shipment}/checkpoints", body)


def test_what_was_ticked_today_is_found_again_by_both_sides_the_newest_first(
    as_actor, pry_border, ship
):
    brazil, shipment = as_actor("BRA", "border_officer"), ship("A-1", "2026-03-10T12:00:00Z")["id"]
    tick(brazil, shipment, "exit", "2026-03-09T13:00:00Z")
    tick(pry_border, shipment, "entry", "2026-03-09T14:00:00Z")
    board = pry_border.get(BOARD).json
    assert board["due"] == board["late"] == []  # it is through
    assert (board["counts"]["passed_today"], board["passed_today"]) == (
        2,
        brazil.get(BOARD).json["passed_today"],
    )
    result = [
        (each["checkpoint"]["state"], each["checkpoint"]["stage"]) for each in board["passed_today"]
    ]
    assert result == [("PRY", "entry"), ("BRA", "exit")]
    [first, _] = board["passed_today"]
    assert (first["shipment"], first["number"]) == (shipment, "A-1")
    assert first["checkpoint"]["outcome"] == "passed" and first["checkpoint"]["post"] == POST


def test_no_receipt_is_awaited_of_what_is_not_released(pry_border, ship):
    for number, is_released in (("A-1", True), ("A-2", False)):
        ship(number, "2026-03-09T12:00:00Z", is_released=is_released)
    assert numbers(pry_border.get("/shipments?awaiting_receipt=true").json["items"]) == ["A-1"]


def test_today_begins_at_midnight_of_the_readers_side(pry_border, ship):
    first, held, last = (ship(name, "2026-03-10T12:00:00Z")["id"] for name in ("A-1", "A-2", "A-3"))
    stopped = {"outcome": "refused", "reason": "Seal"}
    tick(pry_border, first, "entry", "2026-03-09T02:59:00Z", **stopped)
    tick(pry_border, held, "entry", "2026-03-09T03:00:00Z", outcome="held", reason="Seal")
    board = pry_border.get(BOARD).json
    assert board["passed_today"] == []  # 23:59 of the day before in Paraguay, and a hold
    assert held in [each["id"] for each in board["due"]]
    tick(pry_border, last, "entry", "2026-03-09T03:00:00Z", **stopped)
    [found] = pry_border.get(BOARD).json["passed_today"]
    assert (found["checkpoint"]["outcome"], found["checkpoint"]["reason"]) == ("refused", "Seal")


def test_a_hold_is_on_the_board_with_its_reason_until_it_is_let_go_on(as_actor, pry_border, ship):
    made = ship("A-1", "2026-03-10T12:00:00Z")
    body = {
        "stage": "entry",
        "occurred_at": "2026-03-09T14:00:00Z",
        "outcome": "held",
        "reason": "Seal",
    }
    pry_border.post(f"/shipments/{made['id']}/checkpoints", body)
    [row] = pry_border.get(BOARD).json["due"]
    [hold] = row["holds"]
    assert (hold["state"], hold["kind"], hold["reason"]) == ("PRY", "held", "Seal")
    act(pry_border, made, "resume", reason="In order")
    [row] = as_actor("BRA", "border_officer").get(BOARD).json["due"]
    assert (row["holds"], row["stages"][1]["resumed_at"]) == ([], "2026-03-09T15:00:00+00:00")


def test_a_permit_between_the_two_states_expires_soon(as_actor, pry_border):
    as_actor("BRA", "licensing_officer").post("/permits", bodies.permit(expires_on="2026-04-08"))
    assert numbers(pry_border.get(BOARD).json["expiring"]) == ["E-1"]


def test_a_permit_that_expires_later_is_not_shown(as_actor, pry_border):
    as_actor("BRA", "licensing_officer").post("/permits", bodies.permit(expires_on="2026-04-09"))
    assert pry_border.get(BOARD).json["expiring"] == []


def test_a_seizure_near_by_is_shown_with_its_distance(pry_border):
    pry_border.post("/seizures", bodies.seizure(place=place()))
    [near] = pry_border.get(BOARD).json["seizures"]
    assert (near["number"], near["items"], near["types"]) == ("S-1", 1, ["pistol"])
    assert 10 < near["distance_km"] < 16


@pytest.mark.parametrize(
    "changes",
    [
        {"place": {"country": "PRY"}},
        {"place": {"country": "PRY", "latitude": -25.28, "longitude": -57.63}},
        {"place": place(), "occurred_on": "2025-12-08"},
    ],
)
def test_a_seizure_far_away_long_ago_or_somewhere_is_not_shown(pry_border, changes):
    pry_border.post("/seizures", bodies.seizure(**changes))
    assert pry_border.get(BOARD).json["seizures"] == []


def test_a_seizure_of_the_other_side_is_not_shown(as_actor, pry_border):
    as_actor("BRA", "police_officer").post("/seizures", bodies.seizure())
    assert pry_border.get(BOARD).json["seizures"] == []


def test_a_joint_seizure_of_the_other_side_is_counted_and_not_shown(as_actor, pry_border, police):
    joint = bodies.seizure(occurred_on="2026-03-08", joint_with={"state": "PRY", "number": "P-9"})
    police.post("/seizures", joint)
    police.post("/seizures", bodies.seizure(number="S-2"))
    board = pry_border.get(BOARD).json
    assert board["seizures"] == []
    assert board["figures"] == {
        "seized_last_7_days": 0,
        "seized_previous_7_days": 0,
        "joint_of_others_last_90_days": 1,
    }
    [own] = as_actor("BRA", "border_officer").get(BOARD).json["seizures"][:1]
    assert own["state"] == "BRA"


def test_guns_near_by_are_counted_by_week(pry_border):
    days = {"S-1": "2026-03-09", "S-2": "2026-03-03", "S-3": "2026-03-02", "S-4": "2026-02-23"}
    for number, on in days.items():
        pry_border.post("/seizures", bodies.seizure(number=number, occurred_on=on, place=place()))
    assert pry_border.get(BOARD).json["figures"] == {
        "seized_last_7_days": 2,
        "seized_previous_7_days": 1,
        "joint_of_others_last_90_days": 0,
    }


def test_what_is_not_shown_is_counted_and_not_read(pry_border, monkeypatch):
    monkeypatch.setattr(seizures, "MAX_ROWS", 2)
    for number in range(4):
        items = [bodies.firearm(), {"line": 2, "category": "ammunition", "quantity": 50}]
        pry_border.post(
            "/seizures",
            bodies.seizure(
                number=f"S-{number}",
                occurred_on=f"2026-03-0{number + 4}",
                place=place(),
                items=items,
            ),
        )
    board = pry_border.get(BOARD).json
    assert numbers(board["seizures"]) == ["S-3", "S-2"]
    assert board["figures"]["seized_last_7_days"] == 4


@pytest.mark.parametrize(
    "latitude,longitude",
    [(-25.30, -54.60), (-25.70, -54.60), (-25.51, -54.40), (-25.40, -54.75), (-25.60, -54.45)],
)
def test_a_distance_is_that_on_the_ellipsoid(pry_border, latitude, longitude):
    where = {"country": "PRY", "latitude": latitude, "longitude": longitude}
    pry_border.post("/seizures", bodies.seizure(place=where))
    board = pry_border.get(BOARD).json
    [near], post = board["seizures"], board["post"]
    away = geodesic((post["latitude"], post["longitude"]), (latitude, longitude)).km
    assert near["distance_km"] == pytest.approx(away, abs=0.06)


def test_traces_that_wait_are_counted_by_priority(as_actor, pry_border):
    of_a_person = bodies.transfer(visibility="pointer")
    as_actor("BRA", "licensing_officer").post("/transfers", of_a_person)
    as_actor("PRY", "trace_analyst").post("/traces", bodies.trace())
    assert pry_border.get(BOARD).json["traces"] == {"routine": 1}


def test_a_key_that_may_see_boards_and_nothing_else_sees_one(as_actor):
    as_actor("PRY", "border_officer", scopes=["board:read"]).get(BOARD)


def test_a_board_is_not_sent_again_while_nothing_on_it_changed(pry_border):
    etag = pry_border.get(BOARD).headers["ETag"]
    assert etag.startswith('W/"')
    assert pry_border.get(BOARD, 304, If_None_Match=etag).get_data() == b""
    pry_border.post("/seizures", bodies.seizure(agency="PRY-POLICE", place=NEAR))
    assert pry_border.get(BOARD, If_None_Match=etag).headers["ETag"] != etag
