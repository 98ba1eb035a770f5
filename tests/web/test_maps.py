"""Maps that the service draws itself: outlines, views, and what is marked on them."""

import gzip
import json
from itertools import combinations, pairwise

import pytest

from api.web.charts import draw_flows
from api.web.maps import (
    OUTLINES,
    WIDTH,
    MapMovement,
    MapPlace,
    contains,
    draw_map,
    draw_shaded_map,
    fit_view,
    state_point,
    state_point_near,
    state_rings,
)
from salsa_ext.reference import names

FOZ, ASUNCION, VIENNA = (-54.59, -25.52), (-57.63, -25.28), (16.37, 48.21)
pytestmark = pytest.mark.usefixtures("session")


def drawn(*places, moves=(), **options):
    spots = [
        MapPlace(place, str(number), f"Spot {number}") for number, place in enumerate(places, 1)
    ]
    return draw_map(spots, moves, **options)


def meet(one, other):
    (x, y, w, h), (a, b, v, k) = one, other
    return x < a + v and a < x + w and y < b + k and b < y + h


def test_every_participating_state_has_an_outline_and_a_point():
    assert [state for state in names.participant_codes() if state_point(state) is None] == []


@pytest.mark.parametrize("state", ["BRA", "PRY", "CHL", "USA", "ATG", "BHS", "FRA"])
def test_the_point_of_a_state_lies_inside_it(state):
    assert contains(state, state_point(state)) and not contains(state, (-30.0, 0.0))


def test_a_state_of_the_past_is_drawn_by_its_successors():
    assert {*map(id, state_rings("CSK"))} == {
        id(each) for s in ("CZE", "SVK") for each in state_rings(s)
    }
    assert state_rings("GIB") == () and state_point("GIB") is None


def test_places_keep_their_order_on_the_globe():
    view = fit_view([FOZ, ASUNCION], 300)
    (foz, foz_down), (asuncion, asuncion_down) = view.project(FOZ), view.project(ASUNCION)
    assert 0 < asuncion < foz < WIDTH and 0 < asuncion_down < foz_down < view.height
    assert view.length(111.195, 0) == pytest.approx(view.scale)


def test_what_lies_on_both_sides_of_the_pacific_is_drawn_across_it():
    view = fit_view([(121, 15), (-99, 40), (-103, 24)], 900)
    assert (
        view.project((121, 15))[0]
        < view.project((-103, 24))[0]
        < view.project((-99, 40))[0]
        < WIDTH
    )


@pytest.mark.parametrize(
    "places", [(FOZ,), (FOZ, ASUNCION), (VIENNA, ASUNCION, FOZ), ((0, 89), FOZ)]
)
def test_all_that_is_shown_lies_inside_the_drawing(places):
    made = drawn(*places)
    for place in made.places:
        assert 0 < place.x < made.width and 0 < place.y < made.height
        left, up, width, height = place.box
        assert left >= 0 and up >= 0 and left + width <= made.width and up + height <= made.height


def test_numbers_of_places_that_lie_close_together_do_not_cover_each_other():
    made = drawn(FOZ, (-54.6, -25.5), (-54.61, -25.56), (-54.55, -25.6))
    assert not any(meet(each.box, other.box) for each, other in combinations(made.places, 2))


def test_the_way_there_and_the_way_back_are_two_lines():
    made = drawn(FOZ, (-63, -17), moves=[MapMovement(0, 1), MapMovement(1, 0, is_sure=False)])
    there, back = made.movements
    assert there.path != back.path and there.is_sure and not back.is_sure
    assert there.turn is None and made.turns == []


def test_a_turn_is_on_its_movement_or_at_its_spot_where_the_movement_is_too_short():
    long = drawn(FOZ, (-63, -17), moves=[MapMovement(0, 1, is_turn=True)])
    assert len(long.turns) == 1 and long.movements[0].turn == long.turns[0]
    short = drawn(FOZ, (-54.6, -25.5), moves=[MapMovement(0, 1, is_turn=True)])
    assert short.movements == [] and len(short.turns) == 1
    assert len(drawn(FOZ, turns=[0]).turns) == 1


