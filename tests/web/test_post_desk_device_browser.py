"""The officer's desk as a device: what it does when it is full, renewed, or left without a line."""

import logging
import threading

import pytest
from flask import abort
from playwright.sync_api import expect

from api.http.auth import SESSION_COOKIE
from api.web.pages.border import desk_pages, offline_desk
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
)
from tests.web.scenes import POST

pytestmark = pytest.mark.browser
FULL = """const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function () {
  if (this.name === "entries") throw new DOMException("no room", "QuotaExceededError");
  return put.apply(this, arguments);
};"""
"""A device that is full: it keeps its key, and nothing that is recorded."""
OF_A_POST_THAT_IS_GONE = """async () => {
  const [name] = (await caches.keys()).filter((name) => name.startsWith("post-desk-pages"));
  await (await caches.open(name)).put("/posts/atlantis/desk/offline", new Response("old"));
}"""
WORKER = "/posts/worker.js"  # the browser looks for a newer one by itself


@pytest.fixture
def signed_out(caplog):
    """Tells when the service has ended a session."""
    caplog.set_level(logging.INFO, "salsa.requests")
    ended, handler = threading.Event(), logging.Handler()
    handler.emit = lambda record: ended.set() if record.route == "/sign-out" else None
    logging.getLogger("salsa.requests").addHandler(handler)
    yield ended
    logging.getLogger("salsa.requests").removeHandler(handler)


def test_who_signs_out_without_a_line_is_signed_out_before_anything_is_shown_again(
    device, site, caplog
):
    page, board = open_desk(device, site), device.new_page()
    board.goto(f"{site.url}/posts/{POST}/board")
    [session] = [cookie["value"] for cookie in device.cookies() if cookie["name"] == SESSION_COOKIE]
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    seize(page, "QQQ777")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    page.on("dialog", lambda dialog: dialog.accept())
    caplog.set_level(logging.INFO)
    caplog.clear()  # the worker may find the line again before the pages do
    page.get_by_role("button", name="Sign out").click()
    for shown in (page, board):
        expect(shown.get_by_role("main")).to_contain_text(
            "You signed out on this device without a connection."
        )
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    expect(page.get_by_role("main")).to_contain_text(
        "You signed out on this device without a connection."
    )
    keys, entries = page.evaluate(STORED)
    assert keys == 0 and len(entries) == 1
    for shown in device.pages:
        shown.close()
    device.set_offline(False)
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    expect(page.get_by_role("status")).to_contain_text("has now ended at the service")
    asked = [
        record.route for record in caplog.records if getattr(record, "route", WORKER) != WORKER
    ]
    assert asked[:2] == ["/posts/session", "/sign-out"]
    device.add_cookies([{"name": SESSION_COOKIE, "value": session, "url": site.url}])
    page.goto(f"{site.url}{DESK}")
    sign_in(page, site.username)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ777")
    page.goto(f"{site.url}/signed-out")
    expect(page.get_by_role("main")).to_contain_text("No session waits to be ended on this device.")


def test_signing_out_over_a_broken_line_is_reported_and_done_by_the_browser(
    device, site, signed_out
):
    page = open_desk(device, site)
    known = []
    browser = device.new_cdp_session(page)
    browser.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: known.extend(event["registrations"]),
    )
    browser.send("ServiceWorker.enable")
    device.route("**/posts/session", lambda route: None)  # nothing is answered, and nothing fails
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).to_contain_text(
        "You signed out on this device without a connection."
    )
    assert page.evaluate(STORED)[0] == 0
    page.goto("about:blank")  # nothing of the service is open when there is a line again
    device.unroute_all()
    [worker] = {registration["registrationId"] for registration in known}
    event = {"origin": site.url, "registrationId": worker, "tag": "sign-out", "lastChance": False}
    browser.send("ServiceWorker.dispatchSyncEvent", event)
    assert signed_out.wait(10)
    page.goto(site.url)
    expect(page.get_by_role("status")).to_contain_text("has now ended at the service")


def test_a_desk_is_new_after_an_upgrade_and_what_waits_is_sent(device, site, monkeypatch):
    page = open_desk(device, site)
    page.evaluate(OF_A_POST_THAT_IS_GONE)
    old = page.locator("script[src$='/desk.js']").get_attribute("src")
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("body[data-desk=ready]")).to_be_attached()
    seize(page, "QQQ888")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    monkeypatch.setattr(offline_desk, "desk_version", lambda: "upgraded")
    page = reopened(device, site)  # without a line it is the old one, with its own scripts
    expect(page.locator(f"script[src='{old}']")).to_be_attached()
    device.set_offline(False)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ888")
    page = open_desk(device, site)
    assert seized(site, "QQQ888") == ["QQQ888"]
    device.set_offline(True)
    page = reopened(device, site)
    expect(page.locator("script[src='/desk-files/upgraded/desk.js']")).to_be_attached()
    assert page.evaluate("caches.keys()") == [
        "post-desk-files-upgraded",
        "post-desk-pages-upgraded",
    ]
    seize(page, "QQQ889")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")


