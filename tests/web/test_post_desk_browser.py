"""The officer's desk in a real browser, with a line, without one, and with one that fails half-way."""

import io
import logging
import re
import threading

import pytest
import segno
from playwright.sync_api import expect

from api.auth import COOKIE
from api.web.post_desk import device as device_routes
from tests.movements import act
from tests.papers import code_of
from tests.web.keyboard import fill, tab_to
from tests.web.scenes import POST
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
FINE = 4  # times 72 dots an inch
DESK = f"/posts/{POST}/desk"
FITS = "document.documentElement.scrollWidth <= innerWidth"
KEPT = """async () => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("salsa-post-desk");
    asked.onsuccess = () => done(asked.result);
  });
  const all = (name) => new Promise((done) => {
    const asked = opened.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => done(asked.result);
  });
  const text = (row) => JSON.stringify(row) + new TextDecoder("latin1").decode(row.sealed);
  return [(await all("keys")).length, (await all("entries")).map(text)];
}"""
"""How many keys the device has, and its entries as who reads its disk sees them."""
HEAR = """() => {
  window.heard = [];
  new MutationObserver(() => window.heard.push(document.getElementById("desk-said").textContent))
    .observe(document.getElementById("desk-said"), {childList: true});
}"""
FULL = """IDBObjectStore.prototype.put = function () {
  if (this.name === "entries") throw new DOMException("no room", "QuotaExceededError");
  return kept.apply(this, arguments);
};"""
"""A device that is full: it keeps its key, and nothing that is recorded."""
LOST = re.compile(
    r"net::ERR_|the server responded with a status of (401|409|412|422)|Failed to fetch"
)


@pytest.fixture
def device(chromium, site, request):
    """A browser that keeps what it is given, on a phone; fails if its console tells of an error of ours."""
    width, height = getattr(request, "param", (360, 740))
    context = chromium.new_context(viewport={"width": width, "height": height})
    said = []
    context.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    context.on("weberror", lambda error: said.append(f"error: {error.error}"))
    yield context
    context.close()
    assert [text for text in said if text.startswith("error") and not LOST.search(text)] == []


@pytest.fixture
def signed_out(caplog):
    """Tells when the service has ended a session."""
    caplog.set_level(logging.INFO, "salsa.requests")
    ended, handler = threading.Event(), logging.Handler()
    handler.emit = lambda record: ended.set() if record.route == "/sign-out" else None
    logging.getLogger("salsa.requests").addHandler(handler)
    yield ended
    logging.getLogger("salsa.requests").removeHandler(handler)


def sign_in(page, username):
    fill(page, username=username, password=PASSWORD)
    page.keyboard.press("Enter")


def open_desk(device, site, username=None):
    """Open the desk, signed in, and wait until it is ready to open without a line."""
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    if page.locator("#username").count():
        sign_in(page, username or site.username)
    expect(page.locator("#desk[data-ready]")).to_be_attached(timeout=20_000)
    return page


def press(page, name):
    """Reach a link or button by Tab, and press it."""
    wanted = (
        page.get_by_role("main")
        .locator("a, button, summary")
        .filter(has_text=name, visible=True)
        .first
    )
    wanted.evaluate("""one => { document.querySelector("[data-wanted]")?.removeAttribute("data-wanted");
                               one.dataset.wanted = "yes"; }""")
    tab_to(page, "[data-wanted]")
    page.keyboard.press("Enter")


def opened(page, field):
    """Wait until the form of a field is there, and the desk's script has taken it."""
    expect(page.locator(field)).to_be_visible(timeout=20_000)
    expect(page.locator("body[data-desk=ready]")).to_be_attached(timeout=20_000)
    tab_to(page, field)


def reopened(device, site):
    """Kill the tab, and open the desk in another one."""
    for page in device.pages:
        page.close()
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("body[data-desk=ready]")).to_be_attached(timeout=20_000)
    return page


def seize(page, serial):
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    page.keyboard.type(serial)
    page.keyboard.press("Enter")


def cut(device, first=lambda route: None):
    """Let no seizure be answered; `first` may send it before its answer is lost."""

    def answer(route):
        if route.request.method != "POST":
            return route.continue_()
        first(route)
        return route.abort()

    device.route("**/desk/seizure", answer)


