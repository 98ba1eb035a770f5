"""Guns over HTTP: their records by links, confirmed matches and rare marks, as far as visible."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.matches import act, correct, matches, sold

PURPOSE = {"Salsa_Purpose": "investigation", "Salsa_Case": "C-1"}
UNKNOWN_MAKE = {key: value for key, value in bodies.firearm().items() if key != "make"}
"""Its serial alone joins nothing: it takes a confirmed match."""


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


def seized_of_unknown_make(client):
    return client.post("/seizures", bodies.seizure(items=[UNKNOWN_MAKE])).json["items"][0]["record"]


def gun(client, record, expect=200, **purpose):
    return client.get(f"/guns/{record}", expect, **purpose).json


def events(client, record, **purpose):
    return [
        (each["record"]["state"], each["record"]["event"], each["joined_by"])
        for each in gun(client, record, **purpose)["records"]
    ]


def test_a_record_that_is_joined_to_nothing_is_a_gun(police):
    record = seized(police)
    answer = gun(police, record)
    assert answer["record"] == record and answer["points_to"] == answer["matches"] == []
    assert events(police, record) == [("BRA", "seized", "start")]
    [each] = answer["records"]
    assert each["text"] == "Brazil recorded on 1 Mar 2026: seized."
    assert answer["marks"] == [{"kind": "manufacture", "text": "ABC123456", "records": [record]}]


def test_records_of_one_rare_serial_and_make_are_one_gun_at_any_of_them(as_actor, police):
    sale = sold(as_actor, "BRA")["firearm"]["record"]
    record = seized(police)
    sale_first = [("BRA", "domestic_sale", "start"), ("BRA", "seized", "mark")]
    assert events(police, sale) == sale_first
    assert events(police, record) == [("BRA", "domestic_sale", "mark"), ("BRA", "seized", "start")]
    [match] = gun(police, record)["matches"]
    assert (match["status"], match["strength"]) == ("proposed", "strong")


def test_a_rejected_match_parts_them(as_actor, police):
    sold(as_actor, "BRA")
    record = seized(police)
    act(police, matches(police)[0], "reject", reason="Another gun")
    assert events(police, record) == [("BRA", "seized", "start")]
    assert gun(police, record)["matches"] == []


@pytest.mark.parametrize("other", [{"calibre": ".45 ACP"}, {"type": "revolver"}, {"make": "Glock"}])
def test_a_contradiction_parts_them(as_actor, police, other):
    sold(as_actor, "BRA", firearm=bodies.firearm(**other))
    assert events(police, seized(police)) == [("BRA", "seized", "start")]


def test_without_a_make_a_confirmed_match_joins_and_a_rejected_one_no_longer(as_actor, police):
    sale = sold(as_actor, "BRA")["firearm"]["record"]
    record = seized_of_unknown_make(police)
    assert events(police, record) == [("BRA", "seized", "start")]
    [match] = matches(police)
    act(police, match, "confirm")
    assert events(police, record) == [("BRA", "domestic_sale", "match"), ("BRA", "seized", "start")]
    assert events(police, sale) == [("BRA", "domestic_sale", "start"), ("BRA", "seized", "match")]
    [each] = [each for each in gun(police, record)["records"] if each["joined_by"] == "match"]
    assert (each["joined_to"], each["match"]) == (record, match["id"])
    act(police, match, "reject", reason="Another gun")
    assert events(police, record) == [("BRA", "seized", "start")]


def test_a_shipment_and_its_receipt_are_joined_for_certain(as_actor, exported):
    exporter = as_actor("BRA", "licensing_officer")
    assert events(exporter, exported["record"], **PURPOSE) == [
        ("BRA", "export", "start"),
        ("PRY", "import", "link"),
    ]
    texts = [each["text"] for each in gun(exporter, exported["record"], **PURPOSE)["records"]]
    assert texts[0].startswith("Brazil exported it to Paraguay on ")
    assert texts[1] == "Paraguay imported it from Brazil on 3 Mar 2026."


def test_a_mark_leads_on_to_what_is_linked(police, exported):
    record = seized(police, serial=exported["serial"])
    found = events(police, record, **PURPOSE)
    assert [(state, event) for state, event, _ in found] == [
        ("BRA", "export"),
        ("BRA", "seized"),
        ("PRY", "import"),
    ]


def test_another_states_record_is_read_for_a_purpose_and_written_down(
    as_actor, police, pry_auditor
):
    sold(as_actor)
    record = seized(police)
    assert list(gun(police, record, 422)["errors"]) == ["Salsa-Purpose"]
    assert events(police, record, **PURPOSE)[0] == ("PRY", "domestic_sale", "mark")
    [entry] = pry_auditor.get("/audit?action=record:disclosed").json["items"]
    assert (entry["state"], entry["case_number"]) == ("BRA", "C-1")


def test_private_persons_of_another_state_are_not_named(as_actor, police):
    sold(as_actor)
    [sale, _] = gun(police, seized(police), **PURPOSE)["records"]
    assert sale["record"]["to"] == {"kind": "individual", "country": "PRY"}


def test_what_another_state_confirmed_joins_nothing_for_this_one(as_actor, police, pry_police):
    sold(as_actor)
    record = seized_of_unknown_make(police)
    act(pry_police, matches(pry_police)[0], "confirm")
    assert events(police, record) == [("BRA", "seized", "start")]


def test_a_gun_goes_not_through_what_a_third_state_keeps_to_itself(as_actor, police):
    """Uruguay's loss is a pointer: Brazil's gun names the state, and stops there."""
    sold(as_actor)
    as_actor("URY", "police_officer").post("/reports", bodies.report(visibility="pointer"))
    record = seized(police)
    for match in matches(police):
        act(police, match, "confirm")
    answer = gun(police, record, **PURPOSE)
    assert [each["record"]["state"] for each in answer["records"]] == ["PRY", "BRA"]
    [holder] = answer["points_to"]
    assert (holder["state"], holder["record"]) == ("URY", record)


@pytest.mark.parametrize("gun_of", [seized, seized_of_unknown_make])
def test_a_record_that_turned_silent_leaves_the_gun(as_actor, police, gun_of):
    sale = sold(as_actor)
    record = gun_of(police)
    act(police, matches(police)[0], "confirm")
    assert len(gun(police, record, **PURPOSE)["records"]) == 2
    body = bodies.transfer(visibility="silent", reason="Operation")
    correct(as_actor("PRY", "licensing_officer"), "transfers", sale, body)
    answer = gun(police, record)
    assert len(answer["records"]) == 1 and answer["points_to"] == []


def test_others_silent_records_change_nothing(as_actor, police, asked):
    """Not even what the database is asked: a silent sale of another calibre parts no gun."""
    sold(as_actor, "BRA")
    record = seized(police)
    gun(police, record)  # caches are filled
    del asked[:]
    before, statements = gun(police, record), len(asked)
    sold(as_actor, firearm=bodies.firearm(calibre=".45 ACP"), visibility="silent")
    del asked[:]
    assert gun(police, record) == before and len(asked) == statements


def test_two_owners_at_one_time_are_a_finding(as_actor, police):
    sold(as_actor)
    sale = sold(as_actor, "BRA", occurred_on="2025-05-06")["firearm"]["record"]
    moved, sold_again = gun(police, sale, **PURPOSE)["findings"]
    assert moved["record"] == sold_again["record"] == sale
    assert moved["text"].startswith("Brazil recorded it while it was in Paraguay")
    assert sold_again["text"] == "Its serial was sold new more than once"


def test_a_correction_of_the_serial_parts_them(as_actor, police):
    sold(as_actor, "BRA")
    made = police.post("/seizures", bodies.seizure()).json
    record = made["items"][0]["record"]
    assert len(gun(police, record)["records"]) == 2
    other = bodies.seizure(items=[bodies.firearm(serial="XYZ987654")], reason="Misread")
    correct(police, "seizures", made, other)
    assert events(police, record) == [("BRA", "seized", "start")]


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_no_gun_begins_at_what_is_not_open(as_actor, police, visibility):
    gun(police, sold(as_actor, visibility=visibility)["firearm"]["record"], 404, **PURPOSE)


def test_it_has_an_etag_like_others(police):
    path = f"/guns/{seized(police)}"
    etag = police.get(path).headers["ETag"]
    police.get(path, 304, If_None_Match=etag)
