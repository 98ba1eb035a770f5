"""On whose boards a change is counted, and on no other."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from salsa_ext.access.rules import operator, service
from salsa_ext.boards import events
from salsa_ext.boards.models import BoardChange
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.jobs import as_worker, jobs_to_idle
from tests.support.movements import act
from tests.web import scenes

POST = scenes.POST
BOTH = {("BRA", POST), ("PRY", POST)}
NEAR = {"country": "PRY", "latitude": -25.56, "longitude": -54.61}
FAR = {"country": "PRY", "latitude": -22.3, "longitude": -60.0}


def numbers():
    """Return the number of the last change of each board."""
    found = {}
    for state in ("BRA", "PRY", "ARG"):
        with transaction(operator(state)):
            newest = select(BoardChange.post, func.max(BoardChange.number))
            rows = db.session.execute(newest.group_by(BoardChange.post))
            found |= {(state, post): number for post, number in rows}
    return found


@pytest.fixture
def changed(session):
    """Return on which boards something changed while something is done."""

    def of(do, *arguments, **more):
        jobs_to_idle()
        before = numbers()
        do(*arguments, **more)
        jobs_to_idle()
        return {board for board, number in numbers().items() if number != before.get(board)}

    return of


@pytest.fixture
def shipped(as_actor, bra):
    """Return a shipment of Brazil to Paraguay through the post, that is under way."""
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = bra.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected)).json
    act(bra, made, "release")
    return made


def test_crossings_receipts_and_discrepancies_are_reported_to_both_sides_of_the_post(
    changed, shipped, pry_border, bra
):
    path = f"/shipments/{shipped['id']}"
    tick = {
        "stage": "entry",
        "post": POST,
        "occurred_at": "2026-03-09T13:00:00Z",
        "outcome": "passed",
    }
    assert changed(pry_border.post, f"{path}/checkpoints", tick) == BOTH
    short = {"received_on": "2026-03-09", "items": [{"serial": "ABC123456"}]}
    assert changed(pry_border.post, f"{path}/receipt", short) >= BOTH
    [found] = pry_border.get("/discrepancies?kind=short_receipt").json["items"]
    path = f"/discrepancies/{found['id']}"
    result = {"text": "Two were left behind"}
    etag = bra.get(path).headers["ETag"]
    assert changed(bra.post, f"{path}/explain", result, 200, If_Match=etag) == BOTH


def test_a_shipment_that_goes_another_way_is_told_where_it_went_and_where_it_goes(changed, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected)).json
    other = "pedro-juan-caballero-ponta-pora"
    way = [{"stage": "entry", "post": other, "at": "2026-03-10T12:00:00Z"}]
    assert changed(
        act, bra, made, "amend", reason="Bridge closed", authentication="Stamp 4", expected=way
    ) >= BOTH | {("BRA", other), ("PRY", other)}


def test_a_seizure_is_reported_to_its_own_state_alone_at_the_posts_near_by(changed, pry_police):
    for place, boards in ((NEAR, {("PRY", POST)}), (FAR, set())):
        body = bodies.seizure(number=f"S-{place['latitude']}", agency="PRY-POLICE", place=place)
        assert changed(pry_police.post, "/seizures", body) == boards


def test_a_seizure_without_a_place_is_reported_at_its_post_alone(changed, pry_police):
    body = bodies.seizure(
        agency="PRY-POLICE", post=POST, place={"country": "PRY", "name": "Bridge"}
    )
    assert changed(pry_police.post, "/seizures", body) == {("PRY", POST)}


@pytest.mark.parametrize(
    "place", [{"country": "BRA"}, {"country": "BRA", "latitude": -23.5, "longitude": -46.6}]
)
def test_a_joint_seizure_moves_the_boards_of_both_wherever_it_was_made(changed, place, bra_border):
    body = bodies.seizure(number="B-7", agency="BRA-TEST", place=place)
    joint = body | {"joint_with": {"state": "PRY", "number": "P-1"}}
    every = changed(bra_border.post, "/seizures", joint)
    assert {state for state, _ in every} == {"BRA", "PRY"} and len(every) > 2
    [made] = bra_border.get("/seizures?number=B-7").json["items"]
    parted = body | {"reason": "Another truck"}  # it was joint before
    path = f"/seizures/{made['id']}/correct"
    assert changed(bra_border.post, path, parted, 200, If_Match='"1"') == every


def test_a_joint_seizure_is_reported_to_both_states_and_no_third(changed, pry_police):
    joint = bodies.seizure(
        agency="PRY-POLICE", place=NEAR, joint_with={"state": "BRA", "number": "B-1"}
    )
    assert {state for state, _ in changed(pry_police.post, "/seizures", joint)} == {"PRY", "BRA"}


def test_a_seizure_of_which_no_place_is_known_is_reported_to_nobody(changed, pry_police):
    nowhere = bodies.seizure(agency="PRY-POLICE", place={"country": "PRY", "name": "A town"})
    assert changed(pry_police.post, "/seizures", nowhere) == set()


def test_a_seizure_whose_place_is_corrected_away_is_reported_to_the_boards_that_it_leaves(
    changed, pry_police
):
    body = bodies.seizure(agency="PRY-POLICE", place=NEAR)
    seized = pry_police.post("/seizures", body).json["id"]
    elsewhere = body | {"place": {"country": "PRY", "name": "A town"}, "reason": "Another town"}
    correct = (pry_police.post, f"/seizures/{seized}/correct", elsewhere, 200)
    assert changed(*correct, If_Match='"1"') == {("PRY", POST)}
    assert changed(*correct, If_Match='"2"') == set()  # it had left before


def test_a_silent_record_of_another_state_is_reported_to_its_owner_at_most(changed, pry, police):
    gun = bodies.firearm(serial="QSX771234")
    assert (
        changed(pry.post, "/transfers", bodies.transfer(visibility="silent", firearm=gun)) == set()
    )
    seized = bodies.seizure(agency="BRA-POLICE", items=[gun], place={"country": "BRA", "name": "X"})
    assert changed(police.post, "/seizures", seized) == set()


def test_a_trace_is_reported_to_who_asks_and_who_is_asked_each_by_its_own_rows(
    changed, pry, analyst
):
    gun = bodies.firearm(serial="TRC550022")
    pry.post("/transfers", bodies.transfer(visibility="pointer", firearm=gun))
    found = changed(analyst.post, "/traces", bodies.trace(case_number="C-55", firearm=gun))
    assert found >= BOTH
    assert {state for state, _ in found} == {"BRA", "PRY"}


def test_changes_are_forgotten_after_a_day_but_the_last_goes_on_being_counted(changed, pry_police):
    for number in ("S-1", "S-2"):
        body = bodies.seizure(number=number, agency="PRY-POLICE", place=NEAR)
        assert changed(pry_police.post, "/seizures", body) == {("PRY", POST)}
    later = service("PRY", FixedClock(NOW + timedelta(days=2)))
    with as_worker(later):
        assert events.delete_old_changes(later) == 1
    assert numbers() == {("PRY", POST): 2}
