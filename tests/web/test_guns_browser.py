"""Checks and matches in a real browser, by keyboard alone, on a phone and on a desk."""

import pytest
from playwright.sync_api import expect

from tests.web import scenes
from tests.web.keyboard import fill, tab_to
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
FITS = "document.documentElement.scrollWidth <= innerWidth"


def sign_in(page, site, path):
    page.goto(f"{site.url}{path}")
    fill(page, username=site.police, password=PASSWORD)
    page.keyboard.press("Enter")


def fits(page):
    """Tell whether nothing is wider than the screen, once the style sheet is there."""
    page.wait_for_load_state()
    return page.evaluate(FITS)


def go(page, name):
    """Follow a link, press a button or open a part by Tab and Enter."""
    tab_to(page, page.get_by_role("main").locator("a, button, summary").filter(has_text=name).first)
    page.keyboard.press("Enter")


def test_a_serial_with_an_unreadable_glyph_is_checked_by_keyboard_alone(page, site):
    sign_in(page, site, "/sign-in")
    go(page, "Check a serial number")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check a serial number")
    assert fits(page)
    fill(page, serial="XY?98765", incident="I-7")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Possible hit")
    expect(page.locator(".candidates li").first).to_contain_text("Seized, 8 Mar 2026")
    expect(page.get_by_role("main")).to_contain_text("the 7 characters that can be read")
    assert fits(page)
    tab_to(page, ".searched summary")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Paraguay")).to_be_visible()
    assert fits(page)
    go(page, "Ask once more")
    fill(page, make="Taurus")
    page.keyboard.press("Escape")  # closes what the field suggests
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("The make is the same.")
    go(page, "Record and history of this gun")
    expect(page.get_by_role("heading", level=1)).to_have_text("History of a gun")
    assert fits(page)


def test_a_serial_that_cannot_be_searched_leads_to_its_field(page, site):
    sign_in(page, site, "/checks/new")
    fill(page, serial="raspado", incident="I-7")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    expect(page.locator(".summary")).to_contain_text("trace it by its make and import mark")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#serial")).to_be_focused()
    expect(page.locator("#serial")).to_have_value("raspado")
    assert fits(page)


def test_a_match_is_confirmed_by_keyboard_alone(page, site):
    sign_in(page, site, "/sign-in")
    go(page, "Matches")
    expect(page.get_by_role("heading", level=1)).to_have_text("Matches")
    assert fits(page)
    go(page, scenes.MATCHED)
    expect(page.get_by_role("heading", level=1)).to_have_text("Match with Brazil")
    assert fits(page)
    fill(page, case_number="C-7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="What happened")).to_contain_text("Export")
    assert fits(page)
    go(page, "Confirm: one gun")
    fill(page, reason="Compared on the bench")
    tab_to(page, "form .actions .button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your state says that it is one gun.")
    expect(page.get_by_role("main")).to_contain_text("Compared on the bench")
    assert fits(page)
