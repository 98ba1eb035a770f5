"""A record that is corrected after it was given in answer to a trace: the trace says what it now says."""

from datetime import timedelta

import pytest
from flask import current_app

from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies, jobs
from tests.support.grounds import beginning
from tests.support.movements import act


def traced(client):
    return client.post("/traces", bodies.trace()).json


def result(client, trace):
    return client.get(f"/traces/{trace['id']}/result").json


def correct(client, document, **changes):
    body = bodies.transfer(reason="The book was read again", **changes)
    path = f"/transfers/{document['id']}"
    client.post(f"{path}/correct", body, 200, If_Match=client.get(path).headers["ETag"])


def notices(client):
    return client.get("/notifications?code=trace_corrected").json["items"]


def test_a_sale_that_is_redated_gives_another_time_to_crime(analyst, pry):
    sold = pry.post("/transfers", bodies.transfer()).json
    trace = traced(analyst)
    correct(pry, sold, occurred_on="2024-06-05")
    found = result(analyst, trace)
    [event] = found["chain"]
    assert (found["time_to_crime_days"], event["occurred_on"]) == (634, "2024-06-05")
    assert event["corrected_at"].startswith("2026-03-09")
    [notice] = notices(analyst)
    assert notice["subject"]["id"] == trace["id"]
    [leg] = [
        leg for leg in analyst.get(f"/traces/{trace['id']}").json["legs"] if leg["state"] == "PRY"
    ]
    assert leg["messages"][-1]["kind"] == "corrected"


def test_a_record_given_by_a_person_is_reported_again_when_corrected(as_actor, analyst, pry):
    sold = pry.post("/transfers", bodies.transfer(visibility="pointer")).json
    trace, asked = traced(analyst), as_actor("PRY", "trace_analyst")
    [request] = asked.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    texts = {"completeness": "full", "handling": "H1", "records": [sold["firearm"]["record"]]}
    asked.post(f"{path}/answer", texts, 200, If_Match=asked.get(path).headers["ETag"])
    correct(pry, sold, occurred_on="2024-06-05", visibility="pointer")
    assert result(analyst, trace)["time_to_crime_days"] == 634


def test_a_record_that_is_no_longer_open_is_not_answered_again(analyst, pry):
    sold = pry.post("/transfers", bodies.transfer()).json
    trace = traced(analyst)
    correct(pry, sold, occurred_on="2024-06-05", visibility="silent")
    assert result(analyst, trace)["time_to_crime_days"] == 664
    assert notices(analyst) == []


def test_a_correction_that_changes_nothing_of_an_event_marks_nothing(analyst, pry):
    trace_of_another = traced(analyst)
    correct(pry, pry.post("/transfers", bodies.transfer()).json, occurred_on="2024-06-05")
    assert result(analyst, trace_of_another)["chain"] == []
    [event] = result(analyst, traced(analyst))["chain"]
    assert event.get("corrected_at") is None


def test_own_records_that_are_corrected_are_so_in_own_traces(analyst, bra):
    sold = bra.post("/transfers", bodies.transfer()).json
    trace = traced(analyst)
    correct(bra, sold, occurred_on="2024-06-05")
    assert result(analyst, trace)["time_to_crime_days"] == 634


PART_THEN = {
    "acknowledge": {},
    "refuse": {"reason": "national_security", "text": "Not the rest"},
    "defer": {"until": "2026-04-01", "reason": "The archive is closed"},
    "forward": {"state": "ARG", "reason": "Sold there", "confirm_other_guns": True},
}


@pytest.fixture
def in_part(as_actor, analyst, pry):
    """A sale that the service told at once, and its trace, while another record waits for a person."""
    sold = pry.post("/transfers", bodies.transfer(number="T-1")).json
    later = {"kind": "private_sale", "occurred_on": "2025-01-02", "visibility": "pointer"}
    pry.post("/transfers", bodies.transfer(number="T-2", **later))
    trace, asked = traced(analyst), as_actor("PRY", "trace_analyst")
    [request] = asked.get("/requests").json["items"]
    assert request["status"] == "sent"
    return sold, trace, asked, f"/requests/{request['id']}"


def days(client, trace):
    return [event["occurred_on"] for event in result(client, trace)["chain"]]


def test_a_partial_answer_is_corrected_before_the_rest_follows(analyst, pry, in_part):
    sold, trace, *_ = in_part
    correct(pry, sold, number="T-1", occurred_on="2024-06-05")
    assert days(analyst, trace) == ["2024-06-05"]
    assert len(notices(analyst)) == 1


@pytest.mark.parametrize("action", PART_THEN)
def test_a_partial_answer_is_corrected_whatever_the_rest_is(analyst, pry, in_part, action):
    sold, trace, asked, path = in_part
    asked.change(path, action, PART_THEN[action])
    correct(pry, sold, number="T-1", occurred_on="2024-06-05")
    assert days(analyst, trace) == ["2024-06-05"]


def test_a_partial_answer_is_corrected_after_the_trace_was_closed(analyst, pry, in_part):
    sold, trace, *_ = in_part
    analyst.change(f"/traces/{trace['id']}", "close")
    correct(pry, sold, number="T-1", occurred_on="2024-06-05")
    assert days(analyst, trace) == ["2024-06-05"]
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "closed"


def test_a_withdrawn_record_is_not_reported_again(analyst, pry, in_part):
    sold, trace, asked, path = in_part
    asked.change(path, "report-no-record", {"text": "Of another gun", "confirm_other_guns": True})
    correct(pry, sold, number="T-1", occurred_on="2024-06-05")
    assert (days(analyst, trace), notices(analyst)) == ([], [])


