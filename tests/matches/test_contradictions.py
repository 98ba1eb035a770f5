"""Two records that cannot both be true of a gun are urgent, and come first."""

from datetime import date

import pytest

from salsa_ext.core.dates import parse_date
from salsa_ext.matches.worths import worth_of
from tests.support import bodies
from tests.support.jobs import jobs_to_idle


@pytest.fixture
def found_again(app, as_actor):
    """A pistol that Brazil seized and destroyed, and that Paraguay seized two years later."""
    police = as_actor("BRA", "police_officer")
    first = police.post("/seizures", bodies.seizure(occurred_on="2023-02-01")).json
    act = {"kind": "destroyed", "occurred_on": "2023-06-01", "act_number": "ACTA-7"}
    police.post(f"/seizures/{first['id']}/dispositions", act)
    place = {"country": "PRY", "name": "Luque"}
    again = bodies.seizure(number="P-1", place=place, occurred_on="2025-06-01")
    as_actor("PRY", "police_officer").post("/seizures", again)
    jobs_to_idle(app)


@pytest.mark.parametrize("state", ["BRA", "PRY"])
def test_a_destroyed_gun_that_was_found_comes_first_and_is_an_alarm(as_actor, found_again, state):
    police = as_actor(state, "police_officer")
    first = police.get("/matches").json["items"][0]
    assert (first["worth"], first["strength"]) == ("contradiction", "strong")
    assert not first["confirmable"]
    assert police.get("/notifications").json["items"][0]["code"] == "match_contradicted"


@pytest.mark.parametrize(
    ("destroyed", "found", "worth"),
    [
        ("2023-06-01", "2023-06-02", "contradiction"),
        ("2023-06-01", "2023-06-01", "crime"),
        ("2023-06-01", "2023-05-31", "crime"),
        ("2023-06", "2023-06-30", "crime"),
        ("2023-05", "2023-06", "contradiction"),
    ],
)
@pytest.mark.parametrize("event", ["seized", "found", "surrendered", "recovery"])
def test_only_a_find_that_is_certainly_later_contradicts(destroyed, found, worth, event):
    days: list[date] = [parse_date(destroyed), parse_date(found)]
    assert worth_of("destruction", event, *days) == worth
    assert worth_of(event, "destruction", *days[::-1]) == worth
    assert worth_of("seized", None, days[1]) == "pointer"
