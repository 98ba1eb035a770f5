"""The page of a board: every figure is one of the interface, and map, charts and sheet say the same."""

import gzip
import re
from contextlib import suppress
from datetime import datetime
from itertools import chain, combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.web.charts import HEIGHT, WIDTH, draw_bars
from salsa_ext.core.clock import FixedClock
from tests.conftest import NOW
from tests.support import bodies
from tests.support.grounds import beginning
from tests.web import scenes
from tests.web.pages import text

POST = scenes.POST
BOARD = f"/posts/{POST}/board"
STYLE = Path(__file__).parents[2] / "api/web/static/salsa.css"
LANGUAGES = ("en", "es", "fr", "pt")


@beginning
def full(as_actor):
    """A post with one row at least of everything that a board shows."""
    scenes.full_post(as_actor)
    return as_actor("PRY", "border_officer")


@beginning
def page(full, signed_in):
    return signed_in("PRY", "border_officer").open(BOARD)


def at(given, way):
    """Return the value at a path of an answer: a position, an id, or a field."""
    for step in way.split("/"):
        if isinstance(given, dict):
            given = given[step]
        elif step.isdigit():
            given = given[int(step)]
        else:
            given = next(each for each in given if each["id"] == step)
    return len(given) if isinstance(given, list) else given


def test_no_figure_is_on_the_page_that_the_interface_does_not_give(full, page):
    given = full.get(BOARD).json
    figures = re.findall(r'<data value="([^"]*)" data-of="([^"]*)">', page)
    assert len(figures) > 40
    for value, way in figures:
        assert float(value) == at(given, way), way


def test_every_part_of_the_board_has_figures_or_rows(full, page):
    given = full.get(BOARD).json
    assert all(count for name, count in given["counts"].items() if name != "deadlines_late")
    assert given["deadlines"] and given["routes"]
    for way in (
        "due",
        "seizures",
        "along_routes",
        "places",
        "deadlines",
        "weeks",
        "flows",
        "figures",
        "counts",
    ):
        assert f'data-of="{way}/' in page


def test_every_number_that_is_read_on_the_page_is_one_of_the_interface_or_follows_from_it(
    full, page
):
    given = full.get(BOARD).json
    shown = set(re.findall(r"\d+(?:\.\d+)?", text(page[: page.index("</main>")])))
    assert shown - {*numbers_in(given, datetime.fromisoformat(given["as_of"]))} == set()


ZONES = ("America/Asuncion", "America/Sao_Paulo")


def numbers_in(given, now):
    """Give each number that a page may write for a value: itself, how many, and a time by the clocks there.

    Of a time and of a day also how far they are from now, and of a text the digits in it.
    """
    if isinstance(given, dict):
        yield from chain.from_iterable(numbers_in(value, now) for value in given.values())
    elif isinstance(given, list):
        yield from map(str, range(len(given) + 1))
        yield from chain.from_iterable(numbers_in(value, now) for value in given)
    elif isinstance(given, str):
        yield from re.findall(r"\d+", given)
        with suppress(ValueError):
            yield from time_parts(datetime.fromisoformat(given), now)
    elif given is not None:
        yield f"{given:g}"


