"""A day at Paso de los Libres–Uruguaiana: an officer of each side at a browser of his own."""

import pytest
from playwright.sync_api import expect

from tests.support import bodies
from tests.support.movements import act
from tests.web.conftest import open_account
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
POST = "paso-de-los-libres-uruguaiana"
BOARD, DESK = f"/posts/{POST}/board", f"/posts/{POST}/desk"
SOON = 2_000
"""Milliseconds in which what one side does is seen by the other."""
SERIALS = ("TKA52391", "TKA52392", "TKA52393")


@pytest.fixture
def officers(prepared, site):
    """The user names of an officer of each side, by state."""
    with prepared.app.app_context():
        return {state: open_account(state, "border_officer") for state in ("ARG", "BRA")}


@pytest.fixture
def shipment(site):
    """Three pistols that Brazil sends to Argentina, due at the post today."""
    exporter, importer = (site.program(state, "licensing_officer") for state in ("BRA", "ARG"))
    to = {"importing_state": "ARG", "import_permit": {"state": "ARG", "number": "I-90"}}
    licence = bodies.import_permit(number="I-90", importing_state="ARG")
    importer.post("/permits", licence | {"authority": bodies.authority("ARG")})
    permit = exporter.post("/permits", bodies.permit(number="E-90", **to)).json
    papers = {"document_kind": "mic_dta", "document_number": "BR-9", "plates": ["IKJ4A55"]}
    made = exporter.post(
        f"/permits/{permit['id']}/shipments",
        bodies.shipment(
            SERIALS,
            number="A-90",
            transport=papers,
            route=[],
            expected=[{"stage": "entry", "post": POST, "at": "2026-03-09T20:00:00Z"}],
        ),
    ).json
    return act(exporter, made, "release")


@pytest.fixture
def browsers(chromium, site, officers):
    """Open a browser for an officer of a state: `browsers("ARG")`; fails at the end for an error of a page."""
    opened, result = [], []

    def sign_in(state):
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("pageerror", lambda error: result.append(str(error)))
        page.goto(f"{site.url}{DESK}")
        page.locator("#username").fill(officers[state])
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#desk[data-ready]")).to_be_attached(timeout=20_000)
        opened.append(context)
        return context

    yield sign_in
    for context in opened:
        context.close()
    assert result == []


def open_board(context, site):
    """Open the board next to the desk, and wait until it is live."""
    page = context.new_page()
    page.goto(f"{site.url}{BOARD}")
    expect(page.locator("#live.fresh")).to_be_visible(timeout=20_000)
    return page


def tick(desk, site, plate):
    """Find the truck by its plate, and let it pass."""
    desk.goto(f"{site.url}{DESK}/find?q={plate}")
    desk.get_by_role("main").get_by_role("link").filter(has_text="A-90").first.click()
    desk.get_by_role("button", name="Passed").click()
    expect(desk.get_by_role("main")).to_contain_text("The crossing is recorded.")


def test_two_officers_of_two_states_work_through_a_day(browsers, site, shipment):
    argentina, brazil = browsers("ARG"), browsers("BRA")
    desks = {"ARG": argentina.pages[0], "BRA": brazil.pages[0]}
    boards = [open_board(argentina, site), open_board(brazil, site)]
    rows = [board.locator(".expected").get_by_role("row", name="A-90") for board in boards]
    for row in rows:
        expect(row.get_by_text("Passed")).to_have_count(0)

    # Brazil lets the truck out, Argentina lets it in; each sees what the other did.
    tick(desks["BRA"], site, "IKJ4A55")
    for row in rows:
        expect(row.get_by_text("Passed")).to_have_count(1, timeout=SOON)
    tick(desks["ARG"], site, "IKJ4A55")
    for row in rows:
        expect(row).to_have_count(0, timeout=SOON)  # it is through

    # One pistol is missing in the importer's store: red on both boards.
    importer = site.program("ARG", "licensing_officer")
    act(
        importer,
        shipment,
        "receipt",
        201,
        received_on="2026-03-09",
        items=[{"line": 1, "serial": serial} for serial in SERIALS[:2]],
    )
    for board in boards:
        found = board.locator("#discrepancies").get_by_role("row", name="A-90")
        expect(found).to_be_visible(timeout=SOON)
        red, green, blue = found.locator(".mark").first.evaluate(RGB)
        assert red > 2 * max(green, blue)

    # A pistol turns up at the bridge; its serial is typed with one wrong letter, and found.
    desk = desks["ARG"]
    desk.goto(f"{site.url}{DESK}/check")
    desk.locator("#serial").fill("TKA5239B")
    desk.locator("#serial").press("Enter")
    expect(desk.locator(".answer")).to_contain_text("Possible hit")
    likeliest = desk.locator(".candidates > li").first
    expect(likeliest).to_contain_text(
        "The serial agrees but for one character: B here, 3 in the record."
    )

    # It is seized while the line is down, and recorded once when it is back.
    argentina.set_offline(True)
    desk.goto(f"{site.url}{DESK}")
    desk.get_by_role("button", name="Record a seizure").click()
    desk.locator("#items-0-serial").fill("TKA52393")
    desk.locator("#items-0-serial").press("Enter")
    expect(desk.locator("#queue")).to_contain_text("Waiting to be sent: 1")
    assert seized(site) == []
    argentina.set_offline(False)
    expect(desk.locator("#queue")).to_contain_text(
        "Accepted: Record a seizure: TKA52393", timeout=20_000
    )
    expect(boards[0].locator("#seizures")).to_contain_text(
        "Seizures: 1; firearms: 1", timeout=10_000
    )
    assert seized(site) == ["TKA52393"]


RGB = """one => getComputedStyle(one).color.match(/[0-9.]+/g).slice(0, 3).map(Number)"""


def seized(site):
    found = site.program("ARG", "border_officer").get(f"/seizures?post={POST}").json["items"]
    return [item["serial"] for each in found for item in each["items"]]
