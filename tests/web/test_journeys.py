"""The way of a traced gun on the page of its trace: as a map, with a row for each event."""

import gzip
import re
from dataclasses import replace
from uuid import UUID

import pytest

from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import operator
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import transaction
from salsa_ext.tracing.traces import trace_results
from salsa_ext.tracing.traces.reports import read_locations
from tests.conftest import NOW
from tests.support import bodies
from tests.support.movements import Way, add
from tests.web.pages import text

STOP = re.compile(r'<ol class="stops">.*?</ol>', re.DOTALL)


@pytest.fixture
def analyst(signed_in):
    return signed_in("BRA", "trace_analyst")


def ask(as_actor, *before, place=bodies.FOZ):
    """A trace by Brazil of a gun that Paraguay sold, and that was found at a place in Brazil."""
    for path, role, body in before:
        as_actor("PRY", role).post(path, body)
    seizure = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure(place=place)).json
    return as_actor("BRA", "trace_analyst").post("/traces", bodies.trace_of(seizure["id"])).json


SOLD = ("/transfers", "licensing_officer", bodies.transfer())
STOLEN = ("/reports", "police_officer", bodies.report())


@pytest.fixture
def exported(as_actor):
    """A trace by Brazil of a gun that it exported to Bolivia by a post, and that came there."""
    way = Way(as_actor)
    shipment = way.ship("ABC123456")
    way.release(shipment)
    way.tick(shipment, "exit", post="ciudad-del-este-foz-do-iguacu")
    add(way.bol, shipment, "receipt", received_on="2026-03-05", all=True)
    return (
        as_actor("BRA", "trace_analyst").post("/traces", bodies.trace(found_on="2026-03-08")).json
    )


def stops(page):
    return text("<main" + STOP.search(page)[0])


def drawn(page):
    """Return a page without the legend of its map, whose signs are drawn as those on it."""
    head, legend, rest = page.partition('<ul class="legend"')
    return head + rest.partition("</ul>")[2] if legend else page


def legend(page):
    return text("<main" + page.partition('<ul class="legend"')[2].partition("</ul>")[0])


def test_the_legend_says_what_each_sign_of_the_map_is_and_none_that_is_not_on_it(analyst, as_actor):
    shown = legend(analyst.open(f"/traces/{ask(as_actor, SOLD, STOLEN)['id']}"))
    for words in (
        "a movement that one state alone recorded, or nobody",
        "somewhere in that state",
        "a place",
        "here it left the lawful world",
    ):
        assert words in shown
    assert "both states" not in shown and "border post" not in shown


def test_the_way_goes_from_a_state_to_the_place_of_the_find(analyst, as_actor):
    page = analyst.open(f"/traces/{ask(as_actor, SOLD)['id']}")
    shown = stops(page)
    assert shown == (
        "Domestic sale , 6 May 2024: Paraguay Seized , 1 Mar 2026: Foz do Iguaçu, Brazil"
    )
    assert page.count('class="place state"') == 1 and page.count('class="place place"') == 1
    assert 'class="way unsure"' in page


def test_the_map_says_in_a_title_what_the_list_says_and_the_list_leads_to_the_chain(
    analyst, as_actor
):
    page = analyst.open(f"/traces/{ask(as_actor, SOLD)['id']}")
    assert "<title>1. Paraguay</title>" in page
    assert "<title>2. Foz do Iguaçu, Brazil</title>" in page
    for target in re.findall(r'href="#(r-[^"]+)"', page):
        assert page.count(f'id="{target}"') == 1


def test_how_exact_a_place_is_is_drawn(analyst, as_actor):
    near = bodies.FOZ | {"precision": 120}
    page = analyst.open(f"/traces/{ask(as_actor, SOLD, place=near)['id']}")
    assert '<circle class="reach"' in page


def test_where_a_place_has_no_coordinates_the_state_alone_is_drawn(analyst, as_actor):
    page = analyst.open(f"/traces/{ask(as_actor, SOLD, place={'country': 'BRA'})['id']}")
    assert page.count('class="place state"') == 2 and 'class="place place"' not in page


def test_the_point_of_diversion_is_marked_on_the_map_and_in_the_list(analyst, as_actor):
    page = analyst.open(f"/traces/{ask(as_actor, SOLD, STOLEN)['id']}")
    assert drawn(page).count('<path class="turn"') == 1
    assert "▲ From here it left the lawful world" in stops(page)


def test_another_states_place_is_not_shown(analyst, as_actor):
    stolen = bodies.report(
        place={"country": "PRY", "name": "Luque", "latitude": -25.27, "longitude": -57.49}
    )
    page = analyst.open(
        f"/traces/{ask(as_actor, SOLD, ('/reports', 'police_officer', stolen))['id']}"
    )
    assert "Luque" not in page and page.count('class="place place"') == 1


