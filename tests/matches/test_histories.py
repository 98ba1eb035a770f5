"""Histories: the records of one gun, by links and confirmed matches, as far as the reader may see."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.matches import act, correct, matches, sold

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}


@beginning
def exported(as_actor):
    """Record an export of Brazil that Paraguay received; returns the export's record."""
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    shipment = exporter.post(f"/permits/{permit}/shipments", bodies.shipment()).json["id"]
    received = {"received_on": "2026-03-03", "all": True}
    as_actor("PRY", "licensing_officer").post(f"/shipments/{shipment}/receipt", received)
    return exporter.get(f"/shipments/{shipment}/items").json["items"][0]


def seized(client, **gun):
    body = bodies.seizure(items=[bodies.firearm(**gun)])
    return client.post("/seizures", body).json["items"][0]["record"]


def history(client, record, expect=200, **purpose):
    return client.get(f"/records/{record}/history", expect, **purpose).json


def steps(client, record, **purpose):
    found = history(client, record, **purpose)["steps"]
    return [(step["record"]["state"], step["record"]["event"], step["joined_by"]) for step in found]


def test_a_record_that_is_joined_to_nothing_is_its_own_history(police):
    record = seized(police)
    found = history(police, record)
    assert found["record"] == record and found["points_to"] == []
    assert steps(police, record) == [("BRA", "seized", "start")]


def test_a_match_that_is_only_proposed_joins_nothing(as_actor, police):
    sold(as_actor, "BRA")
    assert steps(police, seized(police)) == [("BRA", "seized", "start")]


def test_a_confirmed_match_joins_and_a_rejected_one_no_longer(as_actor, police):
    sale = sold(as_actor, "BRA")["firearm"]["record"]
    record = seized(police)
    [match] = matches(police)
    act(police, match, "confirm")
    assert steps(police, record) == [("BRA", "domestic_sale", "match"), ("BRA", "seized", "start")]
    assert steps(police, sale) == [("BRA", "domestic_sale", "start"), ("BRA", "seized", "match")]
    [step] = [each for each in history(police, record)["steps"] if each["joined_by"] == "match"]
    assert (step["joined_to"], step["match"]) == (record, match["id"])
    act(police, match, "reject", reason="Another gun")
    assert steps(police, record) == [("BRA", "seized", "start")]


def test_a_shipment_and_its_receipt_are_joined_for_certain(as_actor, pry_police, exported):
    found = steps(as_actor("BRA", "licensing_officer"), exported["record"], **PURPOSE)
    assert found == [("BRA", "export", "start"), ("PRY", "import", "link")]


def test_a_match_leads_on_to_what_is_linked(police, exported):
    record = seized(police, serial=exported["serial"])
    [match] = [
        one for one in matches(police, f"?record={record}") if one["other"]["state"] == "BRA"
    ]
    act(police, match, "confirm")
    found = steps(police, record, **PURPOSE)
    assert ("PRY", "import", "link") in found and ("BRA", "export", "match") in found


def test_another_states_record_is_read_for_a_purpose_and_written_down(
    as_actor, police, pry_auditor
):
    sold(as_actor)
    record = seized(police)
    act(police, matches(police)[0], "confirm")
    assert list(history(police, record, 422)["errors"]) == ["Salsa-Purpose"]
    assert steps(police, record, **PURPOSE)[0] == ("PRY", "domestic_sale", "match")
    [entry] = pry_auditor.get("/audit?action=record:disclosed").json["items"]
    assert (entry["state"], entry["case_number"]) == ("BRA", "C-1")


def test_private_persons_of_another_state_are_not_named(as_actor, police):
    sold(as_actor)
    record = seized(police)
    act(police, matches(police)[0], "confirm")
    [step, _] = history(police, record, **PURPOSE)["steps"]
    assert step["record"]["to"] == {"kind": "individual", "country": "PRY"}


def test_what_another_state_confirmed_joins_nothing_for_this_one(as_actor, police, pry_police):
    sold(as_actor)
    record = seized(police)
    act(pry_police, matches(pry_police)[0], "confirm")
    assert steps(police, record) == [("BRA", "seized", "start")]


def test_a_history_goes_not_through_what_a_third_state_keeps_to_itself(
    as_actor, police, pry_police
):
    """Uruguay's loss is a pointer: Brazil's history names the state, and stops there."""
    sold(as_actor)
    lost = bodies.report(visibility="pointer")
    as_actor("URY", "police_officer").post("/reports", lost)
    record = seized(police)
    for match in matches(police):
        act(police, match, "confirm")
    found = history(police, record, **PURPOSE)
    assert [step["record"]["state"] for step in found["steps"]] == ["PRY", "BRA"]
    [holder] = found["points_to"]
    assert (holder["state"], holder["record"]) == ("URY", record)


def test_a_record_that_turned_silent_leaves_the_history(as_actor, police):
    sale = sold(as_actor)
    record = seized(police)
    act(police, matches(police)[0], "confirm")
    body = bodies.transfer(visibility="silent", reason="Operation")
    correct(as_actor("PRY", "licensing_officer"), "transfers", sale, body)
    found = history(police, record)
    assert len(found["steps"]) == 1 and found["points_to"] == []


def test_a_correction_that_takes_the_match_away_parts_the_histories(as_actor, police):
    sold(as_actor, "BRA")
    made = police.post("/seizures", bodies.seizure()).json
    act(police, matches(police)[0], "confirm")
    other = bodies.seizure(items=[bodies.firearm(serial="XYZ987654")], reason="Misread")
    correct(police, "seizures", made, other)
    assert steps(police, made["items"][0]["record"]) == [("BRA", "seized", "start")]


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_no_history_begins_at_what_is_not_open(as_actor, police, visibility):
    history(police, sold(as_actor, visibility=visibility)["firearm"]["record"], 404, **PURPOSE)
