"""Test desk movements."""

import re

import pytest

from tests.support import bodies
from tests.support.grounds import beginning
from tests.web import scenes
from tests.web.test_desk_changes import do, doings
from tests.web.test_desk_pages import text

SHIPPED = {
    "expected": [
        {"stage": "exit", "post": scenes.POST, "at": "2026-03-10T12:00:00Z"},
        {"stage": "entry", "post": scenes.POST, "at": "2026-03-11T12:00:00Z"},
    ],
    "transport": {"document_kind": "mic_dta", "document_number": "BR-118", "plates": ["BRA2E19"]},
    "seals": ["S1"],
}


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "licensing_officer")


@pytest.fixture
def importer(signed_in):
    return signed_in("PRY", "licensing_officer")


@beginning
def shipment(as_actor):
    """A planned shipment of two pistols: the address of its page."""
    as_actor("PRY", "licensing_officer").post("/permits", bodies.import_permit())
    brazil = as_actor("BRA", "licensing_officer")
    permit = brazil.post("/permits", bodies.permit()).json["id"]
    key = brazil.post(f"/permits/{permit}/shipments", bodies.shipment(**SHIPPED)).json["id"]
    return f"/desk/shipments/{key}"


def tick(as_actor, shipment, stage, at, outcome="passed", state="BRA"):
    key = shipment.rpartition("/")[2]
    body = {"stage": stage, "post": scenes.POST, "occurred_at": at, "outcome": outcome}
    as_actor(state, "border_officer").post(f"/shipments/{key}/checkpoints", body)


def test_a_shipment_is_released_held_and_let_go_on(officer, shipment):
    page = do(officer, f"{shipment}/release", on="2026-03-09")
    assert "The shipment is released." in page and "▷ Released" in text(page)
    page = do(officer, f"{shipment}/hold", reason="Papers to be checked")
    assert "■ Held" in text(page) and "Papers to be checked" in text(page)
    assert {"resume", "cancel"} <= set(doings(page)) and "release" not in doings(page)
    assert "The shipment goes on." in do(officer, f"{shipment}/resume", reason="Checked")


def test_what_another_state_holds_is_ticked_once_it_is_confirmed(
    officer, importer, shipment, as_actor, signed_in
):
    do(officer, f"{shipment}/release", on="2026-03-09")
    tick(as_actor, shipment, "exit", "2026-03-09T12:00:00Z", "held")
    shown = text(importer.open(shipment))
    assert "Held by Brazil since 9 Mar 2026, 12:00 : no reason was given" in shown
    assert "resume" not in doings(importer.open(shipment))
    border = signed_in("PRY", "border_officer")
    entry = {"stage": "entry", "occurred_at": "2026-03-09T13:00", "outcome": "passed"}
    refused = do(border, f"{shipment}/checkpoint", 409, **entry)
    assert "Brazil holds this shipment since" in text(refused)
    assert "confirm it with “I know of it, and it passes all the same”" in text(refused)
    assert 'name="confirm_held"' in refused
    page = do(border, f"{shipment}/checkpoint", **entry, confirm_held="true")
    assert "The crossing is recorded." in page and "Held by" not in page
    passed = "Passed in spite of your hold: Paraguay"
    page = officer.open(shipment)
    assert passed in text(page) and "resume" in doings(page)
    assert "this ends the warning" in text(officer.open(f"{shipment}/resume"))
    assert passed not in text(do(officer, f"{shipment}/resume", reason="Known"))
    assert "resume" not in doings(officer.open(shipment))


