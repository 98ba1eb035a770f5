"""The pages in a real browser; the page fixture fails on any error or warning of the console."""

import pytest
from playwright.sync_api import expect

from tests.web import scenes
from tests.web.keyboard import tab_to
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > innerWidth"


def test_a_board_is_reached_by_keyboard_alone_and_fits_the_screen(page, site):
    page.goto(f"{site.url}/posts/{scenes.POST}/board")
    tab_to(page, "#username")
    page.keyboard.type(site.username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ciudad del Este–Foz do Iguaçu")
    expect(page.locator("#late").get_by_role("row", name="A-LATE")).to_contain_text(
        "3 days and 3 hours late"
    )
    expect(page.locator("#due").get_by_role("row", name="A-DUE")).to_contain_text("Passed")
    assert page.evaluate(WIDER) is False


def test_the_map_of_a_board_leads_to_its_rows_by_keyboard(page, site):
    page.goto(f"{site.url}/posts/{scenes.POST}/board")
    page.locator("#username").fill(site.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="1. Seizures: 2; firearms: 2").focus()
    page.keyboard.press("Enter")
    row = page.locator("#place-1")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("Presidente Franco")
    expect(page.get_by_role("group", name="The post, both countries")).to_have_count(1)


def test_the_sheet_of_the_day_prints_what_is_due_and_boxes_alone(page, site):
    page.goto(f"{site.url}/posts/{scenes.POST}/board")
    page.locator("#username").fill(site.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#due .box").first).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("#due .box").first).to_be_visible()
    expect(page.locator("#late")).to_be_visible()
    for gone in (".top", "#seizures", "#weeks", ".tiles", ".bottom"):
        expect(page.locator(gone)).to_be_hidden()


def test_a_notification_is_read_by_keyboard_alone_and_fits_the_screen(page, site):
    page.goto(f"{site.url}/notifications")
    page.locator("#username").fill(site.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    newest = page.locator(".notices li").first
    expect(newest).to_contain_text("Your state was asked to confirm the receipt of a shipment.")
    expect(newest).to_contain_text("A-NEXT")
    assert page.evaluate(WIDER) is False
    navigation = page.get_by_role("navigation", name="Main")
    unread = page.locator(".notices li").filter(has_text="Mark as read").count()
    expect(navigation).to_contain_text(f"unread: {unread}")
    newest.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notices li").first).not_to_contain_text("Mark as read")
    expect(navigation).to_contain_text(f"unread: {unread - 1}")


def test_the_first_tab_leads_past_the_navigation(page, site):
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_documentation_opens_its_routes(page, site):
    page.goto(f"{site.url}/docs")
    assert page.evaluate(WIDER) is False
    page.locator(".opblock-tag").first.click()
    expect(page.locator(".opblock").first).to_be_visible()
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    assert page.evaluate(WIDER) is False


def test_the_language_is_switched_and_kept(page, site):
    page.goto(f"{site.url}/sign-in")
    page.get_by_role("button", name="Español").click()
    expect(page.locator("h1")).to_have_text("Iniciar sesión")
    page.goto(site.url)
    expect(page.locator("html")).to_have_attribute("lang", "es")
