"""A gun that a state had taken before: the result says that it left its custody."""

import pytest

from tests.support.chains import SALE, built, event

TAKEN = event("seized", "2025-09-01", "GTM")
SOLD = event("state_to_civilian", "2025-10-01", "GTM")
STOLEN = event("theft", "2025-10-01", "GTM") | {"stolen_from": "evidence_store"}


def test_a_gun_that_was_seized_before_left_the_custody_of_that_state():
    found = built(SALE, TAKEN)
    [used], [since] = found.conflicts, found.remarks
    left = found.objections[used["record"]]
    assert {name: left.params[name] for name in ("state", "on", "other", "days")} == {
        "state": "GTM",
        "on": "2025-09-01",
        "other": "BRA",
        "days": 181,
    }
    assert "left the evidence store, one of the two is a clone" in left.text and since.params == {
        "days": 483
    }


def test_that_it_was_seized_before_says_nothing_of_where_it_was_diverted():
    found = built(SALE, TAKEN)
    assert (found.outcome, found.point_of_diversion) == ("traced", None)
    assert (found.last_lawful, found.time_to_crime_days) == (SALE, 664)


def test_without_a_sale_only_the_custody_is_shown():
    found = built(TAKEN)
    assert found.remarks == []
    assert [left.params["state"] for left in found.objections.values()] == ["GTM"]


@pytest.mark.parametrize("later", [SOLD, STOLEN])
def test_of_a_gun_that_was_given_out_or_stolen_from_there_nothing_more_is_said(later):
    found = built(SALE, TAKEN, later)
    assert (found.conflicts, found.remarks) == ([], [])


def test_what_was_stolen_from_there_says_where_it_was_diverted():
    assert built(SALE, TAKEN, STOLEN).point_of_diversion["diversion_kind"] == "theft_evidence_store"


def test_what_was_seized_on_the_day_itself_is_the_same_find():
    assert built(SALE, event("seized", "2026-03-01", "GTM")).conflicts == []


@pytest.mark.parametrize(
    "earlier, same_find", [(TAKEN | {"handed_in": True}, ()), (TAKEN, {TAKEN["record"]})]
)
def test_a_service_gun_handed_in_and_the_other_side_of_a_joint_seizure_left_no_custody(
    earlier, same_find
):
    result = built(SALE, earlier, same_find=same_find)
    assert (result.conflicts, result.last_lawful) == ([], SALE)
