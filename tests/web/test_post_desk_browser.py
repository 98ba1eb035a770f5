"""The officer's desk in a real browser, with a line, without one, and with one that fails half-way."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.papers import code_of
from tests.web.conftest import SCREENS
from tests.web.desks import (
    DESK,
    STORED,
    code,
    open_desk,
    opened,
    press,
    reopened,
    seize,
    seized,
    sign_in,
    ticks,
)
from tests.web.keyboard import tab_to
from tests.web.scenes import POST
from tests.web.trucks import picture

pytestmark = pytest.mark.browser
FINE = 4  # times 72 dots an inch
NO_PHOTO = {"name": "mark.txt", "mimeType": "text/plain", "buffer": b"no picture"}
WHERE_IT_IS_FIVE = """document.addEventListener("readystatechange", () => {
  const desk = document.getElementById("desk");
  if (desk) desk.dataset.zone = "Pacific/Honolulu";
});"""
"""Runs before the scripts of the page do."""
FITS = "document.documentElement.scrollWidth <= innerWidth"
HEAR = """() => {
  window.heard = [];
  new MutationObserver(() => window.heard.push(document.getElementById("desk-message").textContent))
    .observe(document.getElementById("desk-message"), {childList: true});
}"""


@pytest.mark.parametrize("device", SCREENS.values(), ids=SCREENS, indirect=True)
def test_a_seizure_recorded_without_a_line_arrives_exactly_once_by_keyboard_alone(device, site):
    page = open_desk(device, site)
    assert page.evaluate(FITS)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("#connection")).to_contain_text("No connection.")
    expect(page.locator("#stored-age")).to_have_text(
        "As last received by this device, 0 minutes ago."
    )
    expect(page.locator("#stored-list")).to_contain_text("BRA2E19")
    assert page.evaluate(FITS)
    seize(page, "QQQ111")
    expect(page.locator("#connection")).to_contain_text("Saved on this device.")
    expect(page.locator("#connection")).to_be_focused()
    seize(page, "QQQ112")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 2")
    page = reopened(device, site)
    expect(page.locator("#connection")).to_contain_text("Waiting to be sent: 2")
    expect(page.locator("#queue")).to_contain_text("Record a seizure: QQQ111")
    assert seized(site, "QQQ") == [] and page.evaluate(FITS)
    page.evaluate(HEAR)
    tab_to(page, "#q")
    page.keyboard.type("BRA2")
    device.set_offline(False)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ112")
    expect(
        page.locator("#q")
    ).to_be_focused()  # what is sent meanwhile takes nobody away from what he types
    expect(page.locator("#desk-message")).to_contain_text("Accepted: Record a seizure: QQQ112")
    assert sum("QQQ112" in value for value in page.evaluate("heard")) == 1
    expect(page.locator("#queue-count")).to_have_text("Waiting to be sent: 0")
    reopened(device, site)
    assert seized(site, "QQQ") == ["QQQ112", "QQQ111"]  # the newest first: they were sent in order


def test_a_seizure_whose_answer_is_lost_on_the_way_is_recorded_once(device, site):
    page = open_desk(device, site)
    lost = []

    def lose(route):
        expect(page.locator("#connection")).to_have_text("Saved on this device, and being sent.")
        expect(page.locator("#connection")).to_be_focused()
        lost.append(route.fetch())
        route.abort()

    device.route(
        "**/desk/seizure",
        lambda route: lose(route) if route.request.method == "POST" else route.continue_(),
    )
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    page.keyboard.type("QQQ222")
    page.locator("#photo").set_input_files(
        {"name": "gun.png", "mimeType": "image/png", "buffer": code("gun")}
    )
    page.locator("#items-0-serial").press("Enter")
    expect(page.locator("#connection")).to_contain_text("Saved on this device.")
    assert [answer.status for answer in lost] == [200] and len(seized(site, "QQQ222")) == 1
    device.unroute_all()
    page = reopened(device, site)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ222")
    assert seized(site, "QQQ222") == ["QQQ222"]
    officer = site.program("PRY", "border_officer")
    [made, *_] = officer.get(f"/seizures?post={POST}").json["items"]
    assert len(officer.get(f"/attachments?subject=seizure:{made['id']}").json["items"]) == 1


def test_another_officer_neither_sees_nor_sends_what_one_kept(device, site):
    page = open_desk(device, site)
    device.route(
        "**/desk/seizure",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    seize(page, "QQQ333")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.url}/")
    assert asked == [
        "Not sent yet: 1. It stays on this device, locked, until you sign in here again. Sign out?"
    ]
    device.unroute_all()
    page = open_desk(device, site, site.second)
    expect(page.locator("#queue")).to_be_hidden()
    seize(page, "QQQ444")
    expect(page.get_by_role("main")).to_contain_text("The seizure is recorded.")
    assert seized(site, "QQQ333") == [] and len(seized(site, "QQQ444")) == 1
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.url}/")
    page = open_desk(device, site)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ333")
    assert len(seized(site, "QQQ333")) == 1


def test_a_session_that_ended_is_asked_for_and_then_what_waits_is_sent(device, site):
    page = open_desk(device, site)
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    device.clear_cookies()
    page.keyboard.type("QQQ555")
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_contain_text("Your session has ended.")
    expect(page.locator("#connection")).to_contain_text("Locked entries on this device: 1.")
    keys, entries = page.evaluate(STORED)
    assert keys == 0 and len(entries) == 1 and "QQQ555" not in entries[0]
    press(page, "Sign in")
    sign_in(page, site.username)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ555")
    assert len(seized(site, "QQQ555")) == 1


def test_the_key_is_gone_when_the_session_is_over_though_no_line_tells_so(device, site):
    device.clock.install()
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("#stored-list")).to_contain_text("BRA2E19")
    assert page.evaluate(STORED)[0] == 1
    device.clock.fast_forward("12:00:31")
    expect(page.locator("#connection")).to_contain_text(
        "Nothing can be saved: your session has ended"
    )
    expect(page.locator("#stored-list")).to_be_empty()
    assert page.evaluate(STORED)[0] == 0


def test_a_check_waits_for_the_line_and_its_answer_for_the_officer(device, site):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "duty_24h",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 61 0000",
    }
    site.program("BRA", "state_administrator").post("/contacts", duty)
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}/check")
    expect(page.locator("#form-place")).to_contain_text(
        "Without a connection other states’ records cannot be asked"
    )
    large = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": bytes(9 * 1024 * 1024)}
    page.locator("#serial").fill("XYZ")
    page.locator("#photo").set_input_files(large)
    page.locator("#serial").press("Enter")
    expect(page.locator(".summary")).to_contain_text("This photograph is larger than 8 MiB.")
    page.goto(f"{site.url}{DESK}/check")
    expect(page.locator("#form-place")).to_be_visible()
    tab_to(page, "#serial")
    page.keyboard.type("ABC123456")
    page.keyboard.press("Enter")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    device.set_offline(False)
    answered = page.locator("#queue-list [data-state=urgent]")
    expect(answered).to_contain_text("ABC123456: Hit")
    page = reopened(device, site)
    device.set_offline(True)  # all of it is on the device by now
    page.goto(f"{site.url}{DESK}")
    answered = page.locator("#queue-list [data-state=urgent]")
    expect(answered.locator("a[href='tel:+55610000']")).to_be_visible()
    press(page, "See the whole answer")
    expect(page.locator("#form-body .answer")).to_be_focused()
    expect(page.locator("#form-body .answer a[href='tel:+55610000']")).to_be_visible()
    expect(page.locator("#form-body .candidates")).to_contain_text("The serial is the same.")
    device.set_offline(False)
    page = reopened(device, site)
    loud = page.locator("#connection .urgent")
    expect(loud).to_contain_text("Check a serial number: ABC123456")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    press(page, "Discard it")
    expect(loud).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    press(page, "Discard it")
    expect(page.locator("#queue")).to_be_hidden()
    expect(loud).to_have_count(0)
    assert asked == ["Discard it? Something is known of this gun. Read the whole answer first."]
    press(page, "Check a serial number")
    opened(page, "#serial")
    page.keyboard.type("XYZ98765")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_be_focused()
    expect(page.locator(".answer")).to_contain_text("Hit")


def test_a_photograph_that_is_refused_keeps_no_seizure_back_and_is_sent_anew(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    for serial in ("QQQ991", "QQQ992"):
        page.goto(f"{site.url}{DESK}/seizure")
        page.locator("#items-0-serial").fill(serial)
        page.locator("#photo").set_input_files(NO_PHOTO)
        press(page, "Record the seizure")
        expect(page.locator("#queue")).to_contain_text(serial)
    device.set_offline(False)
    page = reopened(device, site)
    refused = page.locator("#refused-list [data-state=refused]")
    expect(refused).to_have_count(2)
    expect(refused.first).to_contain_text("Photograph: QQQ991")
    expect(refused.first).to_contain_text("JPEG, PNG or WebP")
    assert seized(site, "QQQ99") == ["QQQ992", "QQQ991"]
    refused.first.get_by_role("button", name="Correct it and send it again").click()
    page.wait_for_url("**/desk/photo?*")
    expect(page.locator(".summary")).to_contain_text("JPEG, PNG or WebP")
    expect(page.locator("form.queued")).to_contain_text("QQQ991")
    expect(page.locator(".photo .chosen")).to_have_text("mark.txt")
    page.locator("#photo").set_input_files(
        {"name": "mark.jpg", "mimeType": "image/jpeg", "buffer": picture()[0].read()}
    )
    press(page, "Send a photograph")
    page.wait_for_url("**/desk/seizures/*")
    officer = site.program("PRY", "border_officer")
    subject = f"seizure:{page.url.rpartition('/')[2]}"
    assert len(officer.get(f"/attachments?subject={subject}").json["items"]) == 1
    page.goto(f"{site.url}{DESK}")
    expect(refused).to_have_count(1)
    expect(page.locator("#discard-all")).to_be_hidden()  # of one there is no all
    device.add_cookies([{"name": "salsa_language", "value": "es", "url": site.url}])
    device.add_init_script(WHERE_IT_IS_FIVE)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("#refused-list .quiet").first).to_have_text(
        re.compile("^9 mar 2026, 0[45]:[0-9]{2}$")
    )


def test_all_that_was_not_recorded_is_discarded_at_once_when_that_is_confirmed(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    for number in ("NOWHERE-1", "NOWHERE-2"):
        page.goto(f"{site.url}{DESK}/incident")
        page.locator("#which").fill(number)
        page.locator("#kind").select_option("theft")
        page.locator("#note").fill("Seen from afar")
        page.locator("#form-body").get_by_role("button", name="Report an incident").click()
        expect(page.locator("#queue")).to_contain_text(number)
    device.set_offline(False)
    page = reopened(device, site)
    expect(page.locator("#refused-list > li")).to_have_count(2)
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    press(page, "Discard all")
    expect(page.locator("#refused-list > li")).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept())
    press(page, "Discard all")
    expect(page.locator("#not-recorded")).to_be_hidden()
    assert asked == ["Discard all 2? They were not accepted, and will be lost."]


def test_a_truck_is_found_by_a_photograph_of_the_code_on_its_paper_and_ticked(device, site):
    exporter = site.program("BRA", "licensing_officer")
    [permit] = exporter.get("/permits?number=E-1").json["items"]
    token = code_of(exporter.get(f"/permits/{permit['id']}/paper").data, FINE)
    page = open_desk(device, site)
    press(page, "Find or scan a truck")
    page.wait_for_url("**/desk/find")
    photo = {"name": "code.png", "mimeType": "image/png", "buffer": code(token)}
    page.locator("#code-photo").set_input_files(photo)
    expect(page.get_by_role("status").first).to_contain_text("The document is valid")
    press(page, "A-DUE")
    page.wait_for_url("**/desk/shipments/*")
    assert page.evaluate(FITS)
    press(page, "Passed")
    expect(page.get_by_role("main")).to_contain_text("The crossing is recorded.")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["passed"]


def test_a_call_is_asked_with_a_line_alone_and_both_sides_follow_it(device, site):
    page = open_desk(device, site)
    page.goto(f"{site.url}{DESK}/call")
    expect(page.locator("body[data-desk=ready]")).to_be_attached()
    device.set_offline(True)
    ask = page.get_by_role("button", name="Ask them to call")
    ask.click()
    expect(page.locator(".summary")).to_contain_text(
        "There is no connection, so the other side was not asked."
    )
    expect(page.locator("#queue")).to_be_hidden()
    assert page.evaluate(STORED)[1] == [] and page.evaluate(FITS)
    device.set_offline(False)
    ask.click()
    expect(page.get_by_role("main")).to_contain_text("The other side is asked to call.")
    expect(page.locator("#asked")).to_contain_text("You asked Brazil to call, 12:00.")
    assert page.evaluate(FITS)
    brazil = site.program("BRA", "border_officer")
    [made] = brazil.get(f"/posts/{POST}/calls").json["items"]
    brazil.post(f"/calls/{made['id']}/answer", expect=200)
    expect(page.locator("#asked")).to_contain_text("Answered at 12:00.", timeout=2_000)
    page.goto(f"{site.url}{DESK}/seizure")
    record = page.get_by_role("button", name="Record the seizure")
    record.scroll_into_view_if_needed()
    top = record.bounding_box()["y"]
    brazil.post(f"/posts/{POST}/calls", {})
    expect(page.locator("#calls")).to_contain_text("Brazil asks you to call", timeout=2_000)
    assert (
        abs(record.bounding_box()["y"] - top) < 2
    )  # what one is about to press stays where it was
    expect(page.locator("#live-message")).to_have_text("Changed: You are asked to call")
    page.get_by_role("button", name="Mark as answered").click()
    expect(page.locator("#calls button")).to_have_count(0)
    assert brazil.get(f"/posts/{POST}/calls?answered=false").json["items"] == []
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}/call")
    expect(page.locator("#no-call")).to_contain_text("Call it by telephone")
