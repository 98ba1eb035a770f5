"""A `pointer` record is weighed by its serial alone: no other answer, whatever else is asked."""

import pytest

from tests.support import bodies

CHANGES = [
    {"make": "Glock"},
    {"calibre": ".380"},
    {"type": "revolver"},
    {"country": "AUT"},
    {"year": 1990},
    {"model": "17"},
]


@pytest.fixture
def pointer(as_actor):
    body = bodies.transfer(visibility="pointer", firearm=bodies.firearm(year=2020))
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json


def scores(answer):
    return [(found["state"], found["score"], found["strength"]) for found in answer["candidates"]]


@pytest.mark.parametrize("changes", CHANGES)
def test_nothing_but_the_serial_moves_the_answer_to_a_check(pointer, police, changes):
    plain = {key: value for key, value in bodies.check().items() if key not in ("make", "calibre")}
    first, again = police.post("/checks", plain).json, police.post("/checks", plain | changes).json
    assert first["verdict"] == again["verdict"] == "hit"
    assert scores(first) == scores(again) == [("PRY", 24.0, "strong")]


@pytest.mark.parametrize("changes", CHANGES[:3])
def test_nothing_but_the_serial_moves_the_matches_of_a_seizure(pointer, police, changes):
    body = bodies.seizure(items=[bodies.firearm(**changes)])
    [item] = police.post("/seizures", body).json["matches"]
    assert scores(item) == [("PRY", 24.0, "strong")]


@pytest.mark.parametrize("changes", [{}, *CHANGES[:3]])
def test_nothing_but_the_serial_decides_whether_a_trace_asks_its_state(
    as_actor, pointer, police, changes
):
    as_actor("URY", "licensing_officer").post("/transfers", bodies.transfer())
    body = bodies.trace(firearm=bodies.firearm(**changes))
    assert "PRY" in [leg["state"] for leg in police.post("/traces", body).json["legs"]]


def test_a_pointer_comes_after_open_records_of_any_date(as_actor, pointer, police):
    day = "2025-01-01"  # after the sale that the pointer tells of
    body = bodies.transfer(occurred_on=day, firearm={"serial": "ABC123456"})
    as_actor("URY", "licensing_officer").post("/transfers", body)
    plain = {key: value for key, value in bodies.check().items() if key not in ("make", "calibre")}
    assert [state for state, _, _ in scores(police.post("/checks", plain).json)] == ["URY", "PRY"]


def test_a_correction_of_the_mark_is_not_revealed(pointer, police, pry, pry_police):
    body = bodies.transfer(
        visibility="pointer", reason="Read again", firearm=bodies.firearm(serial="NEW123456")
    )
    pry.post(f"/transfers/{pointer['id']}/correct", body, 200, If_Match='"1"')
    for serial in ("ABC123456", "NEW123456"):
        [found] = police.post("/checks", bodies.check(serial=serial)).json["candidates"]
        assert (found["state"], found["is_old_mark"]) == ("PRY", None)
        assert (found["event"], found["occurred_on"]) == (None, None)
    [old] = pry_police.post("/checks", bodies.check()).json["candidates"]
    assert old["is_old_mark"] is True


def test_its_own_state_still_sees_what_speaks_against_it(pointer, pry_police):
    assert pry_police.post("/checks", bodies.check(make="Glock")).json["verdict"] == "possible"
