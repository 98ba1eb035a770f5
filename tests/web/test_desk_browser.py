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


def go(page, name):
    """Follow a link by Tab and Enter."""
    page.get_by_role("link", name=name).first.evaluate("link => link.id = 'wanted'")
    tab_to(page, "#wanted")
    page.keyboard.press("Enter")


def test_an_import_certificate_is_issued_by_keyboard_alone(page, site):
    sign_in(page, site)
    assert page.evaluate(WIDER) is False
    go(page, "New: Import certificate")
    expect(page.get_by_role("heading", level=1)).to_have_text("New: Import certificate")
    assert page.evaluate(WIDER) is False
    fill(
        page,
        authority__signatory="Eva Ejemplo",
        exporting_state="Brazil",
        importer__name="Armas del Sur",
        exporter__name="Taurus Armas",
        lines__0__type="Pistol",
        lines__0__quantity="25",
        lines__0__make="Taurus",
        lines__0__calibre="9x19",
    )
    page.keyboard.press("Escape")  # closes what the field suggests
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The document is issued.")
    expect(page.get_by_role("heading", level=1)).to_have_text("Import certificate I-2")
    assert page.evaluate(WIDER) is False
    main = page.get_by_role("main")
    for shown in (
        "Armas del Sur",
        "Taurus Armas",
        "Eva Ejemplo",
        "Pistol · Taurus · 9x19",
        "Brazil",
    ):
        expect(main).to_contain_text(shown)
    expect(main).to_contain_text("Awaiting counterpart")
    tab_to(page, "nav a[href='/desk/']")
    page.keyboard.press("Enter")
    fill(page, q="i-2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="I-2")).to_contain_text("8 Mar 2027")


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


def test_a_line_is_added_by_keyboard_and_takes_the_focus(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/desk/permits/new?kind=export")
    tab_to(page, ".goods .button")
    page.keyboard.press("Enter")
    expect(page.locator("#lines-1-type")).to_be_focused()
    assert page.evaluate(WIDER) is False


def test_a_misread_receipt_is_corrected_by_keyboard_alone(page, site):
    sign_in(page, site)
    page.goto(f"{site.url}/desk/find?q=A-DUE")
    go(page, "A-DUE")
    go(page, "Confirm the receipt")
    fill(page, items="ABC123475")
    tab_to(page, "form .actions .button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Received under another serial number")
    go(page, "Correct the receipt")
    expect(page.get_by_role("heading", level=1)).to_have_text("Correct the receipt")
    assert page.evaluate(WIDER) is False
    expect(page.locator("#items")).to_have_value("ABC123475")
    fill(page, reason="Read again in daylight")
    tab_to(page, "#items")
    page.keyboard.press("Control+A")
    page.keyboard.type("ABC123457")
    tab_to(page, "form .actions .button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The receipt is corrected.")
    main = page.get_by_role("main")
    expect(main).not_to_contain_text("Received under another serial number")
    expect(main).to_contain_text("Read again in daylight")
    assert page.evaluate(WIDER) is False
