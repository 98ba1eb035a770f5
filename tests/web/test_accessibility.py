"""Every page in a browser: no rule of axe is broken, nothing is too wide or too small, Tab reaches all."""

import html
import re
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path
from typing import NamedTuple

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

import api.web
from api.http.auth import LANGUAGE_COOKIE, SESSION_COOKIE
from api.i18n.messages import load_catalogue
from salsa_ext.access import rules as access_rules
from salsa_ext.core.codes import LANGUAGES
from tests.support.sizes import sized
from tests.web.conftest import Region
from tests.web.pages import text
from tests.web.visits import VISITS, Visit, pages_of, visited

pytestmark = pytest.mark.browser
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TAB_STOPS = Path(__file__).with_name("tab_stops.js").read_text()
DRAWN = "rows => rows.map(row => row.checkVisibility() && row.getBoundingClientRect().height > 9)"
STILL = """async () => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);  // until who listens to the scheme heard
  for (let moving = document.getAnimations(); moving.length; moving = document.getAnimations()) {
    await Promise.allSettled(moving.map(one => one.finished));
    await new Promise(requestAnimationFrame);
  }
}"""
"""Waits until no colour is on its way to another."""
LINK = re.compile(r'href="(/(?!docs|static|forms/)[^"#]*)"')
"""What leads to a page of the service itself."""
PHONE, DESK = (360, 740), (1280, 900)


class Look(NamedTuple):
    """How a device shows pages."""

    size: tuple[int, int]
    scheme: str
    contrast: str = "no-preference"


LOOKS = (
    Look(PHONE, "light"),
    Look(DESK, "dark"),
    Look(PHONE, "dark"),
    Look(DESK, "light"),
    Look(PHONE, "dark", "more"),
    Look(DESK, "light", "more"),
)
DEALT = list(product(LOOKS, LANGUAGES))
CASES = sized(
    [(visit, language, (look,)) for visit, (look, language) in zip(VISITS[::5], cycle(DEALT))],
    [(visit, language, LOOKS) for visit, language in product(VISITS, LANGUAGES)],
)
"""In the usual run a fifth of them, look and language dealt round; in the long one all in each."""


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    context.add_init_script(TAB_STOPS)
    yield context.new_page()
    context.close()


def named(part: object) -> str | None:
    """Say a case by its page and language."""
    return str(part) if isinstance(part, Visit | str) else None


def open_page(page: Page, region: Region, visit: Visit, language: str) -> None:
    """Open it, and send its form if it is one that is sent."""
    put = {"url": region.url}
    page.context.clear_cookies()
    page.context.add_cookies([put | {"name": LANGUAGE_COOKIE, "value": language}])
    if visit.who:
        page.context.add_cookies([put | {"name": SESSION_COOKIE, "value": region.key(visit.who)}])
    answer = page.goto(region.url + visit.path.format_map(region.ids))
    if visit.sent is not None:
        for field, text in visit.sent.items():
            typed = page.locator(f"main [name='{field}']").last
            typed.evaluate(
                "(field, text) => { field.value = text; }",
                text.format_map(region.ids | {"language": language}),
            )
        form = page.locator("main form[method=post]")
        for field in visit.sent:  # a page may have other forms, each with its button
            form = form.filter(has=page.locator(f"[name='{field}']"))
        with page.expect_navigation() as sent:
            form.locator(".button").last.click()
        answer = sent.value
    assert answer is not None and answer.status == visit.status
    for late in page.locator("div#reference").all():
        late.locator(".opblock-tag").first.wait_for()


def broken(page: Page, look: Look) -> list[str]:
    """Return what is wrong with a page on a device."""
    page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
    page.emulate_media(color_scheme=look.scheme, contrast=look.contrast)
    page.evaluate(STILL)
    page.evaluate(AXE)
    by_axe = page.evaluate("brokenRules", RULES)
    page.keyboard.press("Tab")  # focus is shown to who uses the keyboard
    return [f"{look}: {value}" for value in by_axe + page.evaluate("lacks()")]