def test_an_upgrade_whose_pages_do_not_come_leaves_the_desk_as_it_was(device, site, monkeypatch):
    page = open_desk(device, site)
    old = page.locator("script[src$='/desk.js']").get_attribute("src")
    asked, original = threading.Event(), desk_pages.render_desk_page

    def nothing(*_, **__):
        asked.set()
        abort(503)

    monkeypatch.setattr(offline_desk, "desk_version", lambda: "upgraded")
    monkeypatch.setattr(offline_desk, "render_desk_page", nothing)
    page.evaluate("navigator.serviceWorker.ready.then(worker => worker.update()).catch(() => {})")
    assert asked.wait(10)
    device.set_offline(True)
    page = reopened(device, site)
    expect(page.locator(f"script[src='{old}']")).to_be_attached()
    device.set_offline(False)
    monkeypatch.setattr(offline_desk, "render_desk_page", original)


def test_a_damaged_note_of_a_sign_out_breaks_no_page_and_ends_the_session(device, site):
    page = open_desk(device, site)
    page.evaluate("""caches.open("salsa-signed-out")
        .then(cache => cache.put("/signed-out/pending", new Response("no JSON")))""")
    page.goto(f"{site.url}/docs")
    expect(page.get_by_role("main")).to_be_attached()
    page.goto(f"{site.url}{DESK}")
    expect(page.get_by_label("User name")).to_be_visible()


def test_a_device_without_room_says_so_and_loses_nothing_that_was_typed(device, site):
    device.add_init_script(FULL)
    page = open_desk(device, site)
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    page.keyboard.type("QQQ999")
    photo = {"name": "gun.png", "mimeType": "image/png", "buffer": code("gun")}
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(".photo .chosen").first).to_have_text("gun.png")
    press(page, "Record the seizure")
    expect(page.locator(".summary")).to_contain_text(
        "This device has no room left, so nothing was saved."
    )
    expect(page.locator("#items-0-serial")).to_have_value("QQQ999")
    assert seized(site, "QQQ999") == []
    press(page, "Send it now, without saving it")
    expect(page.get_by_role("main")).to_contain_text("The seizure is recorded.")
    officer = site.program("PRY", "border_officer")
    [made, *_] = officer.get(f"/seizures?post={POST}").json["items"]
    assert made["items"][0]["serial"] == "QQQ999"
    assert len(officer.get(f"/attachments?subject=seizure:{made['id']}").json["items"]) == 1


def test_a_browser_that_keeps_nothing_says_so_and_sends_its_forms_as_they_are(device, site):
    device.add_init_script(
        "indexedDB.open = () => { throw new DOMException('no', 'SecurityError'); };"
    )
    page = device.new_page()
    page.goto(f"{site.url}{DESK}/seizure")
    sign_in(page, site.username)
    expect(page.locator("#connection")).to_contain_text("can save nothing on the device")
    page.locator("#items-0-serial").fill("QQQ121")
    page.locator("#items-0-serial").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("The seizure is recorded.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.url}/")
    expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_be_visible()


def test_what_is_typed_stays_when_the_language_is_changed_and_no_phone_corrects_a_mark(
    device, site
):
    page = open_desk(device, site)
    page.goto(f"{site.url}{DESK}/seizure")
    serial = page.locator("#items-0-serial")
    for name, wanted in (
        ("inputmode", "text"),
        ("autocorrect", "off"),
        ("spellcheck", "false"),
        ("autocapitalize", "characters"),
    ):
        expect(serial).to_have_attribute(name, wanted)
    serial.fill("TK[8B]1?")
    page.locator("#items-0-type").select_option("pistol")
    page.get_by_text("Number, place, time, circumstances").click()
    page.locator("#concealment").fill("In the door")
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(serial).to_have_value("TK[8B]1?")
    expect(page.locator("#items-0-type")).to_have_value("pistol")
    expect(page.locator("#concealment")).to_be_visible()
    expect(page.locator("#concealment")).to_have_value("In the door")
    assert page.evaluate("sessionStorage.length") == 0
