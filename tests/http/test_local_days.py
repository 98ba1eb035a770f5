"""The day that counts is the day at the place: in an evening of the Americas UTC is a day ahead."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from salsa_ext.reference.models import Agency
from tests.conftest import NOW
from tests.support import bodies

EVENING = datetime(2026, 3, 10, 1, 30, tzinfo=UTC)  # the ninth, 22:30 in Brazil
BOARD = "/posts/ciudad-del-este-foz-do-iguacu/board"


@pytest.fixture(autouse=True)
def evening(app):
    app.config["CLOCK"] = FixedClock(EVENING)
    yield
    app.config["CLOCK"] = FixedClock(NOW)


@pytest.fixture(autouse=True)
def offices(actor):
    """The agency of Brazil's accounts sits far in the west, its licensing authority in the east."""
    zones = {"BRA-TEST": "America/Rio_Branco", "BRA-LICENSING": "America/Sao_Paulo"}
    with transaction(actor("BRA")):
        for code, zone in zones.items():
            moved = update(Agency).where(Agency.code == code).values(time_zone=zone)
            assert db.session.execute(moved).rowcount == 1


def test_a_permit_holds_through_its_last_day(as_actor):
    made = as_actor("BRA", "licensing_officer").post(
        "/permits", bodies.permit(expires_on="2026-03-09")
    )
    assert made.json["status"] == "issued"


@pytest.mark.parametrize("state", ["BRA", "PRY"])
@pytest.mark.parametrize("status,count", [("issued", 1), ("expired", 0)])
def test_a_list_goes_by_the_day_in_the_state_that_issued_whoever_asks(
    as_actor, state, status, count
):
    permit = bodies.permit(expires_on="2026-03-09")
    as_actor("BRA", "licensing_officer").post("/permits", permit)
    found = as_actor(state, "licensing_officer").get(f"/permits?status={status}").json["items"]
    assert len(found) == count


def test_a_state_without_agencies_goes_by_utc(as_actor):
    permit = bodies.import_permit(expires_on="2026-03-09")
    assert as_actor("PRY", "licensing_officer").post("/permits", permit).json["status"] == "expired"


def test_the_future_begins_after_the_day_of_the_agency(police):
    police.post("/seizures", bodies.seizure(occurred_on="2026-03-10"))
    answer = police.post("/seizures", bodies.seizure(occurred_on="2026-03-11"), 422).json
    assert answer["errors"] == {
        "occurred_on": ["This date lies in the future; today is 2026-03-09."]
    }


def test_the_day_on_which_a_gun_to_trace_was_found_is_said_and_not_supposed(as_actor):
    body = bodies.trace()
    del body["found_on"]
    errors = as_actor("BRA", "trace_analyst").post("/traces", body, 422).json["errors"]
    assert errors == {"found_on": ["Say on which day the gun was found."]}


@pytest.mark.parametrize("day,expect", [("2026-03-08", 422), ("2026-03-09", 201)])
def test_a_trace_is_needed_by_a_day_that_is_not_past(as_actor, day, expect):
    asked = bodies.trace(needed_by=day)
    answer = as_actor("BRA", "trace_analyst").post("/traces", asked, expect).json
    assert answer.get("errors", {}) == (
        {} if expect == 201 else {"needed_by": ["This day is past."]}
    )


def test_a_board_counts_the_days_of_its_own_side(as_actor, pry_police):
    place = {"country": "PRY", "latitude": -25.4, "longitude": -54.6}
    pry_police.post("/seizures", bodies.seizure(occurred_on="2026-03-03", place=place))
    assert as_actor("PRY", "border_officer").get(BOARD).json["figures"]["seized_last_7_days"] == 1


@pytest.mark.parametrize("last,shown", [("2026-04-08", 1), ("2026-04-09", 0)])
def test_a_board_shows_what_expires_within_thirty_days_of_its_own_side(as_actor, last, shown):
    as_actor("BRA", "licensing_officer").post("/permits", bodies.permit(expires_on=last))
    assert len(as_actor("BRA", "border_officer").get(BOARD).json["expiring"]) == shown
