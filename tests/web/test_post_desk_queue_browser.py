"""What waits on a device: its clock, its room and its session fail, and nothing is lost, twice, or unseen."""

import io
import os
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from api.http.auth import SESSION_COOKIE
from api.web import security
from tests.web.desks import (
    DESK,
    STORED,
    open_desk,
    opened,
    press,
    reopened,
    seize,
    seized,
    sign_in,
    ticks,
)
from tests.web.scenes import POST
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
READY = "body[data-desk=ready]"
FORMS = re.compile("/desk/(seizure|tick|incident)$")
FULL = """const kept = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (row) {
  if (this.name === "entries" && row.tried) throw new DOMException("no room", "QuotaExceededError");
  return kept.apply(this, arguments);
};"""
"""A device that is full when something has become of an entry: it keeps new ones, and notes nothing more."""
UNDELETING = """() => {
  IDBObjectStore.prototype.delete = () => { throw new DOMException("no", "UnknownError"); };
}"""
WATCH = """if (location.protocol === "http:") {
  const [read, now] = [crypto.subtle.decrypt, Date.now.bind(Date)];
  window.read = [];
  crypto.subtle.decrypt = function (how, key, sealed) {
    window.read.push(sealed.byteLength);
    return read.apply(crypto.subtle, arguments);
  };
  Date.now = () => now() + Number(localStorage.getItem("behind") ?? 0);
}"""
"""Notes how large what is opened is, and lets the clock be wrong."""
FORTY_DAYS = "localStorage.setItem('behind', -40 * 86400000)"
NO_EVENT = """addEventListener("online", (event) => event.stopImmediatePropagation(), true);
const [plain, pauses] = [setTimeout, []];
window.setTimeout = (run, pause, ...more) => {
  document.documentElement.dataset.pauses = pauses.push(pause) && pauses.join(" ");
  return plain(run, pause, ...more);
};"""
"""A browser that does not tell the page that the line is back; notes for how long the page waits."""
SIDE = 200
SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def go(page, site, path=DESK):
    page.goto(f"{site.url}{path}")
    expect(page.locator(READY)).to_be_attached(timeout=20_000)


def waits(page, count):
    expect(page.locator("#queue-count")).to_have_text(f"Waiting to be sent: {count}")


def cut(device):
    """Let no form through any more."""
    device.route(
        FORMS, lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )


def between(device, *happening):
    """Let something happen when the first form is answered, the second, and so on."""
    left = [*happening]

    def handle(route):
        answer = route.fetch()
        if route.request.method == "POST" and left:
            left.pop(0)()
        route.fulfill(response=answer)

    device.route(FORMS, handle)


def test_what_a_seizure_matches_stays_on_top_of_each_page_until_it_is_put_away(device, site):
    page = open_desk(device, site)
    seize(page, "ABC123457")  # of what one's own form matches its receipt tells, and nothing stays
    page.wait_for_url("**/desk/seizures/*")
    expect(page.locator(READY)).to_be_attached(timeout=20_000)
    expect(page.locator(".answer")).to_contain_text("In lawful records only")
    assert page.evaluate(STORED)[1] == []
    cut(device)
    go(page, site)
    seize(page, "ABC123456")
    waits(page, 1)
    go(page, site)
    press(page, "A-DUE")
    page.wait_for_url("**/desk/shipments/*")
    expect(page.locator(READY)).to_be_attached(timeout=20_000)
    waits(page, 1)
    device.unroute_all()
    press(page, "Passed")  # by which both are sent, and the page is left
    loud = page.locator("#connection .urgent")
    expect(page.get_by_role("main")).to_contain_text("The crossing is recorded.")
    expect(loud).to_contain_text("▲ Record a seizure: ABC123456 – ABC123456: Hit")
    page.reload()
    expect(loud).to_be_visible()
    expect(page.get_by_role("main")).not_to_contain_text("The crossing is recorded.")
    [stored] = page.evaluate(STORED)[1]
    assert "ABC123456" not in stored and "Hit" not in stored
    device.set_offline(True)
    go(page, site)
    expect(page.locator("#queue-list [data-state=urgent]")).to_contain_text(
        "Accepted: Record a seizure"
    )
    device.set_offline(False)
    page = reopened(device, site)
    press(page, "See it")
    page.wait_for_url("**/desk/seizures/*")
    expect(page.locator(".answer")).to_contain_text("Hit")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    press(page, "Discard it")
    loud = page.locator("#connection .urgent")
    expect(loud).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    press(page, "Discard it")
    expect(loud).to_have_count(0)
    expect(page.locator("#queue")).to_be_hidden()
    assert asked == ["Discard it? Something is known of this gun. Read the whole answer first."]
    assert page.evaluate(STORED)[1] == [] and len(ticks(site, "A-DUE")) == 1


