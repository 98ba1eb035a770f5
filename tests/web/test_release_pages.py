"""Pages of published figures: anybody reads them, the secretariat makes them."""

import json
import re
from datetime import date

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.statistics import rollups
from tests.support import jobs
from tests.web.pages import text

SHOTGUNS, RIFLES, CARBINES = (
    SEIZURES.fact("BRA", ("seized", "firearm", group), date(2025, 3, 3), values=[("type", name)])
    for group, name in (("shotgun", "shotgun"), ("rifle", "assault_rifle"), ("rifle", "carbine"))
)


@pytest.fixture
def secretariat(signed_in):
    with jobs.as_worker(operator("BRA")):
        rollups.add_facts({SHOTGUNS: 8, RIFLES: 2, CARBINES: 2})
    return signed_in(None, "secretariat")


@pytest.fixture
def published(secretariat, app):
    """The address of a release that the secretariat made on its page."""
    made = secretariat.send("/releases/new", {"year": "2025", "note": "Provisional."})
    assert "It is being made: 0 of 14 tables" in text(secretariat.open(made.location))
    jobs.run_due(app, "releases")
    page = secretariat.open(made.location)
    preview = text(page)
    assert "format=" not in page
    assert "Of these, without guns in some months Brazil" in preview
    assert "Guns by type States 1 Cells 2 Withheld 2" in preview
    secretariat.send(f"{made.location}/publish", {})
    jobs.run_due(app, "releases")
    return made.location


def test_who_is_not_signed_in_reads_a_release_and_its_files(visitor, published):
    assert published in visitor.open("/releases")
    page = visitor.open(published)
    assert "Figures of 2025, release 1" in page and "Provisional." in page
    assert "Brazil Assault rifle ○ withheld Carbine ○ withheld Shotgun 8 In all 12" in text(page)
    addresses = [
        each.replace("&amp;", "&") for each in re.findall(r'href="([^"]*format=[^"]*)"', page)
    ]
    assert {visitor.client.get(address).status_code for address in addresses} == {200}
    document = json.loads(visitor.client.get(f"{published}?format=json").data)
    assert document["signature"] and len(document["tables"]) == 14
    for query in ("format=csv", "format=xlsx&table=none", "format=pdf"):
        assert visitor.client.get(f"{published}?{query}").status_code == 404


def test_what_is_not_published_is_for_the_secretariat_alone(visitor, secretariat, signed_in):
    made = secretariat.send("/releases/new", {"year": "2025"}).location
    assert "Preview being made" in secretariat.open("/releases")
    assert "No year is published yet." in visitor.open("/releases")
    visitor.open(made, 404)
    officer = signed_in("BRA", "police_officer")
    officer.open(made, 404)
    officer.open("/releases/new", 403)


def test_a_year_that_runs_is_refused_at_its_field(secretariat):
    page = secretariat.send("/releases/new", {"year": "2026"}, 422).text
    assert "This year has not ended." in page