def test_a_place_is_readable_with_the_document_that_names_it(as_actor, session):
    trace = ask(as_actor, SOLD)
    reader = operator("BRA", clock=FixedClock(NOW))
    with transaction(reader):
        found = trace_results.read_result(actor=reader, trace_id=UUID(trace["id"]))
        [place] = read_locations(actor=reader, result=found).values()
        assert (place.latitude, place.longitude, place.name) == (-25.52, -54.59, "Foz do Iguaçu")
        few = replace(reader, permissions=frozenset({Permission.TRACE_READ}))
        assert read_locations(actor=few, result=found) == {}


def test_the_page_with_its_map_has_no_script_or_style_inside_and_is_small(analyst, as_actor):
    page = analyst.open(f"/traces/{ask(as_actor, SOLD)['id']}")
    scripts = re.findall(r"<script[^>]*>", page)
    assert scripts and all(' src="' in script for script in scripts)
    assert " style=" not in page and "http://" not in page
    assert len(gzip.compress(page.encode())) < 150_000


def test_what_is_shipped_goes_by_the_post_and_both_states_recorded_it(analyst, as_actor, exported):
    page = analyst.open(f"/traces/{exported['id']}")
    shown = stops(page)
    assert ": Ciudad del Este–Foz do Iguaçu, Brazil Import" in shown and ": Bolivia" in shown
    assert 'class="place post"' in page and drawn(page).count('<path class="way"') == 1
    assert "both states recorded" in legend(page) and "a border post" in legend(page)


def test_a_gun_that_never_arrived_is_not_drawn_on_from_where_it_was_to_come(analyst, as_actor):
    way = Way(as_actor)
    shipment = way.ship("ABC123456")
    way.release(shipment)
    way.tick(shipment, "exit", post="ciudad-del-este-foz-do-iguacu")
    place = {"country": "BRA", "name": "Recife", "latitude": -8.05, "longitude": -34.9}
    found = bodies.seizure(place=place, occurred_on="2026-03-08")
    seizure = as_actor("BRA", "police_officer").post("/seizures", found).json
    trace = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace_of(seizure["id"])).json
    page = analyst.open(f"/traces/{trace['id']}")
    assert ": Bolivia" not in stops(page)
    assert drawn(page).count('<path class="way unsure"') == 1


def test_what_may_be_several_guns_is_shown_by_places_without_a_way(analyst, as_actor):
    for state in ("PRY", "URY"):
        sale = bodies.transfer(to=bodies.party("Ana Ejemplo", state, "individual"))
        as_actor(state, "licensing_officer").post("/transfers", sale)
    trace = as_actor("BRA", "trace_analyst").post("/traces", bodies.trace()).json
    page = analyst.open(f"/traces/{trace['id']}")
    assert "It may be one of several guns" in page and '<path class="way' not in page
    assert page.count('class="place state"') == 3


def test_each_gun_that_it_may_be_is_listed_with_its_serial(analyst, as_actor):
    officer = as_actor("PRY", "trace_analyst")
    for serial in ("ABC123451", "ABC123458"):
        sold = bodies.transfer(kind="registration", firearm=bodies.firearm(serial=serial))
        as_actor("PRY", "licensing_officer").post("/transfers", sold)
    asked = bodies.trace(firearm=bodies.firearm(serial="ABC12345?"))
    trace = as_actor("BRA", "trace_analyst").post("/traces", asked).json
    [request] = officer.get("/requests").json["items"]
    path = f"/requests/{request['id']}"
    candidates = officer.get(path).json["candidates"]
    both = {"completeness": "full", "records": [each["record"] for each in candidates]}
    officer.change(path, "answer", both)
    page = analyst.open(f"/traces/{trace['id']}")
    possible = page.partition('id="possible"')[2].partition("</section>")[0]
    assert re.findall(r"<code[^>]*>(.*?)</code>", possible) == ["ABC123451", "ABC123458"]
    assert "No record is certainly of this gun. 2 may be" in page


def test_the_place_of_another_state_is_shown_where_it_concerns_the_own_and_its_owner_reads_so(
    analyst, as_actor
):
    place = {"country": "PRY", "name": "Luque", "latitude": -25.27, "longitude": -57.49}
    joint = bodies.seizure(
        number="P-1",
        place=place,
        occurred_on="2026-03-01",
        joint_with={"state": "BRA", "number": "S-1"},
    )
    trace = ask(as_actor, SOLD, ("/seizures", "police_officer", joint))
    assert "Luque, Paraguay" in stops(analyst.open(f"/traces/{trace['id']}"))
    body = as_actor("PRY", "auditor").get("/audit?action=record:disclosed&limit=200").json["items"]
    assert ["place"] in [row["data"]["groups"] for row in body]


def test_a_place_of_which_the_name_alone_was_recorded_is_named(analyst, as_actor):
    trace = ask(as_actor, SOLD, place={"country": "BRA", "name": "Foz do Iguaçu"})
    page = analyst.open(f"/traces/{trace['id']}")
    assert "Foz do Iguaçu, Brazil" in stops(page) and page.count('class="place state"') == 2