def test_a_device_that_can_note_nothing_more_sends_what_waits_and_shows_what_became_of_it(
    device, site
):
    device.add_init_script(FULL)
    page = open_desk(device, site)
    device.set_offline(True)
    go(page, site)
    seize(page, "ABC123456")
    waits(page, 1)
    go(page, site, f"{DESK}/incident")
    opened(page, "#which")
    page.keyboard.type("NOWHERE-1")
    page.locator("#kind").select_option("theft")
    page.locator("#note").fill("Seen from afar")
    page.locator("#form-body").get_by_role("button", name="Report an incident").click()
    waits(page, 2)
    device.set_offline(False)
    for path in (DESK, f"{DESK}/seizure"):
        go(page, site, path)
        expect(page.locator("#connection .urgent")).to_contain_text("ABC123456: Hit")
        expect(page.locator("#not-recorded-count")).to_have_text("1 not recorded: look")
        expect(page.locator("#desk[data-ready]")).to_be_attached(timeout=20_000)
    assert seized(site, "ABC123456") == ["ABC123456"]
    page.locator("#items-0-serial").fill("QQQ311")
    page.locator("#items-0-serial").press("Enter")
    page.wait_for_url("**/desk/seizures/*")
    assert seized(site, "QQQ311") == ["QQQ311"]
    go(page, site, f"{DESK}/incident")
    press(page, "1 not recorded: look")
    press(page, "Correct it and send it again")
    expect(page.locator("#which")).to_have_value("NOWHERE-1")
    before = page.evaluate(STORED)[1]
    page.evaluate(UNDELETING)
    press(page, "Report an incident")
    expect(page.locator(".summary")).to_contain_text("This device refuses to save it.")
    assert page.evaluate(STORED)[1] == before  # the new one is not kept beside the old one


def test_what_waits_is_no_matter_of_another_account_or_of_a_form_that_grew_old(device, site):
    page = open_desk(device, site)
    cut(device)
    for count, serial in enumerate(("QQQ7AB", "QQQ8XY", "QQQ9KL"), 1):
        go(page, site)
        seize(page, serial)
        waits(page, count)
    device.unroute_all()
    between(
        device,
        lambda: device.clear_cookies(name=security.FORM_COOKIE),
        int,
        lambda: another(device, site),
    )
    go(page, site)
    expect(page.locator("#connection")).to_contain_text("Your session has ended.")
    assert seized(site, "QQQ") == ["QQQ8XY", "QQQ7AB"]
    assert re.findall('"state":"([a-z]+)"', "".join(page.evaluate(STORED)[1])) == ["waiting"]
    device.unroute_all()
    go(page, site)
    expect(page.locator("#queue")).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.url}/")
    page = open_desk(device, site)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ9KL")
    assert seized(site, "QQQ") == ["QQQ9KL", "QQQ8XY", "QQQ7AB"]


def another(device, site):
    """Let another officer be signed in on the device, as in another of its windows."""
    device.clear_cookies(name=SESSION_COOKIE)
    asking = device.request
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', asking.get(f"{site.url}/sign-in").text()
    )[1]
    form = {"csrf_token": token, "username": site.second, "password": PASSWORD}
    asking.post(f"{site.url}/sign-in", form=form)


