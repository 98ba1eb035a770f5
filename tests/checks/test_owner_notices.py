"""Owners are told late of who asked, whatever becomes of a record or of another check meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from api import jobs
from salsa_ext.checks import owner_notices
from salsa_ext.checks.models import Check
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.matches import search
from salsa_ext.tracing.requests import record_search
from tests.conftest import NOW
from tests.support import bodies

SERIALS = ("TKA52381", "QWK77120", "ZZE90417")


@pytest.fixture
def held(pry):
    """Records that Paraguay keeps silent, by their serials."""
    return {
        serial: pry.post(
            "/transfers",
            bodies.transfer(
                number=f"T-{serial}", visibility="silent", firearm=bodies.firearm(serial=serial)
            ),
        ).json
        for serial in SERIALS
    }


@pytest.fixture
def ask(as_actor):
    def post(serial, state="BRA"):
        police = as_actor(state, "police_officer")
        return police.post("/checks", bodies.check(serial=serial)).json["id"]

    return post


@pytest.fixture
def entries(as_actor):
    def read(state="PRY", action="record:matched"):
        return as_actor(state, "auditor").get(f"/audit?action={action}").json["items"]

    return read


@pytest.fixture
def correct(as_actor):
    def to(made, visibility):
        body = bodies.transfer(
            reason="Operation",
            visibility=visibility,
            number=made["number"],
            firearm=bodies.firearm(serial=made["firearm"]["serial"]),
        )
        clerk = as_actor("PRY", "licensing_officer")
        clerk.post(f"/transfers/{made['id']}/correct", body, 200, If_Match='"1"')

    return to


@pytest.fixture
def change(actor):
    def to(check, **values):
        with transaction(actor("BRA")):
            db.session.execute(update(Check).where(Check.id == check).values(**values))

    return to


@pytest.fixture
def fail(monkeypatch):
    """Let the search for a serial fail."""

    def at(serial, how):
        def search_later(query, actor):
            if query.serial == serial:
                how()
            return real(query, actor)

        real = owner_notices.search_later
        monkeypatch.setattr(owner_notices, "search_later", search_later)

    return at


def time_out():
    db.session.execute(text("SET LOCAL statement_timeout = 1"))
    db.session.execute(text("SELECT pg_sleep(1)"))


@pytest.mark.parametrize(
    "query,error",
    [({"serial": "?"}, "Invalid"), ({"serial": SERIALS[0], "colour": "black"}, "TypeError")],
)
def test_a_check_that_can_no_longer_be_searched_keeps_no_other_back(
    held, ask, run, entries, change, query, error
):
    first, *others = [ask(serial) for serial in SERIALS]
    change(first, query=query)
    assert [run("BRA", owner_notices.notify_owners) for _ in range(2)] == [3, 0]
    assert {entry["subject_id"] for entry in entries()} == set(others)
    [untold] = entries("BRA", "check:left_untold")
    assert (untold["subject_id"], untold["data"]) == (first, {"error": error})


def test_what_a_check_hits_is_looked_for_once_when_owners_are_told(held, ask, run, asked):
    ask(SERIALS[0])
    asked.clear()
    assert run("BRA", owner_notices.notify_owners) == 1
    assert sum("salsa_similar_marks" in said for said in asked) == 1


def test_a_check_for_which_the_database_has_no_time_is_tried_again(
    held, ask, run, entries, fail, monkeypatch
):
    first, *others = [ask(serial) for serial in SERIALS]
    fail(SERIALS[0], time_out)
    assert run("BRA", owner_notices.notify_owners) == 2
    assert {entry["subject_id"] for entry in entries()} == set(others)
    monkeypatch.undo()
    assert run("BRA", owner_notices.notify_owners) == 1
    assert {entry["subject_id"] for entry in entries()} == {first, *others}


def test_what_fails_stands_in_no_other_s_way_and_is_tried_once_a_round(
    held, ask, entries, fail, monkeypatch
):
    tried = []

    def late():
        tried.append(1)
        time_out()

    _, *others = [ask(serial) for serial in SERIALS]
    fail(SERIALS[0], late)
    monkeypatch.setattr(owner_notices.notify_owners, "__kwdefaults__", {"limit": 1, "failed": None})
    assert jobs.notify_record_owners(FixedClock(NOW)) == 2
    assert {entry["subject_id"] for entry in entries()} == set(others)
    assert len(tried) == 1


def test_a_transaction_keeps_no_more_than_twenty_checks_locked(ask, run):
    for number in range(21):
        ask(f"QWX1000{number}")
    assert [run("BRA", owner_notices.notify_owners) for _ in range(3)] == [20, 1, 0]


def test_it_is_not_tried_again_for_ever(held, ask, run, entries, fail, change):
    first = ask(SERIALS[0])
    change(first, checked_at=NOW - timedelta(days=2))
    fail(SERIALS[0], time_out)
    assert [run("BRA", owner_notices.notify_owners) for _ in range(2)] == [1, 0]
    assert [entry["subject_id"] for entry in entries("BRA", "check:left_untold")] == [first]


def test_a_state_for_which_telling_fails_keeps_no_other_from_its_turn(
    held, ask, entries, monkeypatch, caplog
):
    def run(*, actor, **options):
        if actor.state == "ARG":
            raise ZeroDivisionError
        return real(actor=actor, **options)

    real = owner_notices.notify_owners
    ask(SERIALS[0], "ARG")
    later = ask(SERIALS[1], "BRA")
    monkeypatch.setattr(owner_notices, "notify_owners", run)
    assert jobs.notify_record_owners(FixedClock(NOW)) == 1
    assert [entry["subject_id"] for entry in entries()] == [later]
    failed = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert failed == ["owners not told"]


@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_the_owner_is_told_of_a_record_that_is_no_longer_silent(
    held, ask, run, entries, correct, visibility
):
    asked = ask(SERIALS[0])
    correct(held[SERIALS[0]], visibility)
    run("BRA", owner_notices.notify_owners)
    [entry] = entries()
    assert entry["subject_id"] == asked
    assert entry["data"] == {"records": [held[SERIALS[0]]["firearm"]["record"]]}
    assert entries("BRA") == []


@pytest.mark.parametrize("visibility", ["open", "pointer"])
@pytest.mark.parametrize("becomes", ["open", "pointer", "silent"])
def test_who_was_told_at_once_is_not_told_again(
    as_actor, ask, run, entries, correct, visibility, becomes
):
    body = bodies.transfer(
        visibility=visibility, number="T-1", firearm=bodies.firearm(serial=SERIALS[0])
    )
    made = as_actor("PRY", "licensing_officer").post("/transfers", body).json
    asked = ask(SERIALS[0])
    correct(made, becomes)
    run("BRA", owner_notices.notify_owners)
    assert [entry["subject_id"] for entry in entries()] == [asked]


@pytest.fixture
def post(as_actor):
    """Return the id of a seizure or a trace of a gun."""

    def of(kind, serial, **changes):
        gun = bodies.firearm(serial=serial)
        body = bodies.seizure(items=[gun]) if kind == "seizure" else bodies.trace(firearm=gun)
        return as_actor("BRA", "police_officer").post(f"/{kind}s", body | changes).json["id"]

    return of


KINDS = pytest.mark.parametrize("kind", ["seizure", "trace"])


@KINDS
def test_the_owner_is_told_later_of_a_seizure_and_a_trace_and_by_whom(
    held, post, run, entries, kind
):
    asked = post(kind, SERIALS[0])
    assert entries() == []
    assert [run("BRA", owner_notices.notify_owners) for _ in range(2)] == [1, 0]
    [entry] = entries()
    assert (entry["subject_kind"], entry["subject_id"]) == (kind, asked)
    assert (entry["state"], entry["role"]) == ("BRA", "police_officer")
    assert entry["data"] == {"records": [held[SERIALS[0]]["firearm"]["record"]]}
    assert entries("BRA") == []


@KINDS
@pytest.mark.parametrize("visibility", ["open", "pointer"])
def test_the_owner_is_told_of_one_that_was_silent_when_it_was_asked_for(
    held, post, run, entries, correct, kind, visibility
):
    asked = post(kind, SERIALS[0])
    correct(held[SERIALS[0]], visibility)
    run("BRA", owner_notices.notify_owners)
    assert [entry["subject_id"] for entry in entries()] == [asked]
    assert entries("BRA") == []


def test_a_silent_seizure_tells_no_owner_later_either(held, post, run, entries):
    post("seizure", SERIALS[0], visibility="silent")
    assert run("BRA", owner_notices.notify_owners) == 1
    assert entries() == []


@KINDS
def test_one_that_fails_is_written_down_and_keeps_no_other_back(
    held, post, ask, run, entries, monkeypatch, kind
):
    def fail(*_, **__):
        raise ZeroDivisionError

    failing, check = post(kind, SERIALS[0]), ask(SERIALS[1])
    monkeypatch.setattr(search, "search_record", fail)
    monkeypatch.setattr(record_search, "search_for_trace", fail)
    assert [run("BRA", owner_notices.notify_owners) for _ in range(2)] == [2, 0]
    assert [entry["subject_id"] for entry in entries()] == [check]
    [untold] = entries("BRA", f"{kind}:left_untold")
    assert (untold["subject_id"], untold["data"]) == (failing, {"error": "ZeroDivisionError"})


@pytest.mark.parametrize("was,told", [("silent", True), ("open", False)])
def test_one_that_is_only_near_is_told_beside_one_that_settles_where_it_was_silent(
    as_actor, ask, run, entries, correct, change, was, told
):
    clerk = as_actor("URY", "licensing_officer")
    clerk.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial=SERIALS[0])))
    near = bodies.firearm(serial="TKA52331")
    made = (
        as_actor("PRY", "licensing_officer")
        .post("/transfers", bodies.transfer(number="T-1", visibility=was, firearm=near))
        .json
    )
    change(ask(SERIALS[0]), checked_at=NOW - timedelta(minutes=1))
    if was == "silent":
        correct(made, "open")
    run("BRA", owner_notices.notify_owners)
    assert bool(entries()) == told