def seized(site, beginning):
    """The serials of what was seized at the post, the newest first."""
    found = site.program("PRY", "border_officer").get(f"/seizures?post={POST}").json["items"]
    serials = [one["items"][0]["serial"] for one in found]
    return [serial for serial in serials if serial.startswith(beginning)]


def refused_in(page):
    return page.locator("#not-recorded [data-state=refused]")


def ticks(site, number):
    found = (
        site.program("PRY", "licensing_officer").get(f"/shipments?number={number}").json["items"]
    )
    return [tick for tick in found[0]["checkpoints"] if tick["state"] == "PRY"]


@pytest.mark.parametrize("device", [(360, 740), (1280, 800)], ids=["phone", "desk"], indirect=True)
def test_a_seizure_recorded_without_a_line_arrives_exactly_once_by_keyboard_alone(device, site):
    page = open_desk(device, site)
    assert page.evaluate(FITS)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("#line-state")).to_contain_text("No line.")
    expect(page.locator("#kept-age")).to_have_text("As this device last saw it, 0 minutes ago.")
    expect(page.locator("#kept-list")).to_contain_text("BRA2E19")
    assert page.evaluate(FITS)
    seize(page, "QQQ111")
    expect(page.locator("#line-state")).to_contain_text("Kept on this device.")
    expect(page.locator("#line-state")).to_be_focused()
    seize(page, "QQQ112")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 2")
    page = reopened(device, site)
    expect(page.locator("#line-state")).to_contain_text("Waiting to be sent: 2")
    expect(page.locator("#queue")).to_contain_text("Record a seizure: QQQ111")
    assert seized(site, "QQQ") == [] and page.evaluate(FITS)
    page.evaluate(HEAR)
    tab_to(page, "#q")
    page.keyboard.type("BRA2")
    device.set_offline(False)
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ112")
    expect(
        page.locator("#q")
    ).to_be_focused()  # what is sent meanwhile takes nobody away from what he types
    expect(page.locator("#desk-said")).to_contain_text("Taken: Record a seizure: QQQ112")
    assert sum("QQQ112" in said for said in page.evaluate("heard")) == 1
    expect(page.locator("#queue-count")).to_have_text("Waiting to be sent: 0")
    reopened(device, site)
    assert seized(site, "QQQ") == ["QQQ112", "QQQ111"]  # the newest first: they were sent in order


def test_a_seizure_whose_answer_is_lost_on_the_way_is_recorded_once(device, site):
    page = open_desk(device, site)
    lost = []

    def lose(route):
        expect(page.locator("#line-state")).to_have_text("Kept on this device, and being sent.")
        expect(page.locator("#line-state")).to_be_focused()
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
    expect(page.locator("#line-state")).to_contain_text("Kept on this device.")
    assert [answer.status for answer in lost] == [200] and len(seized(site, "QQQ222")) == 1
    device.unroute_all()
    page = reopened(device, site)
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ222")
    assert seized(site, "QQQ222") == ["QQQ222"]
    officer = site.program("PRY", "border_officer")
    [made, *_] = officer.get(f"/seizures?post={POST}").json["items"]
    assert len(officer.get(f"/attachments?subject=seizure:{made['id']}").json["items"]) == 1


def test_a_tick_that_the_service_refuses_stays_with_its_words_until_it_is_settled(device, site):
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    press(page, "A-DUE")
    expect(page.locator("#form-truck")).to_contain_text("BRA2E19")
    press(page, "Refused")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    receive(site, "A-DUE")
    device.set_offline(False)
    refused = page.locator("#not-recorded [data-state=refused]")
    expect(refused).to_contain_text("Tick the checkpoint: A-DUE")
    said = refused.locator(".words").inner_text()
    assert "received" in said.lower() and ticks(site, "A-DUE") == []
    page = reopened(device, site)
    page.goto(f"{site.url}{DESK}/check")
    expect(page.locator("#not-recorded")).to_have_text(re.compile("^\\s*1 not recorded: look"))
    expect(refused_in(page)).to_be_hidden()  # a line on each page, all of it on the desk's own
    press(page, "1 not recorded: look")
    expect(refused_in(page)).to_be_visible()
    page.goto(f"{site.url}{DESK}")
    expect(refused_in(page).locator(".words")).to_have_text(said)
    press(page, "Correct it and send it again")
    expect(page.locator(".summary")).to_contain_text(said)
    press(page, "Passed")
    page.wait_for_url("**/desk/shipments/*")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["passed"]
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#not-recorded")).to_be_hidden()


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
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ333")
    assert len(seized(site, "QQQ333")) == 1


