"""Traces: from a gun that was found, over the records of all states, to its time to crime."""

import pytest

from tests.support import bodies


def result(client, trace):
    return client.get(f"/traces/{trace['id']}/result").json


def ask(client, **changes):
    trace = client.post("/traces", bodies.trace(**changes)).json
    return client.get(f"/traces/{trace['id']}").json


def move(client, trace, action, expect=200, version=1):
    return client.post(f"/traces/{trace['id']}/{action}", None, expect, If_Match=f'"{version}"')


def test_a_sale_in_another_state_gives_the_time_to_crime(pry, analyst):
    pry.post("/transfers", bodies.transfer())
    trace = ask(analyst)
    found = result(analyst, trace)
    assert (trace["status"], found["outcome"], found["scope"]) == (
        "completed",
        "traced",
        "international",
    )
    assert found["time_to_crime_days"] == 664
    assert found["last_lawful"]["document_kind"] == "transfer"


def test_the_chain_names_the_dealer_and_not_the_private_person(pry, analyst):
    pry.post("/transfers", bodies.transfer())
    [event] = result(analyst, ask(analyst))["chain"]
    assert event["from"]["name"] == "Armas del Sur"
    assert event["to"].get("name") is None
    assert event["to"]["kind"] == "individual"


def test_a_state_names_its_own_private_persons(pry, pry_analyst):
    pry.post("/transfers", bodies.transfer())
    [event] = result(pry_analyst, ask(pry_analyst))["chain"]
    assert event["to"]["name"] == "Ana Ejemplo"


def test_every_state_that_may_know_is_asked_with_the_reason(pry, analyst):
    pry.post("/transfers", bodies.transfer())
    mark = {"kind": "import", "text": "URY 24", "state": "URY"}
    trace = ask(analyst, firearm=bodies.firearm(country_of_manufacture="AUT", marks=[mark]))
    assert {leg["state"]: leg["channel"] for leg in trace["legs"]} == {
        "BRA": "service",
        "PRY": "service",
        "URY": "service",
        "AUT": "iarms",
    }
    assert all(leg["reasons"] for leg in trace["legs"])


def test_the_reason_names_the_state_of_an_import_mark(analyst):
    mark = {"kind": "import", "text": "URY 24", "state": "URY"}
    trace = ask(analyst, firearm=bodies.firearm(marks=[mark]))
    [leg] = [leg for leg in trace["legs"] if leg["state"] == "URY"]
    assert leg["reasons"][0] == "The import mark names Uruguay."


def test_the_own_records_are_asked_first(pry, analyst):
    pry.post("/transfers", bodies.transfer())
    assert [leg["state"] for leg in ask(analyst)["legs"]] == ["BRA", "PRY"]


def test_a_chain_goes_over_an_export_and_its_receipt_to_the_sale(pry, analyst, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    pry.post(f"/shipments/{shipment}/receipt", {"received_on": "2026-02-05", "all": True})
    pry.post("/transfers", bodies.transfer(occurred_on="2026-02-20"))
    found = result(analyst, ask(analyst))
    assert [event["event"] for event in found["chain"]] == ["export", "import", "domestic_sale"]
    assert found["time_to_crime_days"] == 9


def test_a_gun_that_never_arrived_was_diverted_there(pry, analyst, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    shipment = bra.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    listed = {"received_on": "2026-02-05", "items": [{"serial": "ABC123457"}]}
    pry.post(f"/shipments/{shipment}/receipt", listed)
    found = result(analyst, ask(analyst))
    assert found["point_of_diversion"]["diversion_kind"] == "short_receipt"
    assert found["reached"] == "manufacturer"


def test_a_theft_after_the_sale_is_the_point_of_diversion(as_actor, pry, analyst):
    pry.post("/transfers", bodies.transfer())
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    trace = ask(analyst)
    found = result(analyst, trace)
    assert found["point_of_diversion"]["diversion_kind"] == "theft_private"
    assert found["point_of_diversion"]["reason"] == ("Paraguay recorded a theft on 3 Feb 2025.")
    answer = analyst.get(f"/traces/{trace['id']}/result", Accept_Language="es").json
    assert answer["point_of_diversion"]["reason"] == (
        "Paraguay registró un suceso de tipo robo o hurto el 3 feb 2025."
    )


@pytest.mark.parametrize("kind", ["loss", "theft", "recovery", "surrender"])
def test_a_report_of_every_kind_has_its_place_in_a_chain(as_actor, analyst, kind):
    body = bodies.report(kind=kind)
    del body["stolen_from"]
    as_actor("PRY", "police_officer").post("/reports", body)
    assert [event["event"] for event in result(analyst, ask(analyst))["chain"]] == [kind]


def test_two_first_sales_are_candidates_and_nothing_is_concluded(pry, analyst):
    pry.post("/transfers", bodies.transfer())
    pry.post("/transfers", bodies.transfer(occurred_on="2025-01-01"))
    found = result(analyst, ask(analyst))
    assert found["ambiguous"] is True
    assert [c["time_to_crime_days"] for c in found["candidates"]] == [664, 424]
    assert (found["time_to_crime_days"], found["last_lawful"]) == (None, None)


def test_a_trace_of_a_seized_gun_leaves_the_seizure_out(pry, police):
    seizure = police.post("/seizures", bodies.seizure()).json
    pry.post("/transfers", bodies.transfer())
    trace = police.post("/traces", bodies.trace_of(seizure["id"])).json
    assert trace["found_on"] == "2026-03-01"
    assert [event["event"] for event in result(police, trace)["chain"]] == ["domestic_sale"]


@pytest.mark.parametrize("state", ["BRA", "URY"])
def test_a_gun_that_was_seized_twice_and_misread_alike_is_compared_with_its_sale(
    as_actor, pry, pry_analyst, analyst, state
):
    """The first seizure repeats what the second one read, and says nothing of where the gun is from."""
    pry.post("/transfers", bodies.transfer())
    gun = bodies.firearm(serial="ABC123459")
    first = bodies.seizure(
        items=[gun], occurred_on="2025-06-01", place=bodies.FOZ | {"country": state}
    )
    as_actor(state, "police_officer").post("/seizures", first)
    again = bodies.seizure(number="S-2", items=[gun])
    seizure = as_actor("BRA", "police_officer").post("/seizures", again).json
    trace = analyst.post("/traces", bodies.trace_of(seizure["id"])).json
    [asked] = pry_analyst.get("/requests").json["items"]
    assert [each["event"] for each in asked["candidates"]] == ["domestic_sale"]
    found = result(analyst, trace)
    assert found["chain"] == []
    [before] = found["conflicts"]
    assert before["event"] == "seized" and "or a mark was misread" in before["reason"]


def test_a_gun_that_nobody_knows_is_not_traced_and_says_what_is_missing(analyst):
    found = result(analyst, ask(analyst, firearm={"type": "pistol", "marking": "obliterated"}))
    assert (found["outcome"], found["failure_reason"]) == ("no_record", "obliterated")
    assert "A legible serial, from the frame or a laboratory." in found["missing"]


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"priority": "flash"}, "priority_reason"),
        ({"found_on": "2026-04-01"}, "found_on"),
        ({"illicit_reason": "none"}, "illicit_reason"),
        ({"firearm": {"serial": "A"}}, "firearm.serial"),
        ({"seizure": "0199f2c0-0000-7000-8000-000000000000"}, "seizure"),
    ],
)
def test_a_request_that_lacks_something_is_refused(analyst, changes, field):
    assert list(analyst.post("/traces", bodies.trace(**changes), 422).json["errors"]) == [field]


