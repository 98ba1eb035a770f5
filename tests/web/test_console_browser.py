"""A trace in a real browser, by keyboard alone, on a phone and on a desk: sent, answered, closed."""

import pytest
from playwright.sync_api import expect

from tests.web.keyboard import fill, tab_to
from tests.web.scenes import POST
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
FITS = "document.documentElement.scrollWidth <= innerWidth"


def fits(page):
    """Return whether nothing is wider than the screen, once the style sheet is there."""
    page.wait_for_load_state()
    return page.evaluate(FITS)


def go(page, name):
    """Follow a link, press a button or open a part by Tab and Enter."""
    tab_to(page, page.get_by_role("main").locator("a, button, summary").filter(has_text=name).first)
    page.keyboard.press("Enter")


def sign_in(page, site, username, path="/sign-in"):
    page.goto(f"{site.url}{path}")
    fill(page, username=username, password=PASSWORD)
    page.keyboard.press("Enter")


def sign_out(page):
    tab_to(page, "header form .link")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def press(page):
    tab_to(page, "form .actions .button")
    page.keyboard.press("Enter")


def send_a_trace(page):
    go(page, "Ask for a trace")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask for a trace")
    assert fits(page)
    go(page, "Describe a gun")
    fill(
        page,
        firearm__serial="TRC770011",
        found_on="03012026",
        firearm__type="Pistol",
        firearm__make="Taurus",
    )
    page.keyboard.press("Escape")  # closes what the field suggests
    fill(
        page,
        case_number="C-77",
        legal_basis="Law 1",
        illicit_reason="Used",
        circumstances="Found in a vehicle",
    )
    assert fits(page)
    press(page)
    expect(page.get_by_role("status").first).to_have_text("The trace is sent.")
    expect(page.get_by_role("main")).to_contain_text("Pending")
    assert fits(page)


def answer_it(page):
    go(page, "Requests to answer")
    expect(page.get_by_role("row", name="Brazil, C-77")).to_contain_text("days")
    assert fits(page)
    go(page, "Brazil, C-77")
    expect(page.get_by_role("heading", level=1)).to_have_text("Request of Brazil, case C-77")
    assert fits(page)
    go(page, "Acknowledge")
    press(page)
    expect(page.get_by_role("status")).to_have_text("The requesting state is informed.")
    press(page)
    expect(page.get_by_role("status")).to_have_text("The answer is sent.")
    assert fits(page)


def close_it(page):
    go(page, "C-77")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Domestic sale")
    expect(main).to_contain_text("Traced")
    assert fits(page)
    go(page, "What can be done")
    go(page, "Close")
    press(page)
    expect(page.get_by_role("status").first).to_have_text("The trace is closed.")
    assert fits(page)


def test_a_trace_is_sent_answered_and_closed_by_keyboard_alone(page, site):
    sign_in(page, site, site.asking)
    send_a_trace(page)
    sign_out(page)
    sign_in(page, site, site.analyst)
    answer_it(page)
    sign_out(page)
    sign_in(page, site, site.asking, "/traces")
    close_it(page)


def test_a_map_is_zoomed_and_moved_by_keys_and_buttons(page, site):
    sign_in(page, site, site.username, f"/posts/{POST}/board")
    page.get_by_role("link", name="Seizures near by").press("Enter")
    drawn, whole = page.locator("[data-map]"), "The whole map"
    drawing = drawn.locator("svg.map").first
    view = drawing.get_attribute("viewBox")
    drawn.focus()
    page.keyboard.press("+")
    zoomed = drawing.get_attribute("viewBox")
    page.keyboard.press("ArrowLeft")
    assert len({view, zoomed, drawing.get_attribute("viewBox")}) == 3
    drawn.get_by_role("button", name=whole).click()
    expect(drawing).to_have_attribute("viewBox", view)
