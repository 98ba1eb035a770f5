"""Where guns were seized round a border post and along its routes, and which way goods pass it."""

import pytest
from geopy.distance import geodesic

from tests.support import bodies
from tests.support.movements import act

POST, NEXT = "ciudad-del-este-foz-do-iguacu", "posadas-encarnacion"
BOARD = f"/posts/{POST}/board"
HALFWAY = (-26.435, -55.235)


@pytest.fixture
def ship(as_actor, bra):
    """Let Brazil release a shipment to Paraguay on a route."""
    lines = bodies.permit()["lines"] + [
        {
            "line": 2,
            "quantity": 900,
            "unit": "rounds",
            "category": "ammunition",
            "type": "cartridge",
        }
    ]
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit(lines=lines))
    permit = bra.post("/permits", bodies.permit(lines=lines)).json["id"]

    def post(number="A-1", route=(POST,), **more):
        expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
        serials = (f"{number}SER1", f"{number}SER2")
        body = bodies.shipment(serials, number=number, expected=expected, route=list(route), **more)
        return act(bra, bra.post(f"/permits/{permit}/shipments", body).json, "release")

    return post


def seize(officer, number, at, **more):
    where = {"country": "PRY", "latitude": at[0], "longitude": at[1]} | more
    return officer.post("/seizures", bodies.seizure(number=number, place=where)).json


def numbers(rows):
    return [row["number"] for row in rows]


def test_a_seizure_along_a_route_is_shown_apart_from_those_near_by(pry_border, ship):
    ship(route=(POST, NEXT))
    seize(pry_border, "S-WAY", HALFWAY)
    seize(pry_border, "S-HERE", (-25.5, -54.62))
    board = pry_border.get(BOARD).json
    assert (numbers(board["along_routes"]), numbers(board["seizures"])) == (["S-WAY"], ["S-HERE"])
    assert board["routes"] == [{"start": POST, "end": NEXT, "width_km": 25}]


@pytest.mark.parametrize("at", [(-26.7, -55.0), (-26.0, -55.9), (-27.8, -56.2)])
def test_a_seizure_next_to_the_route_or_beyond_its_end_is_not_shown(pry_border, ship, at):
    ship(route=(POST, NEXT))
    seize(pry_border, "S-1", at)
    assert pry_border.get(BOARD).json["along_routes"] == []


@pytest.mark.parametrize("aside_km,is_shown", [(24, True), (-24, True), (26, False), (-26, False)])
def test_a_route_is_as_wide_as_the_radius_on_each_side(pry_border, ship, aside_km, is_shown):
    ship(route=(POST, NEXT))
    here, there = (-25.51, -54.60), (-27.36, -55.87)
    course = 211.6  # from one post to the other, at the middle
    place = geodesic(kilometers=aside_km).destination(HALFWAY, course + 90)
    assert geodesic(here, HALFWAY).km == pytest.approx(geodesic(HALFWAY, there).km, rel=0.01)
    seize(pry_border, "S-1", (place.latitude, place.longitude))
    assert bool(pry_border.get(BOARD).json["along_routes"]) is is_shown


def test_without_a_second_post_there_is_no_route(pry_border, ship):
    ship()
    seize(pry_border, "S-1", HALFWAY)
    board = pry_border.get(BOARD).json
    assert (board["along_routes"], board["routes"]) == ([], [])


def test_a_seizure_at_the_post_itself_needs_no_coordinates(pry_border):
    pry_border.post("/seizures", bodies.seizure(place={"country": "PRY"}, post=POST))
    board = pry_border.get(BOARD).json
    [shown] = board["seizures"]
    assert (shown["distance_km"], shown["firearms"], board["places"]) == (None, 1, [])
    assert board["figures"]["seized_previous_7_days"] == board["weeks"][-2]["seizures"] == 1


def test_seizures_close_together_are_one_place_no_more_exact_than_any_of_them(pry_border):
    seize(pry_border, "S-1", (-25.5, -54.62), precision=5)
    seize(pry_border, "S-2", (-25.505, -54.621), precision=0.1)
    seize(pry_border, "S-3", (-25.4, -54.7))
    row, other = sorted(pry_border.get(BOARD).json["places"], key=lambda place: -place["firearms"])
    assert (len(row["seizures"]), row["firearms"], other["firearms"]) == (2, 2, 1)
    assert row["within_km"] >= 5 and other["within_km"] is None


