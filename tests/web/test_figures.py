"""The page of figures: those of the own state, or of those that allow it, by what one chooses."""

import re

import pytest

from tests.support import bodies, jobs
from tests.web.pages import text


@pytest.fixture
def officer(signed_in, as_actor):
    """A police officer whose state recorded six pistols, and for one its origin."""
    guns = [bodies.firearm(line=line, serial=f"FG{line}77{line}") for line in range(1, 7)]
    police = as_actor("BRA", "police_officer")
    made = police.post("/seizures", bodies.seizure(items=guns, occurred_on="2025-11-20")).json
    origin = {"occurred_on": "2026-02-01", "established_by": "court", "lines": [1]}
    body = origin | {"diversion_kind": "theft_dealer", "state": "PRY"}
    police.post(f"/seizures/{made['id']}/origins", body)
    jobs.jobs_to_idle()
    return signed_in("BRA", "police_officer")


def lines(page):
    table = page[page.index("<table") :]
    rows = re.findall(r'<tr role="row">.*?</tr>', table, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]


def test_an_officer_reads_the_own_figures_by_two_dimensions(officer):
    page = officer.open("/figures?by=class&then=diverted_in&grain=year")
    assert "Seizures: 6" not in page and "In all: 6" in text(page)
    assert "Pistol Diverted in Paraguay 2025 1 In all 1" in lines(page)
    assert "Pistol Diverted in Not established 2025 5 In all 5" in lines(page)
    assert '<svg viewBox="0 0 640' in page


def test_the_page_shows_how_many_origins_are_established(officer):
    assert "(SDG 16.4.2) 16.7 % 1 of 6" in text(officer.open("/figures?year=2025"))


def test_what_cannot_be_combined_is_said_at_its_field(officer):
    page = officer.open("/figures?by=marking&then=transport", 422)
    assert "cannot be combined" in text(page)


def test_a_file_has_the_same_rows(officer):
    body = officer.open("/figures?by=class&grain=year&format=csv")
    assert [row.split(",")[:1] for row in body.splitlines()[1:]] and "pistol" in body


def test_a_period_without_figures_has_a_place_and_its_name_in_the_readers_language(
    officer, as_actor
):
    body = bodies.seizure(number="S-2", occurred_on="2025-05-20")
    as_actor("BRA", "police_officer").post("/seizures", body)
    jobs.jobs_to_idle()
    officer.client.set_cookie("salsa_language", "es")
    pistols = lines(officer.open("/figures"))[1]
    assert pistols == "Pistola T2 2025 1 T3 2025 0 T4 2025 6 En total 7"


def test_rounds_are_no_sum_with_guns(officer, as_actor):
    rounds = {"line": 1, "category": "ammunition", "calibre": "9x19", "quantity": 500}
    as_actor("BRA", "police_officer").post(
        "/seizures", bodies.seizure(number="S-3", items=[rounds])
    )
    jobs.jobs_to_idle()
    assert "In all: 6 " in text(officer.open("/figures"))
    assert "In all: 500 " in text(officer.open("/figures?category=ammunition"))


def test_the_secretariat_begins_with_the_last_ended_year(officer, signed_in):
    secretariat = signed_in(None, "secretariat")
    said = text(secretariat.open("/"))
    assert "Figures of 2025 6 Seizures States with figures: 1 0 Traces" in said
    rows = lines(secretariat.open("/figures"))
    assert rows[1] == "Brazil 2025 6 In all 6"
    assert any(row.startswith("Brazil Register Seizures Takes part since") for row in rows)
