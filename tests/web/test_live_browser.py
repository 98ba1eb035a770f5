"""Two officers, one of each side, at boards that change while they look on."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from api.app import create_app
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.web import scenes
from tests.web.conftest import open_account
from tests.web.visitors import PASSWORD

pytestmark = pytest.mark.browser
BOARD = f"/posts/{scenes.POST}/board"
SOON = 2_000
"""Milliseconds in which a change of one side is seen by the other."""


@pytest.fixture(scope="module")
def other(prepared):
    """Another process of the service over the database of a site."""
    return create_app(prepared.database, FixedClock(NOW))


@pytest.fixture
def elsewhere(registered_database, site, other):
    """Who acts through that process: `elsewhere("PRY", "supervisor")`."""
    with other.app_context():
        open_account("BRA", "border_officer")

    def act(state, role):
        with other.app_context():
            token = actors.token(state, role, NOW, None, timedelta(days=1))
        return actors.Client(other.test_client(), token)

    yield act
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def look(chromium, site, elsewhere):
    """Open the board as the border officer of a state; fails at the end for an error on the console."""
    opened, result = [], []

    def open_board(state, **options):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: result.append(str(error)))
        page.goto(site.url + BOARD)
        page.locator("#username").fill(f"{state.lower()}.border_officer")
        page.locator("#password").fill(PASSWORD)
        page.keyboard.press("Enter")
        opened.append(context)
        page.locator(
            "#live.fresh"
        ).wait_for()  # a busy machine takes its time to draw the first board
        return page

    yield open_board
    for context in opened:
        context.close()
    assert result == []


def shipment(officer, number):
    return officer.get(f"/shipments?number={number}").json["items"][0]["id"]


def tick(officer, number, stage, outcome="passed"):
    body = {
        "stage": stage,
        "post": scenes.POST,
        "occurred_at": "2026-03-09T14:00:00Z",
        "outcome": outcome,
    }
    officer.post(f"/shipments/{shipment(officer, number)}/checkpoints", body)


def test_acts_of_one_side_are_visible_to_the_other_at_once(look, elsewhere):
    paraguay, brazil = look("PRY"), look("BRA")
    officer = elsewhere("PRY", "border_officer")
    row, other = (
        page.locator("#due").get_by_role("row", name="A-DUE") for page in (paraguay, brazil)
    )
    expect(row.get_by_text("Passed")).to_have_count(1)

    brazil.locator("#traces-all summary").click()
    link = brazil.locator("#due").get_by_role("link", name="A-NEXT")
    link.focus()
    brazil.evaluate("window.began = document.getElementById('expiring')")
    tick(officer, "A-DUE", "entry", "held")
    expect(other.get_by_text("Held").first).to_be_visible(timeout=SOON)
    expect(row.get_by_text("Held").first).to_be_visible(timeout=SOON)
    expect(link).to_be_focused()
    expect(brazil.locator("#traces-all")).to_have_attribute("open", "")
    expect(brazil.locator("#live-message")).to_have_text("Changed: Due in seven days: 2 (A-DUE)")
    assert brazil.evaluate("window.began.isConnected")  # what did not change is not exchanged

    brazil.context.set_offline(True)
    expect(brazil.locator("#live.broken")).to_contain_text("No connection", timeout=5_000)
    expect(brazil.locator("body.stale #live-message")).to_contain_text("No connection")
    tick(officer, "A-DUE", "entry", "passed")
    expect(row).to_have_count(0, timeout=SOON)  # it is through
    expect(other.get_by_text("Held").first).to_be_visible()
    brazil.context.set_offline(False)
    expect(other).to_have_count(0, timeout=5_000)
    expect(brazil.locator("#live.fresh")).to_be_visible()
    expect(brazil.locator("body.stale")).to_have_count(0)


def test_a_seizure_near_by_is_visible_to_its_own_side_alone(look, elsewhere):
    paraguay, brazil = look("PRY"), look("BRA")
    asked = []
    brazil.on("response", lambda answer: asked.append((answer.status, answer.request)))
    place = {**scenes.NEAR, "name": "Hernandarias"}
    police, body = elsewhere("PRY", "police_officer"), bodies.seizure(number="S-9", place=place)
    body |= {"agency": "PRY-POLICE"}
    on_the_map = (
        paraguay.locator("#seizures").get_by_role("row", name="S-2").locator("[href^='#place']")
    )
    on_the_map.focus()
    seized = police.post("/seizures", body).json["id"]
    expect(paraguay.locator("#seizures")).to_contain_text("S-9", timeout=SOON)
    expect(on_the_map).to_be_focused()  # other rows lead to the same place in the same words
    elsewhere_by_now = {"place": {"country": "PRY", "name": "Asunción"}, "reason": "Another town"}
    police.post(f"/seizures/{seized}/correct", body | elsewhere_by_now, 200, If_Match='"1"')
    expect(paraguay.locator("#seizures")).not_to_contain_text("S-9", timeout=SOON)
    expect(on_the_map).to_be_focused()
    with brazil.expect_response(lambda answer: answer.status == 200 and "/live" in answer.url):
        tick(elsewhere("PRY", "border_officer"), "A-DUE", "entry", "held")
    expect(brazil.locator("#due").get_by_role("row", name="A-DUE")).to_contain_text(
        "Held", timeout=SOON
    )
    shown = [request.response().text() for status, request in asked if status == 200]
    assert shown and all("S-9" not in each and '"seizures"' not in each for each in shown)


def test_who_is_signed_out_elsewhere_sees_that_he_looks_at_the_past(look, elsewhere):
    page = look("PRY")
    page.context.clear_cookies()
    tick(elsewhere("PRY", "border_officer"), "A-DUE", "entry")
    expect(page.locator("#live.over")).to_contain_text("You are signed out", timeout=SOON)
    expect(page.locator("body.stale")).to_be_visible()


def sign_in(site, elsewhere, page):
    """Let a page show the wall of a display that an administrator of Paraguay just made."""
    name = f"pry.{secrets.token_hex(4)}"
    body = {"username": name, "role": "display", "agency": "PRY-TEST", "post": scenes.POST}
    made = elsewhere("PRY", "state_administrator").post("/accounts", body).json
    page.goto(f"{site.url}/wall?{made['link'].partition('?')[2]}")
    page.locator("main").get_by_role("button").click()
    expect(page.locator("#live.fresh")).to_be_visible()


def test_a_wall_display_is_live(site, elsewhere, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="fr")
    wall = context.new_page()
    sign_in(site, elsewhere, wall)
    expect(wall.locator("#late")).to_contain_text("A-LATE")
    expect(wall.locator("#live.fresh")).to_contain_text("En direct")
    assert wall.evaluate("document.documentElement.scrollWidth > innerWidth") is False
    tick(elsewhere("PRY", "border_officer"), "A-DUE", "entry", "held")
    expect(wall.locator("#due")).to_contain_text("Retenu", timeout=SOON)
    context.close()


@pytest.fixture
def wall(chromium, site, elsewhere, prepared):
    """A display on the wall of a hall, on a device that thinks it is in Tokyo."""
    context = chromium.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.clock.install()
    sign_in(site, elsewhere, page)
    build = prepared.app.config["BUILD"]
    yield page
    prepared.app.config["BUILD"] = build
    context.close()


def test_a_wall_display_tells_the_time_of_its_side(wall):
    there = datetime.now(UTC).astimezone(ZoneInfo("America/Asuncion"))
    result = "|".join(f"{there + timedelta(minutes=more):%H:%M}" for more in (0, 1))
    expect(wall.locator("#live")).to_contain_text(re.compile(f"as of ({result}):"))


def test_a_wall_display_says_that_its_picture_is_old_while_no_answer_comes(wall):
    wall.route("**/wall/live", lambda route: None)
    wall.clock.run_for(8_000)
    expect(wall.locator("#live.old")).to_contain_text("This picture is old")
    expect(wall.locator("body.stale")).to_be_visible()
    wall.unroute_all(behavior="ignoreErrors")
    wall.clock.run_for(15_000)
    expect(wall.locator("#live.fresh")).to_be_visible()


def test_a_wall_display_loads_itself_anew_with_a_new_version_of_the_service(wall, prepared):
    wall.evaluate("document.body.dataset.version = 'former'")
    prepared.app.config["BUILD"] = "another"
    expect(wall.locator("body[data-version]")).to_have_count(0, timeout=10_000)
    expect(wall.locator("#live.fresh")).to_be_visible()


def test_without_script_a_board_is_as_it_was(look, site, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url + BOARD)
    page.locator("#username").fill(site.username)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="A-LATE").first).to_be_visible()
    expect(page.locator("#live")).to_be_hidden()
    context.close()
