"""Test the search box: what it finds, for whom."""

import re
from urllib.parse import urlencode

import pytest

from tests.support import bodies
from tests.web.pages import text


@pytest.fixture
def police(as_actor):
    """A police officer of Brazil who recorded a seizure, a report and an alert."""
    officer = as_actor("BRA", "police_officer")
    officer.post("/seizures", bodies.seizure(number="INC-77"))
    officer.post("/reports", bodies.report(number="D-5"))
    officer.post("/alerts", bodies.alert(case_number="C-900"))
    return officer


def _find(client, typed):
    found = client.get(f"/search?{urlencode({'q': typed})}").json["items"]
    return [(row["kind"], row["number"]) for row in found]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("INC-77", ("seizure", "INC-77")),
        ("inc-77", ("seizure", "INC-77")),
        ("D-5", ("report", "D-5")),
        ("C-900", ("alert", "C-900")),
    ],
)
def test_own_documents_are_found_by_number_and_case(police, typed, found):
    assert _find(police, typed) == [found]


def test_own_documents_are_found_by_the_serial_of_a_gun_in_them(police):
    serial = bodies.firearm()["serial"]
    assert ("seizure", "INC-77") in _find(police, serial.lower())


def test_own_documents_are_found_by_the_lot_of_goods_in_them(police):
    goods = {"line": 1, "category": "ammunition", "lot": "AYT-23", "quantity": 50}
    police.post("/seizures", bodies.seizure(number="INC-79", items=[goods]))
    assert _find(police, "ayt23") == [("seizure", "INC-79")]


def test_a_serial_recorded_with_alternatives_is_found_by_each(police):
    item = bodies.firearm(serial="TX 99-[8B]1/Z")
    police.post("/seizures", bodies.seizure(number="INC-79", items=[item]))
    assert _find(police, "TX9981Z") == _find(police, "tx99b1z") == [("seizure", "INC-79")]


def test_a_shipment_is_found_by_a_serial_of_its_manifest(as_actor):
    licensing = as_actor("BRA", "licensing_officer")
    permit = licensing.post("/permits", bodies.permit()).json["id"]
    licensing.post(f"/permits/{permit}/shipments", bodies.shipment(("QWE44001",)))
    assert _find(licensing, "qwe-44001") == [("shipment", "A-1")]


def test_other_states_are_asked_about_a_serial_alone(police, signed_in):
    officer = signed_in("BRA", "police_officer")
    for typed, is_asked in (("ABC123456", True), ("INC-77", False), ("Armas del Sur", False)):
        page = officer.open(f"/search?{urlencode({'q': typed})}")
        assert ("Ask other states about this serial" in page) is is_asked


def test_a_serial_leads_to_its_gun(police, signed_in):
    page = signed_in("BRA", "police_officer").open("/search?q=abc-123456")
    assert "INC-77 What Seizure ABC123456 Pistol · Taurus · G2C · 9x19" in text(page)
    assert re.search(r'href="/seizures/[^"]+#line-1"', page)


def test_a_date_known_to_the_year_is_found_as_the_year(police, signed_in):
    police.post("/seizures", bodies.seizure(number="INC-78", occurred_on="2019"))
    [found] = police.get("/search?q=INC-78").json["items"]
    assert found["day"] == "2019"
    assert "2019" in signed_in("BRA", "police_officer").open("/search?q=INC-78")


def test_nobody_finds_what_is_of_another_state_or_not_of_the_role(police, as_actor):
    assert _find(as_actor("PRY", "police_officer"), "INC-77") == []
    assert _find(as_actor("BRA", "licensing_officer"), "C-900") == []


def test_the_box_of_each_page_leads_to_what_it_finds(police, signed_in):
    officer = signed_in("BRA", "police_officer")
    assert 'action="/search"' in officer.open("/")
    page = officer.open("/search?q=INC-77")
    assert "Found for “INC-77”" in text(page) and 'href="/seizures/' in page
    assert "Nothing is found for “X-1”" in text(officer.open("/search?q=X-1"))