def test_places_of_the_other_side_are_not_given(as_actor, pry_border):
    joint = bodies.seizure(joint_with={"state": "PRY", "number": "P-9"})
    as_actor("BRA", "police_officer").post("/seizures", joint)
    assert pry_border.get(BOARD).json["places"] == []
    assert len(as_actor("BRA", "border_officer").get(BOARD).json["places"]) == 1


def test_weeks_end_today_and_count_what_was_seized(pry_border):
    for number, on in (
        ("S-1", "2026-03-09"),
        ("S-2", "2026-03-03"),
        ("S-3", "2026-03-02"),
        ("S-4", "2026-01-13"),
        ("S-5", "2026-01-12"),
    ):
        where = {"country": "PRY", "latitude": -25.5, "longitude": -54.62}
        pry_border.post("/seizures", bodies.seizure(number=number, occurred_on=on, place=where))
    weeks = pry_border.get(BOARD).json["weeks"]
    assert (weeks[0]["starts_on"], weeks[-1]["starts_on"], len(weeks)) == (
        "2026-01-13",
        "2026-03-03",
        8,
    )
    assert [week["firearms"] for week in weeks] == [1, 0, 0, 0, 0, 0, 1, 2]
    assert [week["seizures"] for week in weeks] == [1, 0, 0, 0, 0, 0, 1, 2]


def tick(client, shipment, stage, at="2026-03-09T13:00:00Z", **more):
    body = {"stage": stage, "post": POST, "occurred_at": at, "outcome": "passed"} | more
    client.post(f"/shipments/{shipment['id']}/checkpoints", body)


def test_each_direction_has_the_figures_of_both_sides_side_by_side(pry_border, ship, bra_border):
    first, other = ship("A-1"), ship("A-2")
    tick(bra_border, first, "exit")
    tick(bra_border, other, "exit", "2026-02-20T13:00:00Z")
    tick(pry_border, first, "entry", "2026-03-09T14:00:00Z")
    for client in (pry_border, bra_border):
        there, here = client.get(BOARD).json["flows"]
        assert (there["leaving"], here["leaving"]) == ("PRY", "BRA")
        assert [week["shipments"] for week in here["left"]] == [0, 0, 0, 0, 0, 1, 0, 1]
        assert [week["firearms"] for week in here["entered"]] == [0, 0, 0, 0, 0, 0, 0, 2]
        assert sum(week["shipments"] for week in there["left"] + there["entered"]) == 0


def test_a_shipment_held_or_recorded_twice_passes_once(as_actor, ship):
    made, brazil = ship(), as_actor("BRA", "border_officer")
    tick(brazil, made, "exit", "2026-03-08T13:00:00Z", outcome="held")
    tick(brazil, made, "exit", "2026-03-09T12:00:00Z")
    tick(brazil, made, "exit", "2026-03-09T13:00:00Z")
    assert brazil.get(BOARD).json["flows"][1]["left"][-1] == {"shipments": 1, "firearms": 2}


def test_goods_without_serials_are_counted_by_type_once(as_actor, pry_border, ship):
    made = ship(bulk=[{"line": 2, "quantity": 400, "lot": "L-1"}])
    tick(as_actor("BRA", "border_officer"), made, "exit")
    tick(pry_border, made, "entry")
    assert pry_border.get(BOARD).json["flows"][1]["goods"] == [
        {"type": "cartridge", "unit": "rounds", "quantity": 400.0}
    ]


@pytest.mark.parametrize(
    "at,is_today",
    [
        ("2026-03-10T02:30:00Z", True),
        ("2026-03-10T03:30:00Z", False),
        ("2026-03-09T16:00:00Z", True),
    ],
)
def test_what_is_due_today_is_so_by_the_clock_of_the_readers_side(as_actor, at, is_today, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    body = bodies.shipment(expected=[{"stage": "entry", "post": POST, "at": at}])
    bra.post(f"/permits/{permit}/shipments", body)
    [row] = as_actor("PRY", "border_officer").get(BOARD).json["due"]
    assert row["is_today"] is is_today


def test_both_stamps_name_their_state_and_stage(pry_border, ship):
    ship()
    [row] = pry_border.get(BOARD).json["due"]
    assert [(each["state"], each["stage"], each["checkpoint"]) for each in row["stages"]] == [
        ("BRA", "exit", None),
        ("PRY", "entry", None),
    ]
