"""Alerts: entered, checked by a second person, shown to the states that may see them, and ended."""

from datetime import timedelta

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.alerts import jobs as alert_jobs
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.matches import matches, sold


@pytest.fixture
def watch(session):
    """Let the worker look at a state's alerts after some days."""

    def at(state, **later):
        actor = operator(state, clock=FixedClock(NOW + timedelta(**later)))
        with transaction(actor):
            return alert_jobs.review_alerts(actor=actor)

    return at


def enter(client, **changes):
    return client.post("/alerts", bodies.alert(**changes)).json


def do(client, alert, action, body=None, expect=200):
    etag = client.get(f"/alerts/{alert['id']}").headers["ETag"]
    return client.post(f"/alerts/{alert['id']}/{action}", body, expect, If_Match=etag).json


def notices(client, code):
    return [item for item in client.get("/notifications").json["items"] if item["code"] == code]


def test_an_alert_says_what_to_do_with_which_gun_and_until_when(pry_police):
    alert = enter(pry_police, action="seize", priority="urgent")
    assert (alert["state"], alert["status"], alert["action"]) == ("PRY", "active", "seize")
    assert alert["firearm"]["serial"] == "ABC123456"
    assert pry_police.get("/alerts?status=active").json["items"] == [alert | {"compared": True}]
    assert pry_police.get("/alerts?action=inform_only").json["items"] == []


def test_an_alert_can_be_of_a_record_that_the_state_has(pry_police):
    theft = pry_police.post("/reports", bodies.report()).json["firearm"]["record"]
    alert = pry_police.post("/alerts", body_of_record(theft)).json
    assert (alert["record"], alert["firearm"]["serial"]) == (theft, "ABC123456")
    assert alert["firearm"]["make_text"] == "Taurus"


def test_an_alert_is_of_no_record_of_another_state(pry_police, as_actor):
    theirs = sold(as_actor, "BRA")["firearm"]["record"]
    refused = pry_police.post("/alerts", body_of_record(theirs), 422).json
    assert list(refused["errors"]) == ["record"]


def test_a_gun_is_described_or_of_a_record_and_the_error_names_which(pry_police):
    theft = pry_police.post("/reports", bodies.report()).json["firearm"]["record"]
    both = pry_police.post("/alerts", bodies.alert(record=theft), 422).json["errors"]["firearm"]
    assert both == [
        "Describe the firearm or name the record that has it, not both: leave one of them out."
    ]
    nothing = {name: value for name, value in bodies.alert().items() if name != "firearm"}
    [neither] = pry_police.post("/alerts", nothing, 422).json["errors"]["firearm"]
    assert neither == "Describe the firearm, or name a record of your state that has it."


def body_of_record(record):
    return {name: value for name, value in bodies.alert().items() if name != "firearm"} | {
        "record": record
    }


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"expires_on": "2026-03-09"}, "expires_on"),
        ({"expires_on": "2029-03-10"}, "expires_on"),
        ({"reason": "other"}, "reason_text"),
        ({"visible_to": ["AUT"]}, "visible_to"),
        ({"visible_to": []}, "visible_to"),
        ({"firearm": bodies.firearm(serial="S/N")}, "firearm.serial"),
        ({"action": "let_pass_and_inform", "visible_to": ["BRA"]}, "visible_to"),
        ({"record": "0199f2c0-0000-7000-8000-000000000000"}, "firearm"),
    ],
)
def test_what_an_alert_cannot_say_is_refused_by_its_field(pry_police, changes, field):
    assert field in pry_police.post("/alerts", bodies.alert(**changes), 422).json["errors"]


def test_the_last_day_may_be_three_years_away(pry_police):
    assert enter(pry_police, expires_on="2029-03-09")["expires_on"] == "2029-03-09"


def test_a_state_of_two_persons_needs_no_second_one(pry_police, as_actor):
    as_actor("PRY", "trace_analyst")
    assert enter(pry_police)["second_check"] == "not_needed"


def test_where_a_state_has_three_persons_a_second_one_checks_each_alert(
    pry_police, as_actor, pry_analyst
):
    as_actor("PRY", "auditor")
    alert = enter(pry_police)
    assert alert["second_check"] == "waiting"
    assert do(pry_police, alert, "validate", expect=409)["code"] == "conflict"
    checked = do(pry_analyst, alert, "validate")
    assert (checked["second_check"], checked["version"]) == ("done", 2)
    assert checked["verified_by"] and checked["verified_by"] != checked["entered_by"]


