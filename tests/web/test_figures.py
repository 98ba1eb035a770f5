"""The page of figures: those of the own state, or of those that allow it, by what one chooses."""

import re
from datetime import date

import pytest

from salsa_ext.access.rules import operator
from salsa_ext.custody.figures import SEIZURES
from salsa_ext.statistics import rollups
from salsa_ext.trade.permits.figures import PERMITS
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
    page = officer.open("/figures/table?by=class&then=diverted_in&grain=year")
    assert "Seizures: 6" not in page and "In all: 6" in text(page)
    assert "Pistol Diverted in Paraguay 2025 1 In all 1" in lines(page)
    assert "Pistol Diverted in Not established 2025 5 In all 5" in lines(page)


def test_the_pictures_of_a_state_have_their_tables(officer):
    page = officer.open("/figures?year=2025")
    shown = text(page)
    assert '<svg viewBox="0 0 640' in page
    assert "6 2024: 0" in shown and "16.7 % 1 of 6" in shown
    assert "Where they left lawful hands: known of 1 of 6 guns." in shown
    assert "Brazil Diverted in Paraguay Found in Brazil 2025 1" in lines(
        page[page.index('id="flows"') :]
    )
    assert "Pistol 2025 6" in lines(page[page.index('id="seizures-class"') :])
    assert officer.open("/figures?year=2025&division=Paran%C3%A1").count("<section class=") < 8


def test_a_picture_leads_to_its_table_and_file(officer):
    page = officer.open("/figures?year=2025")
    found = [
        address.replace("&amp;", "&") for address in re.findall(r'href="(/figures/[^"]*)"', page)
    ]
    files = [address for address in found if "format=csv" in address]
    assert len(files) > 8 and "pistol" in officer.open(
        next(each for each in files if "by=class" in each)
    )
    assert {officer.client.get(address).status_code for address in found} == {200}


def test_fields_that_exclude_each_other_are_reported(officer):
    page = officer.open("/figures/table?by=marking&then=transport", 422)
    assert "cannot be combined" in text(page)


def test_a_file_has_the_same_rows(officer):
    body = officer.open("/figures/table?by=class&grain=year&format=csv")
    assert [row.split(",")[:1] for row in body.splitlines()[1:]] and "pistol" in body


def test_a_period_without_figures_has_a_place_and_its_name_in_the_readers_language(
    officer, as_actor
):
    body = bodies.seizure(number="S-2", occurred_on="2025-05-20")
    as_actor("BRA", "police_officer").post("/seizures", body)
    jobs.jobs_to_idle()
    officer.client.set_cookie("salsa_language", "es")
    pistols = lines(officer.open("/figures/table"))[1]
    assert pistols == "Pistola T2 2025 1 T3 2025 0 T4 2025 6 En total 7"


def test_rounds_are_no_sum_with_guns(officer, as_actor):
    rounds = {"line": 1, "category": "ammunition", "calibre": "9x19", "quantity": 500}
    as_actor("BRA", "police_officer").post(
        "/seizures", bodies.seizure(number="S-3", items=[rounds])
    )
    jobs.jobs_to_idle()
    assert "In all: 6 " in text(officer.open("/figures/table"))
    assert "In all: 500 " in text(officer.open("/figures/table?category=ammunition"))


def test_the_secretariat_begins_with_the_map_of_the_last_ended_year(officer, signed_in):
    secretariat = signed_in(None, "secretariat")
    home = secretariat.open("/")
    assert "Figures of 2025" in text(home) and "States with figures: 1 of 34." in text(home)
    assert 'aria-label="Brazil: 6"' in home and "<title>Peru: no figures</title>" in home
    assert lines(home)[1:] == ["Brazil 2023 – 2024 – 2025 6 Change since 2023 –"]
    assert "Not all of 2023 is reported by Brazil." in text(home)
    rows = lines(secretariat.open("/figures/table"))
    assert any(row.startswith("Brazil Register declared Seizures") for row in rows)
    pictures = text(secretariat.open("/figures?class=pistol&kind=seized"))
    assert "Lawful exports that traces found: 0 of 6 guns." in pictures
    assert "What became of the guns" not in pictures, "it is not released yet"
    assert "Figures of Brazil, 2025" in secretariat.open("/figures?state=BRA")


