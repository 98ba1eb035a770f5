"""A state that does not participate: its form is to be sent until someone says that it went out."""

from datetime import timedelta

import pytest

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning

LATER = NOW + timedelta(hours=20)
MARK = {
    "kind": "manufacture",
    "text": "TKA52385",
    "location": "frame",
    "method": "chemical",
    "reason": "Etched",
}


@beginning
def seizure(as_actor):
    gun = bodies.firearm(serial="TKA5*", marking="altered", country_of_manufacture="AUT")
    made = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(items=[gun])).json
    return made["id"]


@beginning
def trace(as_actor, seizure):
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace_of(seizure)).json


@pytest.fixture
def austria(analyst, trace):
    def leg():
        legs = analyst.get(f"/traces/{trace['id']}").json["legs"]
        return next(each for each in legs if each["state"] == "AUT")

    return leg


@pytest.fixture
def choose(analyst, trace, austria):
    def choose(**body):
        analyst.post(f"/traces/{trace['id']}/legs/{austria()['id']}/channel", body, 200)
        return austria()

    return choose


@pytest.fixture
def add_mark(as_actor, seizure):
    def add():
        as_actor("BRA", "forensic_examiner").post(f"/seizures/{seizure}/items/1/marks", MARK)

    return add


@pytest.fixture
def later(app, monkeypatch):
    monkeypatch.setitem(app.config, "CLOCK", FixedClock(LATER))


def entries(as_actor, action):
    found = as_actor("BRA", "auditor").get(f"/audit?action={action}").json["items"]
    return [each["data"] for each in found if each["data"]]


def result(analyst, trace):
    found = analyst.get(f"/traces/{trace['id']}/result").json
    texts = {each["state"]: each["answer"] for each in found["searched"]}
    return texts["AUT"], [each for each in found["missing"] if "Austria" in each]


def test_a_state_is_asked_from_when_its_form_went_out_and_the_audit_names_it_not_before(
    as_actor, austria, choose, later
):
    leg = austria()
    assert (leg["status"], leg["unsent"], leg["asked_at"]) == ("not_participating", True, None)
    assert entries(as_actor, "trace:sent") == [{"asked": [], "to_send": ["AUT"]}]
    leg = choose(channel="mla", sent=True)
    assert (leg["status"], leg["unsent"], leg["asked_at"]) == ("sent", False, LATER.isoformat())
    [body] = leg["messages"]
    assert (body["kind"], body["channel"], body["sent_on"]) == ("form_sent", "mla", leg["asked_on"])


def test_after_a_new_mark_the_form_is_to_be_sent_anew(
    as_actor, analyst, trace, austria, choose, add_mark
):
    choose(channel="iarms", reference="I-1")
    add_mark()
    leg = austria()
    assert (leg["status"], leg["unsent"], leg["asked_at"]) == ("sent", True, None)
    assert entries(as_actor, "trace:reopened") == [{"asked": [], "to_send": ["AUT"]}]
    assert result(analyst, trace) == (
        "to_send",
        ["The answer of Austria: its form is to be sent yet."],
    )
    assert choose(channel="iarms", reference="I-1")["unsent"]  # it has that of before
    assert not choose(channel="iarms", reference="I-1", sent=True)["unsent"]


def forms_to_send(client):
    notices = client.get("/notifications?code=trace_form_to_send").json["items"]
    return [notice["data"]["by"] for notice in notices]


def test_a_new_mark_notifies_the_analysts_of_a_form_to_send_again(analyst, choose, add_mark):
    choose(channel="iarms", reference="I-1")
    assert forms_to_send(analyst) == []
    add_mark()
    assert forms_to_send(analyst) == ["AUT"]