def time_parts(at, now):
    """Give the numbers of a moment at both sides, and of the days, hours and minutes until it or since."""
    if at.tzinfo is None:
        yield from (str(at.day), str((at.date() - now.date()).days))
        return
    for zone in ZONES:
        there = at.astimezone(ZoneInfo(zone))
        yield from f"{there:%Y} {there.day} {there:%H %M} {there:%z}"[:-2].replace("-", "").split()
    minutes = int(abs(at - now).total_seconds()) // 60
    yield from map(str, (minutes // 1440, minutes // 60, minutes // 60 % 24, minutes % 60))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_page_is_small(full, signed_in, language):
    page = signed_in("PRY", "border_officer").open(BOARD, Accept_Language=language)
    assert len(gzip.compress(page.encode())) + len(gzip.compress(STYLE.read_bytes())) < 40_000


def test_each_spot_of_the_map_leads_to_its_row(page):
    drawn = page[
        page.index('<svg class="map"') : page.index("</svg>", page.index('<svg class="map"'))
    ]
    targets = re.findall(r'<a href="#([^"]+)" aria-label="[^"]+"', drawn)
    assert {"map-post", "map-routes", "place-1"} <= set(targets)
    assert all(f'id="{target}"' in page for target in targets)
    assert 'role="group"' in drawn and "Paraguay" in drawn and "Brazil" in drawn


def test_a_place_says_how_exact_it_is_on_the_map_and_in_the_table(page):
    assert re.search(r'aria-label="\d\. Seizures: 1; firearms: 1; within 3', page)
    assert re.search(r'aria-label="\d\. Seizures: 2; firearms: 2; how exact is not known', page)
    assert "within 3" in text(page) and "along a route" in text(page)


def test_both_sides_are_side_by_side_and_each_says_its_own(page):
    words = text(page)
    for value in (
        "Brazil → to Paraguay, Left, as Brazil says",
        "to Paraguay, Entered, as Paraguay says",
        "Foz do Iguaçu · Exit",
        "Ciudad del Este · Entry",
    ):
        assert value in words


def test_an_officer_of_the_post_is_not_led_to_cases(page):
    assert "C-55" not in page and "Your state is asked" in page


def test_the_sheet_of_the_day_has_an_empty_box_for_each_tick_that_is_owed(page):
    sheet = page[page.index('<section id="late"') : page.index('<section id="ticked"')]
    boxes, ticked = sheet.count('class="box"'), sheet.count("Passed")
    rows = sheet.count('<tr role="row">') - sheet.count("<thead")
    assert ticked and boxes == 2 * rows - ticked
    assert page.count('class="screen"') == 6 and page.count('class="sheet"') == 4


def test_crossings_of_today_are_on_the_sheet_with_links_to_their_trucks(full, page):
    sheet = page[page.index('<section id="ticked"') : page.index('<section id="discrepancies"')]
    shown = text(f"<main>{sheet}")
    assert "A-DUE BRA2E19 From and to Brazil → to Paraguay" in shown
    assert "Foz do Iguaçu · Exit When 10:00 Outcome ✓ Passed" in shown
    shipment = full.get(BOARD).json["passed_today"][0]["shipment"]
    assert f'href="/posts/{POST}/desk/shipments/{shipment}"' in sheet


def test_a_time_is_said_by_the_other_sides_clock_where_it_differs(signed_in, bra):
    permit = bra.post("/permits", bodies.permit()).json["id"]
    post = "pedro-juan-caballero-ponta-pora"
    expected = [{"stage": "entry", "post": post, "at": "2026-03-09T22:00:00Z"}]
    bra.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected, route=[post]))
    page = text(signed_in("PRY", "border_officer").open(f"/posts/{post}/board"))
    assert "9 Mar 2026, 19:00 Ponta Porã: 18:00" in page


def test_bars_are_on_one_line_to_one_scale_and_do_not_meet():
    chart = draw_bars(["a", "b"], [[1, 2, 0], [4, 0, 3]], ["x", "y", "z"])
    heights = {bar.value: bar.height for bar in chart.bars}
    assert heights[4] == 2 * heights[2] == 4 * heights[1] and heights[0] == 0
    assert {bar.y + bar.height for bar in chart.bars} == {chart.foot}
    for each, other in combinations(sorted(chart.bars, key=lambda bar: bar.x), 2):
        assert each.x + each.width <= other.x
    assert all(0 <= x <= WIDTH for x, _ in chart.labels) and chart.height == HEIGHT


def test_weeks_without_anything_are_no_chart():
    assert draw_bars(["a"], [[0, 0]], ["x", "y"]) is None


def test_a_live_page_neither_outlasts_nor_renews_an_idle_session(app, signed_in, monkeypatch):
    officer, idle = signed_in("PRY", "border_officer"), app.config["SESSION_IDLE"]

    def status(path, after):
        monkeypatch.setitem(app.config, "CLOCK", FixedClock(NOW + after))
        return officer.client.get(path, headers={"Accept": "application/json"}).status_code

    assert status(f"{BOARD}/live", idle * 0.9) == 200
    assert status(f"{BOARD}/live", idle * 1.1) == 401
    assert status(BOARD, idle * 0.9) == 200
    assert status(f"{BOARD}/live", idle * 1.1) == 200
