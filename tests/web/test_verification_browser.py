"""The same pages in a real browser, on a phone and on a desk."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > innerWidth"


def test_a_text_is_checked_by_keyboard_alone_and_fits_the_screen(page, site):
    page.goto(f"{site.url}/verify")
    page.locator("#token").focus()
    page.keyboard.type("SALSA1.PRY-2026-00000000.AAAA.AAAA")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("PRY-2026-00000000")
    assert page.evaluate(WIDER) is False


def test_the_forms_fit_the_screen(page, site):
    page.goto(f"{site.url}/forms")
    expect(page.locator(".choices > li")).to_have_count(5)
    assert page.evaluate(WIDER) is False