def test_an_answer_to_the_earlier_reading_is_marked_and_the_form_is_to_be_sent_anew(
    analyst, trace, austria, choose, add_mark
):
    choose(channel="mla", sent=True)
    reply = f"/traces/{trace['id']}/legs/{austria()['id']}/reply"
    sold = {"event": "export", "occurred_on": "2020-01-02", "counterpart_state": "BRA"}
    analyst.post(reply, {"status": "answered", "text": "By letter", "events": [sold]})
    assert (austria()["outdated"], forms_to_send(analyst)) == (False, [])
    add_mark()
    leg = austria()
    assert (leg["status"], leg["unsent"], leg["outdated"]) == ("sent", True, True)
    assert forms_to_send(analyst) == ["AUT"]
    found = analyst.get(f"/traces/{trace['id']}/result").json
    [event] = [*found["chain"], *found["conflicts"]]
    assert event["manual_entry"].endswith("on the earlier reading of the gun, TKA5*.")
    assert "The answer of Austria: its form is to be sent yet." in found["missing"]
    assert choose(channel="mla", sent=True)["outdated"]
    analyst.post(reply, {"status": "acknowledged", "text": "The new form came"})
    assert (austria()["outdated"], austria()["events"]) == (True, 1)
    analyst.post(reply, {"status": "no_record", "text": "Nothing of the new one"})
    assert (austria()["status"], austria()["outdated"]) == ("no_record", False)


def test_what_the_own_register_answered_on_an_earlier_reading_says_so(analyst, trace, add_mark):
    [own] = [
        leg for leg in analyst.get(f"/traces/{trace['id']}").json["legs"] if leg["state"] == "BRA"
    ]
    made = {"event": "manufacture", "occurred_on": "2020-01-02"}
    body = {"channel": "mail", "status": "answered", "text": "By letter", "events": [made]}
    analyst.post(f"/traces/{trace['id']}/legs/{own['id']}/reply", body)
    add_mark()
    found = analyst.get(f"/traces/{trace['id']}/result").json
    [event] = [*found["chain"], *found["conflicts"]]
    assert event["manual_entry"].endswith(
        "its own register, on the earlier reading of the gun, TKA5*."
    )


def test_a_mark_that_leaves_the_serial_as_it_was_asks_nobody_anew_who_answered(
    as_actor, analyst, trace, seizure, austria
):
    reply = f"/traces/{trace['id']}/legs/{austria()['id']}/reply"
    analyst.post(reply, {"status": "no_record", "text": "Nothing"})
    proof = {
        "kind": "proof",
        "text": "NP",
        "location": "barrel",
        "method": "chemical",
        "reason": "Read",
    }
    as_actor("BRA", "forensic_examiner").post(f"/seizures/{seizure}/items/1/marks", proof)
    assert (austria()["status"], austria()["unsent"]) == ("no_record", False)


def test_what_came_back_says_that_a_form_went_out_but_not_that_the_next_one_did(
    analyst, trace, austria, choose, add_mark
):
    reply = f"/traces/{trace['id']}/legs/{austria()['id']}/reply"
    choose(channel="iarms", sent=True)
    add_mark()
    analyst.post(reply, {"status": "acknowledged", "text": "Of the first form"})
    assert (austria()["status"], austria()["unsent"]) == ("acknowledged", True)
    analyst.post(reply, {"status": "no_record", "text": "Nothing"})
    assert not austria()["unsent"]


def test_what_was_acknowledged_by_one_channel_is_to_be_sent_by_another(
    analyst, trace, austria, choose
):
    reply = f"/traces/{trace['id']}/legs/{austria()['id']}/reply"
    analyst.post(reply, {"status": "acknowledged", "text": "By telephone"})
    assert (austria()["unsent"], austria()["asked_at"]) == (False, None)  # nobody said when
    assert choose(channel="mla")["unsent"]
    assert result(analyst, trace)[0] == "to_send"


@pytest.mark.parametrize("action", ["close", "withdraw"])
def test_what_was_never_asked_was_not_withdrawn(analyst, trace, austria, action):
    analyst.change(f"/traces/{trace['id']}", action)
    assert (austria()["status"], austria()["unsent"]) == ("withdrawn", True)
    assert result(analyst, trace) == (
        "not_sent",
        ["The answer of Austria: its form was not sent before the trace ended."],
    )


def test_a_state_asked_too_gets_the_form_unless_it_has_a_reference(as_actor, analyst, trace):
    path = f"/traces/{trace['id']}/legs"
    for state, more in (("ESP", {}), ("ITA", {"reference": "M-1"})):
        analyst.post(path, {"state": state, "reason": "A witness", "channel": "mla"} | more)
    legs = {each["state"]: each["unsent"] for each in analyst.get(path[:-5]).json["legs"]}
    assert (legs["ESP"], legs["ITA"]) == (True, False)
    assert entries(as_actor, "trace:asked") == [
        {"asked": ["ITA"]},
        {"asked": [], "to_send": ["ESP"]},
    ]