def test_a_session_that_ended_is_asked_for_and_then_what_waits_is_sent(device, site):
    page = open_desk(device, site)
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    device.clear_cookies()
    page.keyboard.type("QQQ555")
    page.keyboard.press("Enter")
    expect(page.locator("#line-state")).to_contain_text("Your session has ended.")
    expect(page.locator("#line-state")).to_contain_text("Entries are kept here, locked: 1.")
    keys, entries = page.evaluate(KEPT)
    assert keys == 0 and len(entries) == 1 and "QQQ555" not in entries[0]
    press(page, "Sign in")
    sign_in(page, site.username)
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ555")
    assert len(seized(site, "QQQ555")) == 1


def test_the_key_is_gone_when_the_session_is_over_though_no_line_tells_so(device, site):
    device.clock.install()
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    expect(page.locator("#kept-list")).to_contain_text("BRA2E19")
    assert page.evaluate(KEPT)[0] == 1
    device.clock.fast_forward("12:00:31")
    expect(page.locator("#line-state")).to_contain_text(
        "Nothing can be kept: your session has ended"
    )
    expect(page.locator("#kept-list")).to_be_empty()
    assert page.evaluate(KEPT)[0] == 0


def test_a_check_waits_for_the_line_and_its_answer_for_the_officer(device, site):
    duty = {"agency": "BRA-POLICE", "kind": "duty_24h", "languages": ["pt"], "hours": "24 h",
            "telephone": "+55 61 0000"}  # fmt: skip
    site.program("BRA", "state_administrator").post("/contacts", duty)
    page = open_desk(device, site)
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}/check")
    expect(page.locator("#form-place")).to_contain_text(
        "Without a line other states’ records cannot be asked"
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
    answered = page.locator("#queue-list [data-state=answered]")
    expect(answered).to_contain_text("ABC123456: Hit")
    page = reopened(device, site)
    device.set_offline(True)  # all of it is on the device by now
    page.goto(f"{site.url}{DESK}")
    answered = page.locator("#queue-list [data-state=answered]")
    expect(answered.locator("a[href='tel:+55610000']")).to_be_visible()
    press(page, "See the whole answer")
    expect(page.locator("#form-body .answer")).to_be_focused()
    expect(page.locator("#form-body .answer a[href='tel:+55610000']")).to_be_visible()
    expect(page.locator("#form-body .candidates")).to_contain_text("The serial is the same.")
    device.set_offline(False)
    page = reopened(device, site)
    press(page, "Discard it")
    expect(page.locator("#queue")).to_be_hidden()
    press(page, "Check a serial number")
    opened(page, "#serial")
    page.keyboard.type("XYZ98765")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_be_focused()
    expect(page.locator(".answer")).to_contain_text("Hit")


def test_who_signs_out_without_a_line_is_signed_out_before_anything_is_shown_again(
    device, site, caplog
):
    page, board = open_desk(device, site), device.new_page()
    board.goto(f"{site.url}/posts/{POST}/board")
    [session] = [one["value"] for one in device.cookies() if one["name"] == COOKIE]
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    seize(page, "QQQ777")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sign out").click()
    for shown in (page, board):
        expect(shown.get_by_role("main")).to_contain_text(
            "You signed out on this device without a line."
        )
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    expect(page.get_by_role("main")).to_contain_text(
        "You signed out on this device without a line."
    )
    keys, entries = page.evaluate(KEPT)
    assert keys == 0 and len(entries) == 1
    for shown in device.pages:
        shown.close()
    caplog.set_level(logging.INFO)
    device.set_offline(False)
    page = device.new_page()
    page.goto(f"{site.url}{DESK}")
    expect(page.get_by_role("status")).to_contain_text("is ended at the service now")
    asked = [record.route for record in caplog.records if hasattr(record, "route")]
    assert asked[:2] == ["/posts/session", "/sign-out"]
    device.add_cookies([{"name": COOKIE, "value": session, "url": site.url}])
    page.goto(f"{site.url}{DESK}")
    sign_in(page, site.username)
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ777")
    page.goto(f"{site.url}/signed-out")
    expect(page.get_by_role("main")).to_contain_text("No session waits to be ended on this device.")


def test_who_signs_out_over_a_line_that_hangs_is_told_so_and_signed_out_by_the_browser_itself(
    device, site, signed_out
):
    page = open_desk(device, site)
    known = []
    browser = device.new_cdp_session(page)
    browser.on("ServiceWorker.workerRegistrationUpdated",
               lambda told: known.extend(told["registrations"]))  # fmt: skip
    browser.send("ServiceWorker.enable")
    device.route("**/posts/session", lambda route: None)  # nothing is answered, and nothing fails
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).to_contain_text(
        "You signed out on this device without a line."
    )
    assert page.evaluate(KEPT)[0] == 0
    page.goto("about:blank")  # nothing of the service is open when there is a line again
    device.unroute_all()
    [worker] = {one["registrationId"] for one in known}
    told = {"origin": site.url, "registrationId": worker, "tag": "leave", "lastChance": False}
    browser.send("ServiceWorker.dispatchSyncEvent", told)
    assert signed_out.wait(10)
    page.goto(site.url)
    expect(page.get_by_role("status")).to_contain_text("is ended at the service now")


