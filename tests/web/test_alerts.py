"""The pages of alerts: entered, checked by a second person, cancelled, and what they lead to."""

import re

import pytest
from sqlalchemy import select

from salsa_ext.access.rules import operator
from salsa_ext.alerts import alerts
from salsa_ext.alerts.models import Alert
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.matches import correct
from tests.web.pages import text

SEEN = re.compile(r'name="expected_version" value="([0-9]+)"')
TYPED = {
    "firearm.serial": "ABC123456",
    "firearm.make": "Taurus",
    "action": "hold_and_call",
    "reason": "stolen",
    "case_number": "C-17",
    "priority": "urgent",
    "expires_on": "2027-03-09",
}


@pytest.fixture
def police(signed_in):
    return signed_in("PRY", "police_officer")


@pytest.fixture
def entered(police):
    return police.send("/alerts/new", TYPED).location.split("?")[0]


def do(visitor, path, name, expect=303, **fields):
    visible = SEEN.search(visitor.open(f"{path}/{name}"))[1]
    answer = visitor.send(f"{path}/{name}", {"expected_version": visible} | fields, expect)
    return text(visitor.open(answer.location) if expect == 303 else answer.text)


def test_an_alert_entered_on_the_page_hits_at_once(police, entered, as_actor):
    listed = text(police.open("/alerts"))
    assert "ABC123456" in listed and "Hold and call" in listed and "9 Mar 2027" in listed
    [alert] = as_actor("PRY", "police_officer").get("/alerts").json["items"]
    assert (alert["priority"], alert["case_number"]) == ("urgent", "C-17")
    assert as_actor("BRA", "police_officer").post("/checks", bodies.check()).json["hits"]
    page = police.open(entered)
    shown = text(page)
    for words in ("Alert on ABC123456", "Stolen", "C-17", "within ten minutes", "all states"):
        assert words in shown
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    assert f'href="/hits/{hit["id"]}"' in page


def test_an_alert_can_be_of_the_gun_of_a_report_and_shown_to_some_states_alone(police, as_actor):
    report = as_actor("PRY", "police_officer").post("/reports", bodies.report()).json
    page = police.open(f"/reports/{report['id']}")
    link = re.search(r'href="(/alerts/new\?record=[^"]+)"', page)[1]
    record = re.search(r'name="record" type="text" value="([^"]+)"', police.open(link))[1]
    typed = {name: value for name, value in TYPED.items() if not name.startswith("firearm")}
    sent = typed | {"record": record, "visible_to.3": "BRA"}
    value = text(police.open(police.send("/alerts/new", sent).location))
    assert "✓ The alert remains valid." in value and "Shows to Brazil" in value


def test_errors_are_reported_at_their_fields_and_a_second_alert_needs_confirmation(police, entered):
    page = police.send("/alerts/new", {"priority": "urgent"}, 422).text
    for field in ("action", "reason", "case_number", "expires_on"):
        assert f'id="{field}-wrong"' in page
    nothing = {name: value for name, value in TYPED.items() if not name.startswith("firearm")}
    assert 'id="firearm-serial-wrong"' in police.send("/alerts/new", nothing, 422).text
    again = police.send("/alerts/new", TYPED, 409).text
    assert "confirm with “A second alert on this gun is wanted”" in text(again)
    assert f'<a href="{entered}">Alert on ABC123456</a>. Go on with that one' in again
    assert entered.rpartition("/")[2] not in text(again)
    police.send("/alerts/new", TYPED | {"confirm_second": "true"})


def test_who_entered_an_alert_is_not_the_second_person_who_checks_it(police, signed_in, as_actor):
    other = signed_in("PRY", "trace_analyst")
    signed_in("PRY", "supervisor")
    path = police.send("/alerts/new", TYPED).location.split("?")[0]
    assert "A second person has to check it." in text(police.open(path))
    assert f"{path}/verify" not in police.open(path)
    assert "Another person than who entered" in police.open(f"{path}/verify", 409)
    assert "A second person has to check it." not in do(other, path, "verify")
    assert "pry.trace_analyst" in text(police.open(path))