def test_how_far_a_place_may_be_off_is_drawn_to_scale():
    made = draw_map([MapPlace(FOZ, "1", "Foz", within_km=200)])
    assert made.places[0].reach == round(fit_view([FOZ], 1500).length(200, FOZ[1])) > 50


def test_names_of_states_are_drawn_where_they_have_room():
    named = {"BRA": "Brazil", "PRY": "Paraguay", "FRA": "France"}
    made = drawn(FOZ, (-38, -12), names=named)
    assert {place.place.text for place in made.places} == {"1", "2", "Brazil"}
    crowded = draw_map([MapPlace(state_point("BRA"), "1", "BRA")], names=named)
    assert "Brazil" not in {place.place.text for place in crowded.places}


def test_nothing_to_show_is_no_map():
    assert draw_map([]) is None


def test_a_map_of_half_the_world_is_small():
    made = drawn(VIENNA, FOZ, (-122, 45), (121, 15), states=("BRA", "AUT", "USA"))
    assert len(gzip.compress((made.land + made.states).encode())) < 40_000


def test_no_outline_runs_across_the_map_at_the_date_line():
    territories = json.loads(OUTLINES.read_text())
    assert len(territories) > 200
    for state in territories:
        for ring in state_rings(state):
            assert all(abs(x - a) < 180 * 200 for (x, _), (a, _) in pairwise(ring.points))


def test_a_map_leaves_out_land_outside_of_it():
    near, wide = drawn(FOZ, min_width_km=300), drawn(FOZ, VIENNA)
    assert near.land.count("M") < 20 < wide.land.count("M")


def test_a_movement_both_ways_is_a_straight_line_without_an_arrow():
    [arc] = drawn(FOZ, (-63, -17), moves=[MapMovement(0, 1, both_ways=True)]).movements
    assert arc.arrow == "" and "L" in arc.path and "Q" not in arc.path


def test_a_map_whose_spots_lead_somewhere_has_parts():
    assert (
        draw_map([MapPlace(FOZ, "1", "Foz", href="#place-1")]).is_linked
        and not drawn(FOZ).is_linked
    )


@pytest.mark.parametrize("state,is_east", [("BRA", True), ("PRY", False)])
def test_the_name_of_a_side_stands_inside_it_near_the_post(state, is_east):
    x, y = state_point_near(state, FOZ, 0.6)
    assert contains(state, (x, y)) and (x > FOZ[0]) is is_east
    assert abs(x - FOZ[0]) <= 0.6 and abs(y - FOZ[1]) <= 0.6


def test_a_state_that_is_far_has_no_name_next_to_the_post():
    assert state_point_near("MEX", FOZ, 1) is None


def test_shades_grow_with_amounts_and_what_is_unknown_has_none():
    states = ["BRA", "CHL", "KNA", "PER", "URY"]
    amounts = {"BRA": 1000, "CHL": 30, "KNA": 2, "URY": 0}
    drawn = draw_shaded_map(states, amounts, lambda state: (state, None))
    by_title = {each.title: each for each in drawn.states}
    shades = [by_title[state].shade for state in ("BRA", "CHL", "KNA", "URY", "PER")]
    assert shades == [5, 3, 1, 0, None] and drawn.steps == [4, 16, 63, 251, 1000]
    assert by_title["BRA"].text == "1000" and not by_title["KNA"].text
    assert by_title["BRA"].path and not by_title["KNA"].path, "an island is a disc"


def test_bands_of_flows_are_as_wide_as_their_amounts():
    amounts = {("A", "X"): 30, ("A", "Y"): 10, ("B", "Y"): 20}
    drawn = draw_flows(amounts, "Others")
    widths = {band.title: band.width for band in drawn.bands}
    assert widths["A → X: 30"] == pytest.approx(3 * widths["A → Y: 10"], rel=0.01)
    assert [(node.name, node.amount) for node in drawn.nodes] == [
        ("A", 40),
        ("B", 20),
        ("X", 30),
        ("Y", 30),
    ]
    many = draw_flows({(str(number), "X"): 20 - number for number in range(12)}, "Others")
    assert [node.name for node in many.nodes if node.anchor == "before"][-1] == "Others"
    assert sum(node.amount for node in many.nodes if node.anchor == "before") == sum(range(9, 21))
    assert draw_flows({}, "Others") is None