def test_a_desk_is_new_after_an_upgrade_and_what_waits_is_sent(device, site, monkeypatch):
    page = open_desk(device, site)
    old = page.locator("script[src$='/desk.js']").get_attribute("src")
    device.set_offline(True)
    page.goto(f"{site.url}{DESK}")
    seize(page, "QQQ888")
    expect(page.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    monkeypatch.setattr(device_routes, "version", lambda: "upgraded")
    page = reopened(device, site)  # without a line it is the old one, with its own scripts
    expect(page.locator(f"script[src='{old}']")).to_be_attached()
    device.set_offline(False)
    expect(page.locator("#queue")).to_contain_text("Taken: Record a seizure: QQQ888")
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


def test_a_device_without_room_says_so_and_loses_nothing_that_was_typed(device, site):
    device.add_init_script(f"const kept = IDBObjectStore.prototype.put; {FULL}")
    page = open_desk(device, site)
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    page.keyboard.type("QQQ999")
    photo = {"name": "gun.png", "mimeType": "image/png", "buffer": code("gun")}
    page.locator("#photo").set_input_files(photo)
    expect(page.locator(".photo .chosen").first).to_have_text("gun.png")
    press(page, "Record the seizure")
    expect(page.locator(".summary")).to_contain_text(
        "This device has no room left: it is not kept."
    )
    expect(page.locator("#items-0-serial")).to_have_value("QQQ999")
    assert seized(site, "QQQ999") == []
    press(page, "Send it now, without keeping it")
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
    expect(page.locator("#line-state")).to_contain_text("lets nothing be kept on the device")
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
    for name, wanted in (("inputmode", "text"), ("autocorrect", "off"), ("spellcheck", "false"),
                         ("autocapitalize", "characters")):  # fmt: skip
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


def test_a_truck_is_found_by_a_photograph_of_the_code_on_its_paper_and_ticked(device, site):
    exporter = site.program("BRA", "licensing_officer")
    [permit] = exporter.get("/permits?number=E-1").json["items"]
    token = code_of(exporter.get(f"/permits/{permit['id']}/paper").data, FINE)
    page = open_desk(device, site)
    press(page, "Find or scan a truck")
    page.wait_for_url("**/desk/find")
    photo = {"name": "code.png", "mimeType": "image/png", "buffer": code(token)}
    page.locator("#code-photo").set_input_files(photo)
    expect(page.get_by_role("status").first).to_contain_text("The paper stands")
    press(page, "A-DUE")
    page.wait_for_url("**/desk/shipments/*")
    assert page.evaluate(FITS)
    press(page, "Passed")
    expect(page.get_by_role("main")).to_contain_text("The stage is ticked.")
    assert [tick["outcome"] for tick in ticks(site, "A-DUE")] == ["passed"]


def code(text):
    made = io.BytesIO()
    segno.make(text, micro=False).save(made, kind="png", scale=6)
    return made.getvalue()


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
