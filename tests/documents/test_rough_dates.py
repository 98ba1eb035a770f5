"""Dates of which the month or year alone is known: recorded, listed, corrected and shown so."""

import pytest

from salsa_ext.core.occurrence import UTC_ZONE
from tests.support import bodies
from tests.support.matches import correct

ROUGH = ("2019", "2019-05", "2019-05-06")


@pytest.fixture
def officer(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.mark.parametrize("on", ROUGH)
def test_a_seizure_is_answered_listed_and_searched_with_its_date_as_it_is_known(officer, on):
    made = officer.post("/seizures", bodies.seizure(occurred_on=on)).json
    assert officer.get(f"/seizures/{made['id']}").json["occurred_on"] == on
    assert f",{on}," in officer.get("/seizures?format=csv").get_data(as_text=True)
    [candidate] = officer.post("/checks", bodies.check()).json["candidates"]
    assert candidate["occurred_on"] == on
    record = officer.get(f"/records/{candidate['record']}").json
    assert record["occurred_on"] == on


@pytest.mark.parametrize("wrong", ["2019-13", "19", "2019-5", "2027", "1700"])
def test_what_is_no_date_or_is_to_come_is_refused(officer, wrong):
    refused = officer.post("/seizures", bodies.seizure(occurred_on=wrong), 422).json
    assert list(refused["errors"]) == ["occurred_on"]


def test_a_time_of_day_needs_its_day(officer):
    more = {"occurred_at": "2019-05-06T10:00:00Z", "time_zone": UTC_ZONE}
    refused = officer.post("/seizures", bodies.seizure(occurred_on="2019-05", **more), 422).json
    assert list(refused["errors"]) == ["occurred_on"]


@pytest.mark.parametrize(
    "asked,listed",
    [
        ("from_day=2019-05-20", ROUGH[:2]),
        ("to_day=2019-04-30", ROUGH[:1]),
        ("occurred_on=2019-05-06", ROUGH),
        ("occurred_on=2019-06", ROUGH[:1]),
        ("occurred_on=2018", ()),
        ("sort=occurred_on", ROUGH),
    ],
)
def test_a_range_lists_what_may_be_of_it(officer, asked, listed):
    for on in ROUGH:
        officer.post("/seizures", bodies.seizure(number=on, occurred_on=on))
    items = officer.get(f"/seizures?{asked}").json["items"]
    assert sorted(item["occurred_on"] for item in items) == sorted(listed)


def test_a_sorted_list_goes_on_after_a_rough_date(officer):
    for on in ROUGH:
        officer.post("/seizures", bodies.seizure(number=on, occurred_on=on))
    first = officer.get("/seizures?sort=occurred_on&limit=2").json
    rest = officer.get(first["next"].removeprefix("/api/v1")).json
    assert [len(page["items"]) for page in (first, rest)] == [2, 1]


def test_a_correction_to_a_rougher_date_is_a_change(officer):
    made = officer.post("/seizures", bodies.seizure(occurred_on="2019-05-01")).json
    body = bodies.seizure(occurred_on="2019-05", reason="The day was a guess")
    corrected = correct(officer, "seizures", made, body)
    assert (corrected["version"], corrected["occurred_on"]) == (2, "2019-05")


def test_a_trace_of_a_gun_found_in_a_month_gives_a_range(officer, pry, analyst):
    pry.post("/transfers", bodies.transfer(occurred_on="2018"))
    seizure = officer.post("/seizures", bodies.seizure(occurred_on="2019-05")).json
    trace = analyst.post("/traces", bodies.trace_of(seizure["id"])).json
    result = analyst.get(f"/traces/{trace['id']}/result").json
    assert (result["found_on"], result["chain"][0]["occurred_on"]) == ("2019-05", "2018")
    assert (result["time_to_crime_days"], result["time_to_crime"]) == (
        None,
        {"least": 121, "most": 515},
    )