def test_an_alert_whose_source_was_withdrawn_says_so_and_is_not_verified(pry_police):
    theft = pry_police.post("/reports", bodies.report()).json
    alert = pry_police.post("/alerts", body_of_record(theft["firearm"]["record"])).json
    assert alert["source_withdrawn"] is False
    path, why = f"/reports/{theft['id']}/withdraw", {"reason": "It was in the safe"}
    pry_police.post(path, why, 200, If_Match='"1"')
    [listed] = pry_police.get("/alerts").json["items"]
    assert listed["source_withdrawn"] and listed["status"] == "active"
    assert "Cancel the alert" in do(pry_police, alert, "validate", expect=409)["detail"]
    assert do(pry_police, alert, "cancel", {"reason": "No theft"})["status"] == "cancelled"


def test_an_alert_is_visible_to_its_own_state_alone(pry_police, police):
    alert = enter(pry_police)
    police.get(f"/alerts/{alert['id']}", 404)
    assert police.get("/alerts").json["items"] == []


@pytest.mark.parametrize(
    "role,expected",
    [
        ("trace_analyst", 201),
        ("border_officer", 403),
        ("forensic_examiner", 403),
        ("licensing_officer", 403),
        ("supervisor", 403),
    ],
)
def test_police_and_analysts_enter_alerts(as_actor, role, expected):
    as_actor("PRY", role).post("/alerts", bodies.alert(), expected)


def test_a_cancelled_alert_makes_no_hits(pry_police, police):
    alert = do(pry_police, enter(pry_police), "cancel", {"reason": "Gun found"})
    assert (alert["status"], alert["end_reason"]) == ("cancelled", "Gun found")
    assert police.post("/checks", bodies.check()).json["verdict"] == "no_hit"
    assert do(pry_police, alert, "cancel", {"reason": "Again"}, 409)["code"] == "illegal_transition"


def test_an_alert_ends_by_itself_after_its_last_day(pry_police, police, watch):
    alert = enter(pry_police, expires_on="2026-03-20")
    assert watch("PRY", days=11) == 1  # the last day itself: only a reminder that it ends
    assert pry_police.get(f"/alerts/{alert['id']}").json["status"] == "active"
    assert watch("PRY", days=12) == 1
    assert watch("PRY", days=12) == 0
    assert pry_police.get(f"/alerts/{alert['id']}").json["status"] == "expired"
    assert len(notices(pry_police, "alert_expired")) == 1
    assert police.post("/checks", bodies.check()).json["candidates"] == []


def test_somebody_is_asked_before_the_last_day_whether_an_alert_is_still_true(pry_police, watch):
    assert enter(pry_police, expires_on="2026-08-01")["validate_on"] == "2026-07-02"
    assert [watch("PRY", days=114), watch("PRY", days=115), watch("PRY", days=115)] == [0, 1, 0]
    assert len(notices(pry_police, "alert_expiring")) == 1


def test_who_says_that_an_alert_is_still_true_is_asked_again_in_a_year(pry_police):
    alert = do(pry_police, enter(pry_police, expires_on="2029-01-01"), "validate")
    assert alert["validate_on"] == "2027-03-09"


def test_an_alert_is_no_match_and_no_event_of_a_guns_life(as_actor, pry_police, police):
    sold(as_actor, "PRY")
    enter(pry_police)
    police.post("/seizures", bodies.seizure())
    assert len(matches(police)) == len(matches(pry_police)) == 1  # of the seizure with the sale
    alone = pry_police.get("/alerts").json["items"][0]["firearm"]["record"]
    [step] = pry_police.get(f"/guns/{alone}").json["records"]
    assert step["record"]["event"] == "alert"


def test_a_trace_asks_the_state_of_an_alert_and_tells_no_alert_as_history(
    pry_police, police, analyst
):
    enter(pry_police)
    trace = analyst.post("/traces", bodies.trace()).json
    [leg] = [leg for leg in trace["legs"] if leg["state"] == "PRY"]
    assert (leg["status"], leg["events"]) == ("sent", 0)


def test_an_alert_settles_no_search(as_actor, pry_police, police):
    sold(as_actor, "PRY", firearm=bodies.firearm(serial="ABC123458"))
    enter(pry_police)
    found = police.post("/checks", bodies.check()).json["candidates"]
    assert [candidate["event"] for candidate in found] == ["alert", "domestic_sale"]


def test_an_alert_counts_in_no_coverage(pry_police, police):
    enter(pry_police)
    searched = police.post("/checks", bodies.check()).json["searched"]
    assert {row["records"] for row in searched} == {0}


def test_alerts_are_in_the_audit(pry_police, as_actor):
    do(pry_police, enter(pry_police), "cancel", {"reason": "Gun found"})
    entries = as_actor("PRY", "auditor").get("/audit").json["items"]
    actions = {entry["action"] for entry in entries if entry["subject_kind"] == "alert"}
    assert actions == {"alert:recorded", "alert:cancelled"}
