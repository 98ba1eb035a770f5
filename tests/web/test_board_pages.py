"""The page of a board: every figure is one of the interface, and map, charts and sheet say the same."""

import gzip
import re
from itertools import combinations
from pathlib import Path

import pytest

from api.web.charts import HEIGHT, WIDTH, bars
from tests import bodies
from tests.movements import act
from tests.web import scenes
from tests.web.pages import text

POST = scenes.POST
BOARD = f"/posts/{POST}/board"
STYLE = Path(__file__).parents[2] / "api/web/static/salsa.css"
LANGUAGES = ("en", "es", "fr", "pt")


@pytest.fixture
def full(as_actor):
    """A post with one row at least of everything that a board shows."""
    scenes.busy_post(as_actor)
    exporter, officer = as_actor("BRA", "licensing_officer"), as_actor("PRY", "border_officer")
    permit = exporter.post("/permits", bodies.permit(number="E-2")).json["id"]
    expected = [{"stage": "entry", "post": POST, "at": "2026-03-09T22:00:00Z"}]
    route = [POST, "posadas-encarnacion"]
    body = bodies.shipment(("ZZ10001", "ZZ10002"), number="A-TODAY", expected=expected, route=route)
    made = act(exporter, exporter.post(f"/permits/{permit}/shipments", body).json, "release")
    left = {
        "stage": "exit",
        "post": POST,
        "occurred_at": "2026-03-09T13:00:00Z",
        "outcome": "passed",
    }
    as_actor("BRA", "border_officer").post(f"/shipments/{made['id']}/checkpoints", left)
    gone = exporter.post(
        f"/permits/{permit}/shipments", bodies.shipment(("ZZ10003",), number="A-SHORT")
    )
    short = act(exporter, gone.json, "release")
    receipt = {"received_on": "2026-03-09", "items": [{"serial": "ZZ1000E"}]}
    officer.post(f"/shipments/{short['id']}/receipt", receipt)
    halfway = {"country": "PRY", "latitude": -26.435, "longitude": -55.235, "precision": 3}
    officer.post("/seizures", bodies.seizure(number="S-WAY", place=halfway))
    as_actor("BRA", "trace_analyst").post("/alerts", bodies.alert())
    officer.post("/checks", {"serial": "ABC123456", "make": "Taurus", "calibre": "9x19",
                             "purpose": "border", "incident": "I-1"})  # fmt: skip
    scenes.waiting_requests(as_actor)
    return officer


@pytest.fixture
def page(full, signed_in):
    return signed_in("PRY", "border_officer").open(BOARD)


def at(given, way):
    """Return what stands at a way in the answer of the interface: a position, an id, or a field."""
    for step in way.split("/"):
        if isinstance(given, dict):
            given = given[step]
        elif step.isdigit():
            given = given[int(step)]
        else:
            given = next(one for one in given if one["id"] == step)
    return len(given) if isinstance(given, list) else given


def test_no_figure_is_on_the_page_that_the_interface_does_not_give(full, page):
    given = full.get(BOARD).json
    figures = re.findall(r'<data value="([^"]*)" data-of="([^"]*)">', page)
    assert len(figures) > 40
    for value, way in figures:
        assert float(value) == at(given, way), way


def test_every_part_of_the_board_has_figures_or_rows(full, page):
    given = full.get(BOARD).json
    assert all(count for name, count in given["counts"].items() if name != "clocks_late")
    assert given["clocks"] and given["routes"]
    for way in (
        "due",
        "seizures",
        "along",
        "places",
        "clocks",
        "weeks",
        "flows",
        "figures",
        "counts",
    ):
        assert f'data-of="{way}/' in page


NOT_FIGURES = r"""
    <data[ ].*?</data> | <a[ ].*?</a> | <svg.*?</svg> | <caption>.*?</caption> | <h\d.*?</h\d>
    | <th[ ].*?</th> | <nav.*?</nav> | <p[ ].*?</p> | <ul[ ]class="sides.*?</ul>
    | <span[ ]class="(?:quiet|mark|code)[^>]*>.*?</span> | [A-Z]+-\d+\w* | \d?\d:\d\d
    | \d+[ ](?:day|hour|minute)s?
"""
"""What is cut out: figures, links, drawings, captions, names, dates and times, and what follows from them."""


def test_what_is_written_in_cells_beside_figures_is_no_other_figure(page):
    main = page[page.index("<main") : page.index("</main>")]
    left = re.sub(NOT_FIGURES, "", main, flags=re.VERBOSE | re.DOTALL)
    words = " ".join(re.sub(r"<[^>]+>", " ", left).split())
    dates = re.sub(r"[A-Z][a-z]{2} \d{1,2}(, \d{4})?|BR-2026-118|BRA2E19", "", words)
    numbers = re.findall(r"(?<![\w-])\d+(?:\.\d+)?(?![\w-])", dates)
    assert [one for one in numbers if one != "0"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_page_is_small(full, signed_in, language):
    visitor = signed_in("PRY", "border_officer")
    page = visitor.open(BOARD, Accept_Language=language)
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


def test_both_sides_stand_side_by_side_and_each_says_its_own(page):
    words = text(page)
    for said in ("Brazil → to Paraguay, Left, as Brazil says", "to Paraguay, Entered, as Paraguay says",
                 "Foz do Iguaçu · Exit", "Ciudad del Este · Entry"):  # fmt: skip
        assert said in words


def test_an_officer_of_the_post_is_not_led_to_cases(page):
    assert "C-55" not in page and "Your state is asked" in page


def test_the_sheet_of_the_day_has_an_empty_box_for_each_tick_that_is_owed(page):
    sheet = page[page.index('<section id="late"') : page.index('<section id="discrepancies"')]
    boxes, ticked = sheet.count('class="box"'), sheet.count("Passed")
    rows = sheet.count('<tr role="row">') - sheet.count("<thead")
    assert ticked and boxes == 2 * rows - ticked
    assert page.count('class="screen"') == 6 and page.count('class="sheet"') == 3


def test_a_time_is_said_by_the_other_sides_clock_where_it_differs(as_actor, signed_in):
    exporter = as_actor("BRA", "licensing_officer")
    permit = exporter.post("/permits", bodies.permit()).json["id"]
    post = "pedro-juan-caballero-ponta-pora"
    expected = [{"stage": "entry", "post": post, "at": "2026-03-09T22:00:00Z"}]
    exporter.post(f"/permits/{permit}/shipments", bodies.shipment(expected=expected, route=[post]))
    page = text(signed_in("PRY", "border_officer").open(f"/posts/{post}/board"))
    assert "Mar 9, 2026, 19:00 Ponta Porã: 18:00" in page


def test_bars_stand_on_one_line_to_one_scale_and_do_not_meet():
    chart = bars(["a", "b"], [[1, 2, 0], [4, 0, 3]], ["x", "y", "z"])
    heights = {bar.value: bar.height for bar in chart.bars}
    assert heights[4] == 2 * heights[2] == 4 * heights[1] and heights[0] == 0
    assert {bar.y + bar.height for bar in chart.bars} == {chart.foot}
    for one, other in combinations(sorted(chart.bars, key=lambda bar: bar.x), 2):
        assert one.x + one.width <= other.x
    assert all(0 <= x <= WIDTH for x, _ in chart.labels) and chart.height == HEIGHT


def test_weeks_without_anything_are_no_chart():
    assert bars(["a"], [[0, 0]], ["x", "y"]) is None