def test_a_line_that_the_seizure_has_not_is_refused(police):
    seizure = police.post("/seizures", bodies.seizure()).json["id"]
    answer = police.post("/traces", bodies.trace_of(seizure, item=2), 422).json
    assert answer["errors"] == {"item": ["The seizure has no line 2."]}


def test_a_draft_asks_nobody_until_it_is_approved_and_sent(as_actor, pry, analyst):
    pry.post("/transfers", bodies.transfer())
    trace = ask(analyst, draft=True)
    assert (trace["status"], trace["legs"]) == ("draft", [])
    approved = move(as_actor("BRA", "supervisor"), trace, "approve").json
    assert approved["status"] == "approved"
    sent = move(analyst, trace, "send", version=approved["version"]).json
    assert (sent["status"], len(sent["legs"])) == ("sent", 2)
    assert analyst.get(f"/traces/{trace['id']}").json["status"] == "completed"


def test_what_was_sent_is_not_approved(as_actor, analyst):
    trace = ask(analyst)
    answer = move(as_actor("BRA", "supervisor"), trace, "approve", 409, trace["version"]).json
    assert answer["code"] == "illegal_transition"


def test_what_was_sent_is_sent_once(analyst):
    trace = ask(analyst)
    again = move(analyst, trace, "send", version=trace["version"]).json
    assert [leg["id"] for leg in again["legs"]] == [leg["id"] for leg in trace["legs"]]


def test_a_trace_is_withdrawn_with_the_legs_that_wait(analyst):
    trace = ask(analyst, firearm=bodies.firearm(country_of_manufacture="AUT"))
    withdrawn = move(analyst, trace, "withdraw", version=trace["version"]).json
    assert withdrawn["status"] == "withdrawn"
    assert {leg["state"]: leg["status"] for leg in withdrawn["legs"]} == {
        "BRA": "no_record",
        "AUT": "withdrawn",
    }


def test_a_trace_is_closed_and_stays_readable(analyst):
    trace = ask(analyst)
    assert move(analyst, trace, "close", version=trace["version"]).json["status"] == "closed"
    assert result(analyst, trace)["status"] == "closed"


def test_a_draft_is_not_closed(analyst):
    trace = ask(analyst, draft=True)
    move(analyst, trace, "close", 409, trace["version"])


def test_the_owner_of_each_record_reads_that_it_was_given(as_actor, pry, analyst):
    sold = pry.post("/transfers", bodies.transfer()).json
    ask(analyst)
    [entry] = as_actor("PRY", "auditor").get("/audit?action=record:disclosed").json["items"]
    assert entry["subject_id"] == sold["firearm"]["record"]
    assert (entry["data"]["to"], entry["case_number"]) == ("BRA", "C-1")