def test_change_is_that_of_years_with_figures_in_each_month(signed_in):
    subject = ("seized", "firearm", "pistol")
    with jobs.as_worker(operator("PRY")):
        for year, amount in ((2023, 1), (2025, 3)):
            for month in range(1, 13):
                rollups.add_facts({SEIZURES.fact("PRY", subject, date(year, month, 1)): amount})
    home = signed_in(None, "secretariat").open("/")
    assert lines(home)[1:] == ["Paraguay 2023 12 2024 – 2025 36 Change since 2023 +24"]
    assert "Not all of 2023" not in text(home)


def test_a_state_with_import_permits_alone_has_figures(signed_in):
    with jobs.as_worker(operator("KNA")):
        permit = PERMITS.fact("KNA", ("import", "issued"), date(2025, 3, 3), partner="USA")
        rollups.add_facts({permit: 4})
    page = signed_in(None, "secretariat").open("/figures?year=2025&class=pistol")
    rows = lines(page[page.index('id="coverage"') :])
    row = next(each for each in rows if each.startswith("St. Kitts &amp; Nevis"))
    assert "Permits 4" in row and "Without any figure: Antigua" in text(page)
    assert "St. Kitts" not in re.findall(r"Without any figure: ([^.]*)", text(page))[0]


def test_another_dataset_drops_what_only_the_one_before_had(officer, signed_in):
    secretariat = signed_in(None, "secretariat")
    page = secretariat.open(
        "/figures/table?dataset=permits&grain=quarter&by=permit&then=kind&answer=late"
    )
    shown = page[page.index('name="permit"') :]
    assert re.findall(r"<option[^>]*>([^<]*)<", shown)[0] == "Any"
    assert "Export" in shown[: shown.index("</select>")]


def test_the_file_of_steps_has_the_steps_of_the_page(officer):
    page = officer.open("/figures?year=2025")
    address = re.search(r'href="([^"]*picture=gun-steps[^"]*)"', page)[1].replace("&amp;", "&")
    assert officer.open(address).splitlines()[1] == '"Guns seized, found, surrendered",6,0'
    officer.open("/figures?format=csv&picture=nothing", 404)


def test_a_picture_names_the_filters_that_it_does_not_have(officer):
    page = officer.open("/figures?year=2025&kind=found&class=pistol")
    notes = re.findall(r"Not narrowed by: [^.]*\.", text(page))
    assert "Not narrowed by: Seized, found or surrendered." in notes, "traces are of a class"
    assert "Not narrowed by: Seized, found or surrendered, Class of firearm (UNODC)." in notes
    assert "Not narrowed" not in officer.open("/figures?year=2025&category=firearm")


def test_a_kind_has_its_colour_whatever_is_chosen(officer, as_actor):
    body = bodies.seizure(number="S-4", kind="found", occurred_on="2025-05-20")
    as_actor("BRA", "police_officer").post("/seizures", body)
    jobs.jobs_to_idle()
    for query, colours in (("", {"0", "1"}), ("&kind=found", {"1"})):
        page = officer.open(f"/figures?year=2025{query}")
        assert {*re.findall(r'class="series-(\d)"', page)} == colours


def test_values_to_choose_from_are_in_order_and_named_once(officer):
    page = officer.open("/figures/table?dataset=traces")
    options = re.findall(r'<option value="[^"]*"[^>]*>([^<]*)</option>', page)
    bands = [name for name in options if name.endswith((" months", " years"))]
    assert bands[:3] == ["Under 3 months", "3 to 12 months", "1 to 3 years"]
    sold_in = page[page.index('name="sold_in"') :]
    names = re.findall(r">([^<]*)</option>", sold_in[: sold_in.index("</select>")])
    assert names[1:3] == ["Afghanistan", "Åland Islands"] and names.count("Unknown") == 1
    assert "Yugoslavia" not in names and options.count("By quarter") == 1