@pytest.mark.parametrize(("visit", "language", "looks"), CASES, ids=named)
def test_a_page_is_for_everybody(page, region, visit, language, looks):
    open_page(page, region, visit, language)
    assert page.locator("html").get_attribute("lang") == language
    assert [value for look in looks for value in broken(page, look)] == []
    assert walked(page) == []


def walked(page: Page) -> list[str]:
    """Return where Tab did not go on to the next stop of the page, from its first to its last."""
    wanted = list(range(page.evaluate("watchStops()")))
    inner = page.locator("input[type=date], input[type=datetime-local]").count() * 8
    reached, left = page.evaluate("reached"), len(wanted) - 1 + inner
    while reached == wanted[: len(reached)] and reached != wanted and left > 0:
        lacking = min(len(wanted) - len(reached), left)  # a Tab goes to the next stop at most
        for _ in range(lacking):
            page.keyboard.press("Tab")
        reached, left = page.evaluate("reached"), left - lacking
    if reached == wanted[: len(reached)]:
        return [] if reached == wanted else ["Tab did not come to the end of the page"]
    astray = next(each for number, each in enumerate(reached) if each != number)
    return [page.evaluate("number => describeStop(number)", astray)]


@pytest.mark.parametrize("look", [Look(PHONE, "light"), Look(DESK, "dark")], ids=["phone", "desk"])
def test_the_wall_of_a_post_is_for_everybody(page, region, look):
    region.keys["PRY display"] = region.program("PRY", "display").token
    open_page(page, region, Visit("/wall", "PRY display"), "fr")
    page.locator("#late").wait_for()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert broken(page, look) == []


@pytest.mark.parametrize(
    "role", sorted(access_rules.ROLE_PERMISSIONS.keys() - {"secretariat", "display"})
)
def test_no_link_of_home_or_of_a_notification_leads_where_its_reader_may_not_go(region, role):
    reader = region.app.test_client()
    reader.set_cookie(SESSION_COOKIE, region.key(f"BRA {role}"))
    links = {
        link
        for path in ("/", "/notifications")
        for link in LINK.findall(reader.get(path).get_data(as_text=True).partition("<main")[2])
    }
    refused = [link for link in sorted(links) if reader.get(link).status_code != 200]
    assert (len(links) > 3, refused) == (True, [])


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_no_page_says_a_sentence_in_english(region, language):
    result = {
        english
        for english, other in load_catalogue(language).items()
        if english.count(" ") > 1 and "{" not in english and english != other
    }
    for visit in VISITS[LANGUAGES.index(language) :: 3]:
        reader = region.app.test_client()
        if visit.who:
            reader.set_cookie(SESSION_COOKIE, region.key(visit.who))
        path, headers = visit.path.format_map(region.ids), {"Accept-Language": language}
        headers["Accept"] = "text/html"
        page = reader.get(path, headers=headers).text
        assert f'<html lang="{language}"' in page
        shown = html.unescape(text(page))
        assert [english for english in result if english in shown] == [], path


def test_every_page_is_visited(app):
    assert visited(app) == pages_of(app)


def test_a_long_list_of_the_board_is_folded_on_a_screen_and_printed_whole(page, region):
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    open_page(page, region, Visit("/posts/{post}/board", "PRY border_officer"), "en")
    late = page.locator("#late [role=rowheader]")
    assert late.evaluate_all(DRAWN) == [True] * 3 + [False] * 3
    page.emulate_media(media="print")
    assert late.evaluate_all(DRAWN) == [True] * 6
    assert not page.locator("#late-rest summary").is_visible()
    page.emulate_media(media="screen")
    page.locator("#late-rest summary").press("Enter")
    assert late.last.is_visible()


def test_nothing_moves_by_itself():
    """No style moves anything, so that who asked for less motion has nothing to be spared."""
    style = Path(api.web.__file__).with_name("static") / "salsa.css"
    assert not re.search("(transition|animation|scroll-behavior): (?!none)", style.read_text())