def noise():
    """A photograph that is larger than all that is said of it."""
    made = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), os.urandom(SIDE * SIDE * 3)).save(made, "PNG")
    return made.getvalue()


def test_a_clock_that_is_put_right_makes_nothing_old_and_no_photograph_is_opened_to_list_it(
    device, site
):
    device.add_init_script(WATCH)
    page = open_desk(device, site)
    page.evaluate(FORTY_DAYS)
    page = open_desk(device, site)
    device.set_offline(True)
    go(page, site)
    press(page, "Record a seizure")
    opened(page, "#items-0-serial")
    page.keyboard.type("QQQ666")
    photo = noise()
    page.locator("#photo").set_input_files(
        {"name": "gun.png", "mimeType": "image/png", "buffer": photo}
    )
    page.locator("#items-0-serial").press("Enter")
    waits(page, 1)
    page = reopened(device, site)
    waits(page, 1)
    expect(page.locator("#queue")).not_to_contain_text("Older than")
    assert 0 < max(page.evaluate("read")) < len(photo)
    page.evaluate("localStorage.clear()")
    device.set_offline(False)
    page = reopened(device, site)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ666")
    assert max(page.evaluate("read")) > len(photo)
    officer = site.program("PRY", "border_officer")
    [made, *_] = officer.get(f"/seizures?post={POST}").json["items"]
    assert made["items"][0]["serial"] == "QQQ666"
    assert made["occurred_at"].startswith("2026-03-09")
    assert len(officer.get(f"/attachments?subject=seizure:{made['id']}").json["items"]) == 1


def test_who_never_opened_the_desk_is_signed_out_without_a_line_too(device, site):
    page = device.new_page()
    page.goto(f"{site.url}/posts/{POST}/board")
    sign_in(page, site.username)
    page.locator("#live.fresh").wait_for()
    other = device.new_page()
    other.goto(f"{site.url}/notifications")
    device.set_offline(True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Sign out").click()
    for shown in (page, other):
        expect(shown.get_by_role("main")).to_contain_text(
            "You signed out on this device without a connection."
        )
        expect(shown.get_by_role("button")).to_have_count(0)
    page.close()
    device.set_offline(False)
    expect(other.get_by_role("status")).to_contain_text("has now ended at the service")
    other.goto(f"{site.url}/posts/{POST}/board")
    expect(other.get_by_label("User name")).to_be_visible()


def test_who_signs_in_in_another_tab_is_called_on_this_one_again(device, site):
    page = open_desk(device, site)
    go(page, site, f"{DESK}/seizure")
    page.locator("#items-0-serial").fill("QQQ8")
    device.clear_cookies(name=SESSION_COOKIE)
    site.program("BRA", "border_officer").post(f"/posts/{POST}/calls", {})
    page.locator("#live.over").wait_for(state="attached")
    page.evaluate(SEEN_AGAIN)
    expect(page.locator("#connection")).to_contain_text("Your session has ended.")
    other = device.new_page()
    other.goto(f"{site.url}/sign-in")
    sign_in(other, site.username)
    other.wait_for_url(f"{site.url}/")
    other.close()
    page.evaluate(SEEN_AGAIN)
    expect(page.locator("#calls")).to_contain_text("Brazil asks you to call")
    expect(page.locator("#items-0-serial")).to_have_value("QQQ8")


def test_a_page_that_was_opened_without_a_line_looks_for_it_by_itself(device, site):
    open_desk(device, site)
    device.set_offline(True)
    device.add_init_script(NO_EVENT)
    page = reopened(device, site)
    pauses = re.compile("1000 .*2000 .*4000 .*8000")
    expect(page.locator("html")).to_have_attribute("data-pauses", pauses, timeout=20_000)
    seize(page, "QQQ771")
    waits(page, 1)
    expect(page.locator("html")).to_have_attribute("data-pauses", re.compile("8000 .*\\b1000"))
    device.set_offline(False)
    expect(page.locator("#queue")).to_contain_text("Accepted: Record a seizure: QQQ771")
    expect(page.locator("#connection")).to_contain_text("You are online.")
    assert len(seized(site, "QQQ771")) == 1
