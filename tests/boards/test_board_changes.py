"""Whose boards a change is told of, whatever order transactions commit in."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from salsa_ext.access.rules import operator
from salsa_ext.boards import events
from salsa_ext.boards.events import read_changes
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW, standing_on
from tests.support import actors, bodies
from tests.support.movements import act
from tests.web import scenes

POST = scenes.POST
BOTH = {("BRA", POST), ("PRY", POST)}
NEAR = {"country": "PRY", "latitude": -25.56, "longitude": -54.61}
TOLD = "INSERT INTO board_change (state, post) VALUES (:state, :post)"


@pytest.fixture
def app(server, registered, standing):
    with standing_on(server, registered, standing) as served, served.app_context():
        yield served


@pytest.fixture
def registered_database(app, standing):
    """The database of that application."""
    return standing[1]


@pytest.fixture
def owner(app, registered_database):
    """The database as its owner has it, who may write what the triggers do."""
    engine = create_engine(registered_database.migration_url)
    yield engine
    engine.dispose()


@pytest.fixture
def as_actor(app):
    """Return an HTTP client whose transactions are real."""

    def make(state, role, agency="TEST"):
        token = actors.token(state, role, NOW, None, timedelta(days=1), agency)
        return actors.Client(app.test_client(), token)

    return make


@pytest.fixture
def told(app):
    """Return on which boards something changed while something is done."""

    def of(do, *arguments, **more):
        before = read_changes(db.engine, None).snapshot
        do(*arguments, **more)
        return {(change.state, change.post) for change in read_changes(db.engine, before).changes}

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


def test_a_tick_a_receipt_and_what_does_not_add_up_are_told_to_both_sides_of_the_post(
    told, shipped, pry_border, bra
):
    path = f"/shipments/{shipped['id']}"
    tick = {
        "stage": "entry",
        "post": POST,
        "occurred_at": "2026-03-09T13:00:00Z",
        "outcome": "passed",
    }
    assert told(pry_border.post, f"{path}/checkpoints", tick) == BOTH
    short = {"received_on": "2026-03-09", "items": [{"serial": "ABC123456"}]}
    assert told(pry_border.post, f"{path}/receipt", short) >= BOTH
    [found] = pry_border.get("/discrepancies?kind=short_receipt").json["items"]
    path = f"/discrepancies/{found['id']}"
    said = {"text": "Two were left behind"}
    etag = bra.get(path).headers["ETag"]
    assert told(bra.post, f"{path}/explain", said, 200, If_Match=etag) == BOTH


def test_a_shipment_that_goes_another_way_is_told_where_it_went_and_where_it_goes(told, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-10T12:00:00Z"}]
    made = bra.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected)).json
    other = "pedro-juan-caballero-ponta-pora"
    way = [{"stage": "entry", "post": other, "at": "2026-03-10T12:00:00Z"}]
    assert told(
        act, bra, made, "amend", reason="Bridge closed", authentication="Stamp 4", expected=way
    ) >= BOTH | {("BRA", other), ("PRY", other)}


def test_a_seizure_is_told_to_its_own_state_alone(told, pry_police):
    found = told(pry_police.post, "/seizures", bodies.seizure(agency="PRY-POLICE", place=NEAR))
    assert found == {("PRY", None)}


def test_what_is_seized_costs_one_row_whatever_posts_a_state_has(as_actor, owner):
    police, place = as_actor("BRA", "police_officer"), {"country": "BRA", "latitude": -10.0}
    for number in range(3):
        at = place | {"longitude": -50.0 - number}
        police.post(
            "/seizures", bodies.seizure(number=f"S-{number}", agency="BRA-POLICE", place=at)
        )
    with owner.connect() as reading:
        rows = reading.execute(text("SELECT state, post, square FROM board_change")).all()
    assert [tuple(row) for row in rows] == [
        ("BRA", None, -400_200),
        ("BRA", None, -400_204),
        ("BRA", None, -400_208),
    ]


def test_a_look_takes_what_one_state_seized_as_one_change(app, owner):
    before = read_changes(db.engine, None)
    told = "INSERT INTO board_change (state, kind, square) SELECT 'BRA', 'seizure', generate_series(1, 900)"
    with owner.begin() as writing:
        writing.execute(text(told))
    [change] = read_changes(db.engine, before.snapshot).changes
    assert change.squares == frozenset(range(1, 901))
    assert change.concerns(("BRA", POST)) and not change.concerns(("PRY", POST))


def test_a_seizure_at_a_post_is_told_there_alone_where_no_place_is_given(told, pry_police):
    body = bodies.seizure(
        agency="PRY-POLICE", post=POST, place={"country": "PRY", "name": "Bridge"}
    )
    assert told(pry_police.post, "/seizures", body) == {("PRY", POST)}


@pytest.mark.parametrize(
    "place", [{"country": "BRA"}, {"country": "BRA", "latitude": -23.5, "longitude": -46.6}]
)
def test_a_joint_seizure_moves_the_boards_of_both_wherever_it_was_made(app, place, bra_border):
    body = bodies.seizure(number="B-7", agency="BRA-TEST", place=place)
    joint = body | {"joint_with": {"state": "PRY", "number": "P-1"}}
    before = read_changes(db.engine, None).snapshot
    made = bra_border.post("/seizures", joint).json["id"]
    first = read_changes(db.engine, before)
    parted = body | {"reason": "Another truck"}
    bra_border.post(f"/seizures/{made}/correct", parted, 200, If_Match='"1"')
    second = read_changes(db.engine, first.snapshot)  # it was joint before
    for found in (first, second):
        moved = {change.state for change in found.changes if change.squares is None}
        assert moved == {"BRA", "PRY"}


def test_a_joint_seizure_is_told_to_both_states_and_no_third(told, pry_police):
    joint = bodies.seizure(
        agency="PRY-POLICE", place=NEAR, joint_with={"state": "BRA", "number": "B-1"}
    )
    assert {state for state, _ in told(pry_police.post, "/seizures", joint)} == {"PRY", "BRA"}


def test_a_seizure_of_which_no_place_is_known_is_told_to_nobody(told, pry_police):
    nowhere = bodies.seizure(agency="PRY-POLICE", place={"country": "PRY", "name": "A town"})
    assert told(pry_police.post, "/seizures", nowhere) == set()


def test_a_seizure_whose_place_is_corrected_away_is_told_to_the_boards_that_it_leaves(
    told, pry_police
):
    body = bodies.seizure(agency="PRY-POLICE", place=NEAR)
    seized = pry_police.post("/seizures", body).json["id"]
    elsewhere = body | {"place": {"country": "PRY", "name": "A town"}, "reason": "Another town"}
    correct = (pry_police.post, f"/seizures/{seized}/correct", elsewhere, 200)
    assert told(*correct, If_Match='"1"') == {("PRY", None)}
    assert told(*correct, If_Match='"2"') == set()  # it had left before


def test_a_silent_record_of_another_state_is_told_to_its_owner_at_most(told, pry, police):
    gun = bodies.firearm(serial="QSX771234")
    assert told(pry.post, "/transfers", bodies.transfer(visibility="silent", firearm=gun)) == set()
    seized = bodies.seizure(agency="BRA-POLICE", items=[gun], place={"country": "BRA", "name": "X"})
    assert told(police.post, "/seizures", seized) == set()


def test_a_trace_is_told_to_who_asks_and_who_is_asked_each_by_its_own_rows(told, pry, analyst):
    gun = bodies.firearm(serial="TRC550022")
    pry.post("/transfers", bodies.transfer(visibility="pointer", firearm=gun))
    found = told(analyst.post, "/traces", bodies.trace(case_number="C-55", firearm=gun))
    assert found >= BOTH
    assert {state for state, _ in found} == {"BRA", "PRY"}


def sides(found):
    return {(change.state, change.post) for change in found.changes}


def test_what_commits_later_though_it_began_earlier_is_not_missed(app, owner):
    with owner.connect() as early, owner.connect() as late:
        early.execute(text(TOLD), {"state": "BRA", "post": POST})
        late.execute(text(TOLD), {"state": "PRY", "post": POST})
        first = read_changes(db.engine, None)
        late.commit()
        second = read_changes(db.engine, first.snapshot)
        third = read_changes(db.engine, second.snapshot)
        early.commit()
        fourth = read_changes(db.engine, third.snapshot)
        fifth = read_changes(db.engine, fourth.snapshot)
    assert [sides(one) for one in (second, third, fourth, fifth)] == [
        {("PRY", POST)},
        set(),
        {("BRA", POST)},
        set(),
    ]


def test_what_is_undone_is_never_told(app, owner):
    before = read_changes(db.engine, None)
    with owner.connect() as writing:
        writing.execute(text(TOLD), {"state": "BRA", "post": POST})
        assert sides(read_changes(db.engine, before.snapshot)) == set()
        writing.rollback()
    assert sides(read_changes(db.engine, before.snapshot)) == set()


def test_writers_of_one_post_do_not_wait_for_each_other(app, owner):
    with owner.connect() as one, owner.connect() as other:
        other.execute(text("SET lock_timeout = '1ms'"))
        for writing in (one, other, one, other):
            writing.execute(text(TOLD), {"state": "BRA", "post": POST})
        one.rollback()
        other.rollback()


def test_changes_are_forgotten_after_a_day(app, owner):
    with owner.begin() as writing:
        writing.execute(text(TOLD), {"state": "BRA", "post": POST})
        writing.execute(
            text(
                "INSERT INTO board_change (state, post, recorded_at)"
                " VALUES ('PRY', 'x', now() - interval '25 hours')"
            )
        )
    with transaction(operator(None)):
        assert events.delete_old_changes() == 1
