"""Whom a trace asks: nobody abroad where its own records end it, and no state that is no more."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning


@beginning
def at_home(as_actor):
    """A pistol that was made and sold in Brazil."""
    clerk = as_actor("BRA", "licensing_officer")
    maker = bodies.party("Fábrica Exemplo", "BRA", "manufacturer")
    made = bodies.transfer(kind="manufacture", occurred_on="2023-01-02", number="M-1", to=maker)
    del made["from"]
    clerk.post("/transfers", made)
    buyer = bodies.party("Ana Exemplo", "BRA", "individual")
    clerk.post("/transfers", bodies.transfer(number="T-2", to=buyer) | {"from": maker})


def asked(analyst, **gun):
    trace = analyst.post("/traces", bodies.trace(firearm=bodies.firearm(**gun))).json
    return trace, [leg["state"] for leg in trace["legs"]]


def import_mark(state, year=None):
    return {"kind": "import", "text": f"{state} mark", "state": state} | (
        {"year": year} if year else {}
    )


ABROAD = {"country_of_manufacture": "AUT", "marks": [import_mark("URY", 2020)]}


def test_own_records_that_end_a_trace_make_other_states_unnecessary(analyst, at_home):
    trace, states = asked(analyst, **ABROAD)
    assert (states, trace["status"]) == (["BRA"], "completed")
    assert analyst.get(f"/traces/{trace['id']}/result").json["scope"] == "domestic"
    more = {"state": "URY", "reason": "It may have been there"}
    again = analyst.post(f"/traces/{trace['id']}/legs", more, 201).json
    assert "URY" in [leg["state"] for leg in again["legs"]]


def test_a_state_whose_records_match_is_asked_all_the_same(as_actor, analyst, at_home):
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    assert asked(analyst, **ABROAD)[1] == ["BRA", "PRY"]


def test_a_sale_at_home_is_not_the_whole_life_of_a_gun(as_actor, analyst):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    assert asked(analyst, **ABROAD)[1] == ["BRA", "URY", "AUT"]


@pytest.mark.parametrize(
    "marks,states",
    [
        ([import_mark("URY", 2020), import_mark("CHL", 2023)], ["BRA", "CHL"]),
        ([import_mark("CHL", 2023), import_mark("URY")], ["BRA", "CHL"]),
        ([import_mark("URY"), import_mark("CHL")], ["BRA", "URY", "CHL"]),
    ],
)
def test_the_state_of_the_last_import_mark_is_asked(analyst, marks, states):
    assert asked(analyst, marks=marks, country_of_manufacture="BRA")[1] == states


def test_a_state_that_is_no_more_is_not_asked_and_the_result_says_so(analyst):
    trace, states = asked(analyst, country_of_manufacture="YUG")
    assert states == ["BRA"]
    missing = analyst.get(f"/traces/{trace['id']}/result").json["missing"]
    assert [each for each in missing if "keeps the books of the maker" in each]


def test_the_only_successor_of_a_state_is_asked_for_it(analyst):
    trace, states = asked(analyst, country_of_manufacture="DDR")
    assert states == ["BRA", "DEU"]
    assert "followed it" in trace["legs"][1]["reasons"][-1]