def test_an_alert_is_verified_first_and_said_to_be_still_true_when_that_is_due(police, entered):
    first = text(police.open(entered))
    assert "Verify the alert" in first and "Say that it is still true" not in first
    do(police, entered, "check")
    done = text(police.open(entered))
    assert "Verify the alert" not in done and "Say that it is still true" not in done
    acting = operator("PRY", clock=FixedClock(NOW))
    with transaction(acting):
        [alert] = db.session.scalars(select(Alert))
        alert.verified_at = NOW - alerts.VALIDATION_INTERVAL
    due = text(police.open(entered))
    assert "Verify the alert" not in due and "Say that it is still true" in due
    do(police, entered, "verify")
    assert "Say that it is still true" not in text(police.open(entered))


def test_an_alert_is_cancelled_with_a_reason(police, entered):
    assert (
        'id="reason-wrong"' in police.send(f"{entered}/cancel", {"expected_version": "1"}, 422).text
    )
    result = do(police, entered, "cancel", reason="Gun found")
    assert "✕ Cancelled" in result and "Gun found" in result
    assert "This is not possible now" in police.open(f"{entered}/verify", 409)


def test_a_notification_of_an_alert_leads_to_it(police, entered, as_actor, signed_in):
    assert "Alert on ABC123456" in signed_in("PRY", "trace_analyst").open(entered)
    signed_in("BRA", "police_officer").open(entered, 404)
    signed_in("PRY", "border_officer").open("/alerts", 403)
    supervisor = signed_in("PRY", "supervisor")
    assert "/alerts/new" not in supervisor.open("/alerts") and "/cancel" not in supervisor.open(
        entered
    )


@pytest.mark.between_writes
@pytest.mark.parametrize("how", ["cancelled", "corrected"])
def test_of_a_hit_that_ended_the_page_of_the_alert_says_why_and_not_that_it_expired(
    police, as_actor, how
):
    made = as_actor("PRY", "police_officer").post("/alerts", bodies.alert()).json
    finder = as_actor("BRA", "police_officer")
    seized = finder.post("/seizures", bodies.seizure()).json
    if how == "cancelled":
        as_actor("PRY", "police_officer").change(
            f"/alerts/{made['id']}", "cancel", {"reason": "Found"}
        )
    else:
        other = bodies.seizure(items=[bodies.firearm(serial="QWK77120")])
        correct(finder, "seizures", seized, other | {"reason": "Misread"})
    shown = text(police.open(f"/alerts/{made['id']}"))
    words = {
        "cancelled": "✕ The alert was cancelled by Paraguay on",
        "corrected": "✕ The record of this hit was corrected by Brazil on",
    }[how]
    assert words in shown and "Expired" not in shown


def test_a_new_alert_says_that_it_is_being_compared_until_it_is(police, entered, pry_police):
    police.client.background = False
    shown = text(police.open(entered))
    police.client.background = True
    assert "It is still being compared with the records" in shown
    assert "No hit so far." not in shown
    shown = text(police.open(entered))
    assert "No hit so far." in shown and "still being compared" not in shown
    assert pry_police.get("/alerts").json["items"][0]["compared"]


def test_an_alert_whose_report_was_withdrawn_says_so_and_offers_no_verification(police, pry_police):
    theft = pry_police.post("/reports", bodies.report()).json
    typed = {name: value for name, value in TYPED.items() if not name.startswith("firearm")}
    sent = typed | {"record": theft["firearm"]["record"]}
    address = police.send("/alerts/new", sent).location.split("?")[0]
    assert f"{address}/check" in police.open(address)
    police.send(
        f"/reports/{theft['id']}/withdraw", {"expected_version": "1", "reason": "In the safe"}
    )
    page = police.open(address)
    assert "The record behind this alert was withdrawn." in text(page)
    assert f"{address}/check" not in page and f"{address}/cancel" in page
    assert "Cancel the alert" in text(police.open(f"{address}/check", 409))
