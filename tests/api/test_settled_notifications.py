"""What was done since presses nobody any more, whoever did it."""

import pytest

from tests import bodies
from tests.movements import act as do
from tests.movements import add, tick


@pytest.fixture
def shipped(as_actor):
    """A shipment that Brazil released."""
    exporter = as_actor("BRA", "licensing_officer")
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    made = exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json
    return do(exporter, made, "release")


def pressing(client):
    return [one["code"] for one in client.get("/notifications?urgent=true").json["items"]]


def act(client, path, action, body=None):
    client.post(f"{path}/{action}", body, 200, If_Match=client.get(path).headers["ETag"])


def test_a_trace_presses_who_approves_it_then_who_sends_it_then_nobody(as_actor):
    as_actor("BRA", "state_administrator").post(
        "/settings/change", {"trace_approval": "own"}, 200, If_Match='"0"'
    )
    analyst, second = as_actor("BRA", "trace_analyst"), as_actor("BRA", "supervisor")
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    assert pressing(second) == ["trace_to_approve"]
    act(second, path, "decline", {"text": "Which law?"})
    assert (pressing(second), pressing(analyst)) == ([], ["trace_declined"])
    act(analyst, path, "send")
    assert pressing(analyst) == []
    act(second, path, "approve")
    assert (pressing(second), pressing(analyst)) == ([], ["trace_approved"])
    act(analyst, path, "send")
    assert pressing(analyst) == []
    [told] = analyst.get("/notifications?code=trace_approved").json["items"]
    assert told["urgent"] is False


def test_a_request_presses_until_it_is_answered_and_a_question_until_the_reply(as_actor):
    sale = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    asking, asked = as_actor("BRA", "trace_analyst"), as_actor("PRY", "trace_analyst")
    trace = asking.post("/traces", bodies.trace()).json
    [request] = asked.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    assert "request_received" in pressing(asked)
    act(asked, path, "ask", {"questions": ["Which side?"]})
    assert pressing(asked) == [] and "trace_asked" in pressing(asking)
    [leg] = [one["id"] for one in trace["legs"] if one["state"] == "PRY"]
    asking.post(f"/traces/{trace['id']}/legs/{leg}/reply", {"text": "The left one"})
    assert "trace_asked" not in pressing(asking)
    act(asked, path, "no_record", {"confirm_other_guns": True})
    assert pressing(asked) == []


def test_a_hit_presses_until_it_is_answered_or_its_alert_ends(as_actor):
    police = as_actor("PRY", "police_officer")
    for number in ("A-1", "A-2"):
        police.post("/alerts", bodies.alert(case_number=number))
    as_actor("BRA", "police_officer").post("/checks", bodies.check())
    one, other = police.get("/hits").json["items"]
    assert pressing(police) == ["hit_made", "hit_made"]
    act(police, f"/hits/{one['id']}", "confirm", {})
    act(police, f"/alerts/{other['alert']}", "cancel", {"reason": "Gun found"})
    assert "hit_made" not in pressing(police)


def test_what_was_said_of_a_trace_presses_nobody_once_it_is_closed(as_actor):
    analyst = as_actor("BRA", "trace_analyst")
    sale = bodies.transfer(visibility="pointer")
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    path = f"/traces/{analyst.post('/traces', bodies.trace()).json['id']}"
    asked = as_actor("PRY", "trace_analyst")
    [request] = asked.get("/requests").json["items"]
    act(asked, f"/requests/{request['id']}", "no_record", {"confirm_other_guns": True})
    assert pressing(analyst) == ["trace_no_record"]
    act(analyst, path, "close")
    assert pressing(analyst) == []


def test_an_incident_presses_until_the_shipment_is_over(as_actor, shipped):
    brazil, paraguay = as_actor("BRA", "border_officer"), as_actor("PRY", "border_officer")
    add(brazil, shipped, "incidents", kind="seal_broken", note="Cut",
        occurred_at="2026-03-09T13:00:00Z")  # fmt: skip
    assert pressing(paraguay) == ["shipment_incident"]
    received = {"received_on": "2026-03-09", "all": True}
    do(as_actor("PRY", "licensing_officer"), shipped, "receipt", 201, **received)
    assert pressing(paraguay) == []


def test_what_passed_against_a_hold_presses_until_its_state_lets_it_go_on(as_actor, shipped):
    brazil, paraguay = as_actor("BRA", "border_officer"), as_actor("PRY", "border_officer")
    tick(brazil, shipped, "exit", "held", at="2026-03-09T13:00:00Z", reason="An alert")
    tick(paraguay, shipped, "entry", at="2026-03-09T14:00:00Z", confirm_held=True)
    assert "shipment_passed_held" in pressing(brazil)
    do(brazil, shipped, "resume", reason="Known")
    assert "shipment_passed_held" not in pressing(brazil)
