"""The officer's desk in a browser, as the tests of it go about it."""

import io

import segno
from playwright.sync_api import expect

from tests.web.keyboard import fill, tab_to
from tests.web.scenes import POST
from tests.web.visitors import PASSWORD

DESK = f"/posts/{POST}/desk"
STORED = """async () => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("salsa-post-desk");
    asked.onsuccess = () => done(asked.result);
  });
  const all = (name) => new Promise((done) => {
    const asked = opened.transaction(name).objectStore(name).getAll();
    asked.onsuccess = () => done(asked.result);
  });
  const text = (row) => row ? JSON.stringify(row) + new TextDecoder("latin1").decode(row.ciphertext) : "";
  const rows = await all("entries");
  const aside = ({ place }) => text(rows.find((row) => row.place === -place));
  return [(await all("keys")).length, rows.filter((row) => row.place > 0).map((row) => text(row) + aside(row))];
}"""
"""How many keys the device has, and its entries with their photographs as who reads its disk sees them."""


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
    tab_to(page, wanted)
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


def seized(site, beginning):
    """The serials of what was seized at the post, the newest first."""
    found = site.program("PRY", "border_officer").get(f"/seizures?post={POST}").json["items"]
    serials = [each["items"][0]["serial"] for each in found]
    return [serial for serial in serials if serial.startswith(beginning)]


def code(text):
    made = io.BytesIO()
    segno.make(text, micro=False).save(made, kind="png", scale=6)
    return made.getvalue()


def ticks(site, number):
    """The ticks of the own side on a shipment."""
    found = (
        site.program("PRY", "licensing_officer").get(f"/shipments?number={number}").json["items"]
    )
    return [tick for tick in found[0]["checkpoints"] if tick["state"] == "PRY"]