def test_records_given_by_the_service_are_reported_again_after_a_partial_refusal(
    analyst, pry, in_part
):
    sold, trace, asked, path = in_part
    asked.change(path, "refuse", PART_THEN["refuse"])
    correct(pry, sold, number="T-1", occurred_on="2024-06-05", visibility="silent")
    assert days(analyst, trace) == ["2024-05-06"]


@beginning
def shipment(as_actor):
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    return exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json


def test_a_shipment_that_is_cancelled_is_taken_out_of_the_chain(as_actor, shipment, arg_analyst):
    trace = traced(arg_analyst)
    assert [event["event"] for event in result(arg_analyst, trace)["chain"]] == ["export"]
    act(as_actor("BRA", "licensing_officer"), shipment, "cancel", reason="Not paid")
    assert result(arg_analyst, trace)["chain"] == []
    assert len(notices(arg_analyst)) == 1


def test_a_gun_that_a_corrected_receipt_brought_is_not_lost_any_more(as_actor, pry, shipment):
    asking, path = as_actor("ARG", "trace_analyst"), f"/shipments/{shipment['id']}/receipt"
    pry.post(path, {"received_on": "2026-02-05", "items": [{"serial": "ABC123457"}]})
    trace = traced(asking)
    assert result(asking, trace)["point_of_diversion"]["diversion_kind"] == "short_receipt"
    whole = {"received_on": "2026-02-05", "all": True, "reason": "It was in the other crate"}
    tag = pry.get(path).headers["ETag"]
    pry.post(f"{path}/correct", whole, 200, If_Match=tag)
    assert result(asking, trace)["point_of_diversion"] is None


LATE = [{"stage": "entry", "at": "2026-02-02T10:00:00Z"}]
ALL = {"received_on": "2026-02-10", "all": True}


def ship(exporter, **changes):
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    return exporter.post(f"/permits/{permit}/shipments", bodies.shipment(**changes)).json


def lost(client, trace):
    point = result(client, trace)["point_of_diversion"]
    return point and point["diversion_kind"]


@pytest.mark.parametrize("asking_state", ["ARG", "BRA"])
def test_a_gun_that_comes_after_the_answer_is_not_lost_any_more(as_actor, pry, asking_state):
    made = ship(as_actor("BRA", "licensing_officer"), expected=LATE)
    asking = as_actor(asking_state, "trace_analyst")
    trace = traced(asking)
    assert lost(asking, trace) == "never_arrived"
    pry.post(f"/shipments/{made['id']}/receipt", ALL)
    assert lost(asking, trace) is None
    assert result(asking, trace)["chain"][0]["corrected_at"]
    assert len(notices(asking)) == (asking_state != "BRA")


def test_a_gun_that_is_missed_after_the_answer_is_lost_in_it(pry, shipment, arg_analyst):
    trace = traced(arg_analyst)
    assert lost(arg_analyst, trace) is None
    short = {"received_on": "2026-02-05", "items": [{"serial": "ABC123457"}]}
    pry.post(f"/shipments/{shipment['id']}/receipt", short)
    assert lost(arg_analyst, trace) == "short_receipt"


def test_a_receipt_tells_nothing_of_guns_that_nobody_asked_for(pry, shipment, arg_analyst):
    other = arg_analyst.post(
        "/traces", bodies.trace(firearm=bodies.firearm(serial="ZZZ98765"))
    ).json
    pry.post(f"/shipments/{shipment['id']}/receipt", ALL)
    assert (result(arg_analyst, other)["chain"], notices(arg_analyst)) == ([], [])


def test_a_shipment_that_becomes_late_after_the_answer_is_late_in_it_once(
    bra, arg_analyst, monkeypatch
):
    ship(bra, expected=[{"stage": "entry", "at": "2026-03-10T10:00:00Z"}])
    trace = traced(arg_analyst)
    assert lost(arg_analyst, trace) is None
    for days_later in (3, 4):
        clock = FixedClock(NOW + timedelta(days=days_later))
        with monkeypatch.context() as later:
            later.setitem(current_app.config, "CLOCK", clock)
            jobs.run_due(current_app, "shipments")
            jobs.jobs_to_idle()
        assert lost(arg_analyst, trace) == "never_arrived"
        assert len(notices(arg_analyst)) == 1


def test_a_shipment_that_is_said_to_be_lost_is_so_in_what_was_answered_before(bra, arg_analyst):
    made = ship(bra)
    trace = traced(arg_analyst)
    robbed = {
        "kind": "theft",
        "occurred_at": "2026-02-02T10:00:00Z",
        "note": "Robbed",
        "is_total": True,
    }
    bra.post(f"/shipments/{made['id']}/incidents", robbed)
    assert lost(arg_analyst, trace) == "never_arrived"


def test_a_record_only_looked_up_is_named_by_no_trace_of_the_case(analyst, pry):
    pry.post("/transfers", bodies.transfer())
    gun = bodies.firearm(serial="ZZZ98765")
    other = pry.post("/transfers", bodies.transfer(number="T-2", firearm=gun)).json
    trace = traced(analyst)
    naming = {"Salsa_Purpose": "investigation", "Salsa_Case": trace["case_number"]}
    analyst.get(f"/records/{other['firearm']['record']}", **naming)
    correct(pry, other, number="T-2", firearm=gun, occurred_on="2024-06-05")
    assert notices(analyst) == []
    assert [event["serial"] for event in result(analyst, trace)["chain"]] == ["ABC123456"]
