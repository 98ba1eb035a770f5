"""Which parts of a board are drawn again for what was recorded, and which records draw none."""

import pytest

from tests.support import bodies
from tests.web import scenes
from tests.web.live.test_changes import POLL
from tests.web.onlookers import DESK, caller, seize, tick

pytestmark = pytest.mark.boards


def test_only_the_parts_that_changed_are_sent(app, onlooker):
    page = onlooker("BRA")
    tick(app)
    assert page.follow() == {"due"}
    assert page.follow() == set()


def test_the_number_does_not_move_for_what_is_none_of_the_readers(app, onlooker):
    brazil, paraguay = onlooker("BRA"), onlooker("PRY")
    before = brazil.version
    police = caller(app, "PRY", "police_officer")
    police.post("/seizures", bodies.seizure(number="S-9", agency="PRY-POLICE", place=scenes.NEAR))
    assert paraguay.follow() == {"tiles", "weeks", "seizures"}
    assert brazil.ask().headers["ETag"] == f'W/"{before}"'
    assert brazil.follow() == set() and brazil.version == before


def test_a_seizure_leaves_the_board_with_the_correction_that_takes_its_place_away(app, onlooker):
    police = caller(app, "PRY", "police_officer")
    body = bodies.seizure(number="S-9", agency="PRY-POLICE", place=scenes.NEAR)
    seized = police.post("/seizures", body).json["id"]
    page = onlooker("PRY")
    assert "S-9" in page.page
    elsewhere = {"place": {"country": "PRY", "name": "Asunción"}, "reason": "Another town"}
    police.post(f"/seizures/{seized}/correct", body | elsewhere, 200, If_Match='"1"')
    answer = page.ask()
    assert set(answer.json["parts"]) == {"tiles", "weeks", "seizures"}
    assert not any("S-9" in part for part in answer.json["parts"].values())


def test_a_seizure_far_away_draws_no_board_and_one_near_by_draws_it(app, onlooker, asked):
    page = onlooker("PRY")
    far = {"latitude": -22.3, "longitude": -60.0}
    seize(app, "PRY", "S-FAR", **far)
    asked.clear()
    assert page.follow() == set()
    assert len(asked) == POLL  # nothing of the board
    seize(app, "PRY", "S-POST", **far, name="Chaco")
    assert page.follow() == set()
    seize(app, "PRY", "S-NEAR", **{name: scenes.NEAR[name] for name in ("latitude", "longitude")})
    assert page.follow() == {"tiles", "weeks", "seizures"}


def test_a_seizure_of_the_other_side_joins_what_waits_wherever_it_was_made(app, onlooker):
    mine = {"number": "P-1", "agency": "PRY-POLICE", "occurred_on": "2026-03-09"}
    joint = bodies.seizure(**mine, place=scenes.NEAR, joint_with={"state": "BRA", "number": "B-7"})
    caller(app, "PRY", "police_officer").post("/seizures", joint)
    board = onlooker("PRY")
    desk = onlooker("PRY", at=DESK)
    theirs = {"number": "B-7", "place": {"country": "BRA"}, "occurred_on": "2026-03-09"}
    back = bodies.seizure(**theirs, joint_with={"state": "PRY", "number": "P-1"})
    caller(app, "BRA", "police_officer").post("/seizures", back)
    assert "joint" in desk.follow()
    assert "seizures" in board.follow()


def test_a_seizure_that_is_corrected_leaves_the_board_on_which_it_was(app, onlooker):
    seize(app, "PRY", "S-1", **{name: scenes.NEAR[name] for name in ("latitude", "longitude")})
    page, police = onlooker("PRY"), caller(app, "PRY", "police_officer")
    [made] = police.get("/seizures?number=S-1").json["items"]
    etag = police.get(f"/seizures/{made['id']}").headers["ETag"]
    place = {"country": "PRY", "latitude": -22.3, "longitude": -60.0}
    body = bodies.seizure(number="S-1", agency="PRY-POLICE", place=place, reason="A slip")
    police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match=etag)
    assert page.follow() == {"tiles", "weeks", "seizures"}


def test_a_hit_of_another_agency_draws_nothing(app, onlooker, asked):
    alert = bodies.alert(firearm=bodies.firearm(serial="SBK440177"))
    caller(app, "ARG", "trace_analyst").post("/alerts", alert)
    here, there = onlooker("PRY"), onlooker("PRY", agency="LICENSING")
    caller(app, "PRY", "border_officer").post("/checks", bodies.check(serial="SBK440177"))
    asked.clear()
    assert there.follow() == set() and len(asked) == POLL
    assert "hits" in here.follow()


def test_a_draft_of_a_trace_draws_no_board(app, onlooker, asked):
    page = onlooker("BRA")
    caller(app, "BRA", "trace_analyst").post("/traces", bodies.trace(draft=True))
    asked.clear()
    assert page.follow() == set() and len(asked) == POLL


def test_a_desk_changes_with_calls_and_not_with_ticks(app, onlooker):
    page = onlooker("BRA", at=DESK)
    tick(app)
    assert page.follow() == set()
    caller(app, "PRY", "border_officer").post(f"/posts/{scenes.POST}/calls", {})
    assert page.follow() == {"calls"}
