"""Ticks that waited without a line: changes of the truck meanwhile are shown, asked about, and settled."""

import re

import pytest
from playwright.sync_api import expect

from tests.support import bodies
from tests.support.movements import act, tick
from tests.web.desks import DESK, STORED, open_desk, press, reopened, ticks
from tests.web.scenes import POST

pytestmark = pytest.mark.browser


def refused_in(page):
    return page.locator("#not-recorded [data-state=refused]")


def test_a_tick_that_the_service_refuses_stays_with_its_words_until_it_is_settled(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-DUE")
    expect(page.locator("#form-truck")).to_contain_text("BRA2E19")
    press(page, "Refused")
    expect(page.locator(".summary")).to_contain_text("Why it is held or refused")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("Wrong seal")
    press(page, "Refused")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    receive(site, "A-DUE")
    device.set_offline(False)
    refused = page.locator("#not-recorded [data-state=refused]")
    expect(refused).to_contain_text("Record the crossing: A-DUE")
    messages = refused.locator(".messages").inner_text()
    assert "received" in messages.lower() and ticks(site, "A-DUE") == []
    page = reopened(device, site)
    page.goto(f"{site.url}{DESK}/check")
    expect(page.locator("#not-recorded")).to_have_text(re.compile("^\\s*1 not recorded: look"))
    expect(refused_in(page)).to_be_hidden()  # a line on each page, all of it on the desk's own
    press(page, "1 not recorded: look")
    expect(refused_in(page)).to_be_visible()
    page.goto(f"{site.url}{DESK}")
    expect(refused_in(page).locator(".messages")).to_have_text(messages)
    press(page, "Correct it and send it again")
    expect(page.locator(".summary")).to_contain_text(messages)
    press(page, "Passed")
    page.wait_for_url("**/desk/shipments/*")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["passed"]
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#not-recorded")).to_be_hidden()


def test_a_pass_of_what_was_held_meanwhile_is_confirmed_and_sent_again(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-DUE")
    expect(page.locator("#confirm_held")).to_be_hidden()
    page.locator("#form-body #seals").fill("S-99")
    press(page, "Passed")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    hold(site, "A-DUE", "A serial is on an alert")
    device.set_offline(False)
    refused = page.locator("#refused-list [data-state=refused]")
    expect(refused).to_contain_text("Brazil holds this shipment since")
    expect(refused).to_contain_text("A serial is on an alert")
    assert ticks(site, "A-DUE") == []
    page.get_by_role("button", name="Correct it and send it again").click()
    expect(page.locator(".summary")).to_contain_text("Brazil holds this shipment since")
    expect(page.locator("#form-body #seals")).to_have_value("S-99")
    page.locator("#confirm_held").check()
    press(page, "Passed")
    page.wait_for_url("**/desk/shipments/*")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["passed"]
    expect(page.locator("#queue")).to_be_hidden()


def test_a_pass_from_an_old_list_does_not_undo_what_a_colleague_held(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-DUE")
    page.locator("#form-body #quantity").fill("7")
    colleague = site.program("PRY", "border_officer")
    [shipment] = colleague.get("/shipments?number=A-DUE").json["items"]
    tick(
        colleague, shipment, "entry", "held", at="2026-03-09T14:30:00Z", reason="The dog marked it"
    )
    press(page, "Passed")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    device.set_offline(False)
    refused = page.locator("#refused-list [data-state=refused]")
    expect(refused).to_contain_text("Your own side stopped this shipment")
    expect(refused).to_contain_text("The dog marked it")
    page.get_by_role("button", name="Correct it and send it again").click()
    page.locator("#confirm_held_since").check()
    press(page, "Passed")
    expect(page.locator(".summary")).to_contain_text("7 pieces counted, 1 on its papers.")
    page.locator("#confirm_differs").check()
    press(page, "Passed")
    page.wait_for_url("**/desk/shipments/*")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["held", "passed"]


def test_a_queued_crossing_shows_its_differences_from_the_papers_when_it_is_sent(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-DUE")
    page.locator("#form-body #quantity").fill("7")
    page.locator("#form-body #reason").fill("Scanner")
    press(page, "Held")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    device.set_offline(False)
    warned = page.locator("#queue-list [data-state=warned]")
    expect(warned).to_contain_text("Accepted: Record the crossing: A-DUE")
    expect(warned).to_contain_text("Entry: 7 pieces counted, 1 on its papers.")
    warned.get_by_role("link", name="See it").click()
    expect(page.locator(".warned")).to_contain_text("a discrepancy is open")
    expect(page.locator(".stopped.differs")).to_contain_text("7 pieces counted")


def hold(site, number, reason):
    officer = site.program("BRA", "border_officer")
    [shipment] = officer.get(f"/shipments?number={number}").json["items"]
    tick(officer, shipment, "exit", "held", at="2026-03-09T14:30:00Z", reason=reason)


def receive(site, number):
    importer = site.program("PRY", "licensing_officer")
    [shipment] = importer.get(f"/shipments?number={number}").json["items"]
    act(
        importer,
        shipment,
        "receipt",
        201,
        received_on="2026-03-09",
        items=[{"serial": "ABC123457"}],
    )


def test_a_pass_without_seals_can_be_undone_for_ten_seconds_and_is_sent_after_them(device, site):
    sealed = ship_sealed(site)
    device.clock.install()
    page = open_desk(device, site)
    page.goto(f"{site.url}{DESK}/shipments/{sealed}")
    expect(page.locator("body[data-desk=ready]")).to_be_attached(timeout=20_000)
    press(page, "Passed")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(undo).to_have_accessible_description(
        "No seals are entered. The crossing is sent in 10 seconds."
    )
    undo.click()
    expect(page.get_by_role("button", name="Passed")).to_be_focused()
    expect(page.locator("#desk-message")).to_have_text("Undone: nothing was sent.")
    assert page.evaluate(STORED)[1] == []
    press(page, "Passed")
    expect(undo).to_contain_text("10 seconds")
    assert ticks(site, "A-SEALED") == [] and len(page.evaluate(STORED)[1]) == 1
    device.clock.fast_forward("00:11")
    expect(page.get_by_role("main")).to_contain_text("The crossing is recorded.")
    assert [(tick["outcome"], tick["seals"]) for tick in ticks(site, "A-SEALED")] == [
        ("passed", [])
    ]


def test_a_pass_is_sent_at_once_where_the_page_is_left(device, site):
    sealed = ship_sealed(site)
    page = open_desk(device, site)
    page.goto(f"{site.url}{DESK}/shipments/{sealed}")
    expect(page.locator("body[data-desk=ready]")).to_be_attached(timeout=20_000)
    press(page, "Passed")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_role("link", name="All of this shipment").click()
    page.wait_for_url(f"{site.url}/desk/shipments/{sealed}")
    assert [tick["outcome"] for tick in ticks(site, "A-SEALED")] == ["passed"]


def test_the_next_truck_stays_open_while_a_pass_before_it_can_be_undone(device, site):
    ship_sealed(site)
    device.clock.install()
    page = open_desk(device, site)
    expect(page.get_by_role("main")).to_contain_text("A-SEALED")
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-SEALED")
    press(page, "Passed")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    press(page, "A-DUE")
    expect(page.locator("#form-truck")).to_contain_text("BRA2E19")
    page.locator("#form-body #seals").fill("S-99")
    device.clock.fast_forward("00:11")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    expect(page.locator("#form-body #seals")).to_have_value("S-99")
    expect(page.locator("#form-body #seals")).to_be_visible()


def ship_sealed(site):
    """Release a truck with a seal on its papers, due at the post; return its id."""
    exporter = site.program("BRA", "licensing_officer")
    [permit] = exporter.get("/permits?number=E-1").json["items"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-11T13:00:00Z"}]
    body = bodies.shipment(("ABC123460",), number="A-SEALED", seals=["S-77"], expected=expected)
    shipment = exporter.post(f"/permits/{permit['id']}/shipments", body).json
    act(exporter, shipment, "release")
    return shipment["id"]