def test_no_shipment_is_released_that_a_state_has_not_licensed(officer, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    key = bra.post(f"/permits/{permit}/shipments", bodies.shipment(**SHIPPED)).json["id"]
    page = do(officer, f"/desk/shipments/{key}/release", 409, on="2026-03-09")
    assert "(CIFTA IX.3)" in page and "PRY" in page


def test_a_shipment_is_cancelled_before_it_leaves(officer, shipment, as_actor):
    assert "cancel" in doings(officer.open(shipment))
    page = do(officer, f"{shipment}/cancel", reason="Order withdrawn")
    assert "✕ Cancelled" in text(page) and doings(page) == []
    [permit] = as_actor("BRA", "licensing_officer").get("/permits?kind=export").json["items"]
    assert permit["balance"][0]["remaining"] == 10


def test_the_plan_of_a_shipment_is_amended_by_what_is_new(officer, shipment, as_actor):
    form = officer.open(f"{shipment}/amend")
    assert 'value="2026-03-10T12:00"' in form and 'value="BRA2E19"' in form
    same = {
        "ships_on": "2026-02-01",
        "mode": "road",
        "transport__document_kind": "mic_dta",
        "transport__document_number": "BR-118",
        "transport__plates": "BRA2E19",
        "seals": "S1",
        "expected__0__at": "2026-03-10T12:00",
        "expected__1__at": "2026-03-11T12:00",
    }
    page = do(officer, f"{shipment}/amend", 422, **same, reason="Nothing")
    assert "Nothing is changed" in page
    fresh = same | {
        "port_of_entry": "Ciudad del Este",
        "transport__plates": "bra 2e20",
        "expected__1__at": "2026-03-12T09:30",
    }
    refused = do(officer, f"{shipment}/amend", 409, **fresh, reason="Other lorry")
    assert "authentication" in refused and "Other lorry</textarea>" in refused
    page = do(officer, f"{shipment}/amend", **fresh, reason="Other lorry", authentication="Stamp")
    shown = text(page)
    assert "Ciudad del Este" in shown and "BRA2E20" in shown and "12 Mar 2026, 09:30" in shown
    stored = (
        as_actor("BRA", "licensing_officer").get(f"/shipments/{shipment.rpartition('/')[2]}").json
    )
    assert [step["at"] for step in stored["expected"]] == [
        "2026-03-10T12:00:00+00:00",
        "2026-03-12T09:30:00+00:00",
    ]
    assert stored["expected"][1]["post"] == scenes.POST


def test_an_incident_is_reported_by_any_state_concerned(importer, shipment):
    fields = {
        "kind": "breakdown",
        "occurred_at": "2026-03-09T14:00",
        "note": "Engine",
        "new_expected_at": "2026-03-13T12:00",
    }
    shown = text(do(importer, f"{shipment}/incident", **fields))
    assert "Breakdown" in shown and "Engine" in shown and "13 Mar 2026, 12:00" in shown
    wrong = do(importer, f"{shipment}/incident", 422, kind="breakdown")
    assert 'id="occurred_at-wrong"' in wrong and 'id="note-wrong"' in wrong


def test_a_receipt_is_asked_for_after_the_exit(officer, shipment, as_actor):
    assert "ask" not in doings(officer.open(shipment))
    do(officer, f"{shipment}/release", on="2026-03-09")
    tick(as_actor, shipment, "exit", "2026-03-09T13:00:00Z")
    page = do(officer, f"{shipment}/ask")
    assert "The receipt is asked for." in page and "Receipt asked for" in text(page)


def test_a_swapped_serial_and_an_import_mark_are_told(officer, importer, shipment, as_actor):
    do(officer, f"{shipment}/release", on="2026-03-09")
    fields = {
        "received_on": "2026-03-09",
        "items": "ABC123456\nABC123475",
        "import_mark__text": "PY 26",
    }
    do(importer, f"{shipment}/receipt", **fields)
    shown = text(importer.open(shipment))
    assert "Received under another serial number ABC123457 → to ABC123475" in shown
    assert "Serial numbers differ" in shown
    [answer] = (
        as_actor("PRY", "licensing_officer")
        .get("/discrepancies?kind=serial_mismatch")
        .json["items"]
    )
    shown = text(importer.open(f"/desk/discrepancies/{answer['id']}"))
    assert "Shipped as: ABC123457" in shown and "Received as: ABC123475" in shown


@beginning
def misread(officer, importer, shipment):
    """A shipment that was received with one gun of its two."""
    do(officer, f"{shipment}/release", on="2026-03-09")
    assert "correct" not in doings(importer.open(shipment))
    do(
        importer,
        f"{shipment}/receipt",
        received_on="2026-03-09",
        items="ABC123456\nZZZZ99",
        import_mark__text="PY 26",
    )
    return shipment


def test_the_form_to_correct_a_receipt_has_its_values(officer, importer, misread):
    assert "correct" not in doings(officer.open(misread))
    form = importer.open(f"{misread}/correct")
    assert ">ZZZZ99</textarea>" in form and 'value="PY 26"' in form
    assert re.findall(r'value="(ABC\w+)" checked', form) == ["ABC123456"]
    whole = {"received_on": "2026-03-09", "items": "ABC123456\nABC123457"}
    assert 'id="reason-wrong"' in do(importer, f"{misread}/correct", 422, **whole)
    shown = text(do(importer, f"{misread}/correct", reason="The second crate", **whole))
    assert "The receipt is corrected." in shown and "✓ Received" in shown and "Missing 0" in shown
    assert "Receipt corrected" in shown and "The second crate" in shown


def test_a_correction_leaves_the_numbers_in_other_systems(importer, as_actor, misread):
    path = f"/shipments/{misread.rpartition('/')[2]}/receipt"
    licensing, other = as_actor("PRY", "licensing_officer"), {"system": "SIGA", "number": "77"}
    serials = [{"serial": serial} for serial in ("ABC123456", "ABC123457")]
    body = {"received_on": "2026-03-09", "items": serials, "external_ids": [other]}
    tag = licensing.get(path).headers["ETag"]
    licensing.post(f"{path}/correct", body | {"reason": "Number"}, 200, If_Match=tag)
    typed = {"received_on": "2026-03-09", "items": "ABC123456", "reason": "One alone"}
    do(importer, f"{misread}/correct", **typed)
    assert licensing.get(path).json["external_ids"] == [other]


def test_only_the_importing_state_corrects_what_it_received(officer, misread):
    page = do(officer, f"{misread}/correct", 403, received_on="2026-03-09", all="true", reason="?")
    assert "The importing state corrects the receipt." in page


def test_a_list_that_matches_nothing_is_confirmed_by_a_tick(importer, shipment):
    other = {"received_on": "2026-03-09", "items": "QQQ001\nQQQ002\nQQQ003"}
    page = text(do(importer, f"{shipment}/receipt", 409, **other))
    assert "(listed: 3, shipped: 2)" in page
    assert "confirm it with “It is the right list, even if none of it was shipped”" in page
    page = do(importer, f"{shipment}/receipt", **other, confirm_nothing_matches="true")
    assert "Received short" in text(page)


def test_a_gun_that_is_shipped_again_is_reported_with_its_earlier_shipment(importer, shipment, bra):
    [permit] = bra.get("/permits?kind=export").json["items"]
    bra.post(f"/permits/{permit['id']}/shipments", bodies.shipment(number="A-2"))
    [data] = bra.get("/discrepancies?number=A-2").json["items"]
    body = text(importer.open(f"/desk/discrepancies/{data['id']}"))
    assert "Shipped before, and not known to be back: 2" in body and "Earlier shipment: A-1" in body


def test_what_was_refused_comes_back(officer, importer, shipment, as_actor):
    assert "return" not in doings(officer.open(shipment))
    do(officer, f"{shipment}/release", on="2026-03-08")
    tick(as_actor, shipment, "exit", "2026-03-09T13:00:00Z")
    tick(as_actor, shipment, "entry", "2026-03-09T14:00:00Z", "refused", "PRY")
    assert "return" in doings(officer.open(shipment))
    assert "return" not in doings(importer.open(shipment))
    shown = text(do(officer, f"{shipment}/return", received_on="2026-03-09", all="true"))
    assert "What came back is confirmed." in shown and "Firearms that came back on" in shown
    assert "↩ Returned" in shown
