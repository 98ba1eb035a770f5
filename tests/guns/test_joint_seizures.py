"""Two sides of a post seize together: it is joined where each names the other, and not before."""

from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.guns import joint_seizures
from salsa_ext.reference.queries import get_post
from tests.conftest import NOW
from tests.support import bodies
from tests.web.scenes import NEAR, POST

READ = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


@pytest.fixture
def seize(as_actor):
    """Record a seizure of a state, joint with that of another where its number is given."""

    def make(state, number, joint=None, **more):
        place = {"latitude": NEAR["latitude"], "longitude": NEAR["longitude"], "country": state}
        other = {"PRY": "BRA", "BRA": "PRY"}[state]
        named = {"joint_with": {"state": other, "number": joint}} if joint else {}
        body = bodies.seizure(
            number=number,
            agency=f"{state}-TEST",
            place=place,
            occurred_on="2026-03-09",
            **named,
            **more,
        )
        return as_actor(state, "border_officer").post("/seizures", body).json

    return make


def joint(as_actor, state, seizure, **headers):
    return (
        as_actor(state, "border_officer").get(f"/seizures/{seizure['id']}", **headers).json["joint"]
    )


WAITS = {"state": "BRA", "number": "B-7", "status": "waiting", "seizure": None, "recorded_at": None}


def test_a_seizure_waits_until_the_other_side_names_it_back(as_actor, seize):
    mine = seize("PRY", "P-1", "B-7")
    assert mine["joint"] == WAITS
    theirs = seize("BRA", "B-7", "P-1")
    result = joint(as_actor, "PRY", mine)
    assert (result["status"], result["seizure"]) == ("joined", theirs["id"])
    assert result["recorded_at"] == "2026-03-09T15:00:00+00:00"
    assert theirs["joint"]["seizure"] == mine["id"]
    assert joint(as_actor, "BRA", mine, **READ)["status"] == "joined"


@pytest.mark.parametrize("named", [None, "P-2"])
def test_one_that_does_not_name_it_back_is_told_as_one_that_there_is_not(as_actor, seize, named):
    mine = seize("PRY", "P-1", "B-7")
    seize("BRA", "B-7", named)
    assert joint(as_actor, "PRY", mine) == WAITS


def test_of_what_is_not_shared_nothing_moves(seize, pry_border):
    mine = seize("PRY", "P-1", "B-7")
    before = [
        pry_border.get(path).json for path in (f"/seizures/{mine['id']}", f"/posts/{POST}/board")
    ]
    seize("BRA", "B-7", None, visibility="open")
    after = [
        pry_border.get(path).json for path in (f"/seizures/{mine['id']}", f"/posts/{POST}/board")
    ]
    assert after == before


def test_a_number_is_the_same_in_small_letters_and_without_hyphens(as_actor, seize):
    mine = seize("PRY", "P-1", "b-7")
    seize("BRA", "B-7", "p1")
    assert joint(as_actor, "PRY", mine)["status"] == "joined"


def test_a_correction_that_takes_the_name_away_parts_them(as_actor, seize):
    mine, theirs = seize("PRY", "P-1", "B-7"), seize("BRA", "B-7", "P-1")
    officer, path = as_actor("BRA", "border_officer"), f"/seizures/{theirs['id']}"
    etag = officer.get(path).headers["ETag"]
    place = {"country": "BRA", "latitude": NEAR["latitude"], "longitude": NEAR["longitude"]}
    body = bodies.seizure(
        number="B-7",
        agency="BRA-TEST",
        place=place,
        occurred_on="2026-03-09",
        reason="Another truck",
    )
    officer.post(f"{path}/correct", body, 200, If_Match=etag)
    assert joint(as_actor, "PRY", mine) == WAITS


def test_what_is_joined_by_now_does_not_hide_what_waits(app, monkeypatch, seize):
    monkeypatch.setattr(joint_seizures, "MAX_LISTED", 3)
    waits = seize("BRA", "B-1", "P-1")
    for number in (2, 3):
        monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + timedelta(minutes=number)))
        seize("PRY", f"P-{number}", f"B-{number}")
        seize("BRA", f"B-{number}", f"P-{number}")
    actor = operator("PRY", clock=FixedClock(NOW))
    with transaction(actor):
        found = joint_seizures.at_post(actor, get_post(POST), "BRA", NOW.date())
    assert [each.seizure.number for each in found] == ["P-3", "P-2", "B-1"]
    assert str(found[-1].seizure.id) == waits["id"]
