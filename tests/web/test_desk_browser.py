"""The desk in a real browser; the page fixture fails on any error or warning of the console."""

import pytest
from playwright.sync_api import expect

from tests.web.keyboard import fill, tab_to
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > innerWidth"


def sign_in(page, site):
    page.goto(f"{site.url}/desk/")
    fill(page, username=site.licensing, password=PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Licensing desk")


def test_the_summary_of_what_is_wrong_takes_the_focus_and_leads_to_the_fields(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/desk/transfers/new")
    tab_to(page, "#from-name")
    page.keyboard.type("Armas del Sur")
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#from-kind")).to_be_focused()
    assert page.evaluate(WIDER) is False


def test_a_line_is_added_by_keyboard_without_leaving_the_page_and_takes_the_focus(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/desk/permits/new?kind=export")
    page.evaluate("window.isSame = true")
    tab_to(page, ".goods .button")
    page.keyboard.press("Enter")
    expect(page.locator("#lines-1-type")).to_be_focused()
    assert page.evaluate("window.isSame") is True
    assert page.evaluate(WIDER) is False


def test_a_form_that_was_sent_shows_that_it_is_worked_on_and_is_not_sent_again(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/desk/permits/new?kind=export")
    page.route("**/desk/permits/new*", lambda route: route.fulfill(status=204))  # stays here
    button = page.locator("main form.form .actions .button")
    button.click()
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("aria-busy", "true")


def test_a_form_left_in_the_middle_is_offered_again_until_sign_out(page, site):
    sign_in(page, site)
    form = f"{site.url}/desk/permits/new?kind=import"
    page.goto(form)
    page.fill("[name='importer.name']", "Casa Fiction")
    page.goto(site.url)
    page.goto(form)
    page.get_by_role("button", name="Continue your draft").click()
    expect(page.locator("[name='importer.name']")).to_have_value("Casa Fiction")
    page.goto(form)
    page.get_by_role("button", name="Discard it").click()
    page.reload()
    expect(page.locator("[data-offer]")).to_be_hidden()
    page.fill("[name='importer.name']", "Casa Fiction")
    page.locator("header form .link").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()
    assert page.evaluate("Object.keys(localStorage)") == []
