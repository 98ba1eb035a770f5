"""The pages in a real browser; the page fixture fails on any error or warning of the console."""

import pytest
from playwright.sync_api import expect

from tests.support.papers import code_of
from tests.web import scenes
from tests.web.desks import code
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > innerWidth"


def test_the_map_of_a_board_leads_to_its_rows_by_keyboard(page, site):
    page.goto(f"{site.url}/posts/{scenes.POST}/board")
    page.locator("#username").fill(site.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Seizures near by").press("Enter")
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
    page.evaluate("window.print = () => { window.isPrinted = true; }")
    page.get_by_role("button", name="Print the day’s sheet").click()
    assert page.evaluate("window.isPrinted")
    page.emulate_media(media="print")
    expect(page.locator("#due .box").first).to_be_visible()
    expect(page.locator("#late")).to_be_visible()
    for gone in (".top", "#seizures", "#weeks", ".tiles", ".bottom"):
        expect(page.locator(gone)).to_be_hidden()


def test_a_paper_is_verified_by_a_photograph_of_its_code(page, site):
    importer = site.program("PRY", "licensing_officer")
    [permit] = importer.get("/permits?number=I-1").json["items"]
    token = code_of(importer.get(f"/permits/{permit['id']}/paper").data, dots=4)
    page.goto(f"{site.url}/verify")
    photo = {"name": "code.png", "mimeType": "image/png", "buffer": code(token)}
    page.get_by_label("Or a photograph of the code").set_input_files(photo)
    expect(page.get_by_role("heading", name="The signature is good.")).to_be_visible()
    assert page.evaluate(WIDER) is False


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


def test_a_misspelt_make_and_town_are_suggested_and_dates_are_in_words(page, site):
    page.goto(f"{site.url}/seizures/new")
    page.locator("#username").fill(site.police)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    for name, typed, chosen in (
        ("items.0.make", "tauros", "Taurus"),
        ("place.name", "Encarnasion", "Encarnación, Itapúa"),
    ):
        page.locator(f"input[name='{name}']").focus()
        page.keyboard.type(typed)
        expect(page.get_by_role("option", name=chosen)).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator(f"input[name='{name}']")).to_have_value(chosen)
    page.locator("input[name='occurred_on']").fill("2026-03-09")
    expect(page.locator("input[name='occurred_on'] + output")).to_have_text("9 March 2026")


def test_a_make_typed_before_the_script_came_is_suggested_too(page, site):
    scripts = []
    page.route("**/suggestions.js*", lambda route: scripts.append(route))
    page.goto(f"{site.url}/seizures/new", wait_until="commit")
    page.locator("#username").fill(site.police)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter", no_wait_after=True)
    page.locator("input[name='items.0.make']").press_sequentially("tauros")
    scripts[-1].continue_()
    expect(page.get_by_role("option", name="Taurus")).to_be_visible()
    expect(page.locator("input[name='items.0.make']")).to_have_value("tauros")
