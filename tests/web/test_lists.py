"""The block of lists: order, days, serial, chips, total, files; and how a list is paged when sorted."""

import csv
import io
import re
from datetime import date, datetime

import pytest
from python_calamine import CalamineWorkbook

from api.web.areas import SHOWN_ON_SCREENS
from salsa_ext.database.paging import PARSERS
from salsa_ext.documents.queries import REPORTS, SEIZURES, TRANSFERS
from salsa_ext.tracing.traces.queries import LISTING as TRACES
from salsa_ext.trade.permits.queries import LISTING as PERMITS
from salsa_ext.trade.shipments.queries import LISTING as SHIPMENTS
from tests.support import bodies
from tests.web.pages import text

DAYS = {"S-1": "2026-01-05", "S-2": "2026-02-05", "S-3": "2026-03-05"}


@pytest.fixture
def police(as_actor):
    client = as_actor("BRA", "police_officer")
    for at, (number, day) in enumerate(DAYS.items()):
        items = [bodies.firearm(serial=f"KHE5287{at}")]
        client.post("/seizures", bodies.seizure(number=number, occurred_on=day, items=items))
    return client


@pytest.fixture
def officer(police, signed_in):
    return signed_in("BRA", "police_officer")


def numbers(page):
    return re.findall(r'rowheader">\s*<a href="/seizures/[^"]+">([^<]+)<', page)


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ("", ["S-3", "S-2", "S-1"]),
        ("?sort=number", ["S-1", "S-2", "S-3"]),
        ("?sort=-occurred_on", ["S-3", "S-2", "S-1"]),
        ("?from_day=2026-02-01", ["S-3", "S-2"]),
        ("?to_day=2026-02-05", ["S-2", "S-1"]),
        ("?from_day=2026-02-01&to_day=2026-02-28", ["S-2"]),
        ("?serial=khe-52871", ["S-2"]),
        ("?serial=KHE5287%3F", []),
        ("?serial=KHE5287", []),
    ],
)
def test_a_list_is_sorted_and_narrowed(officer, query, listed):
    assert numbers(officer.open(f"/seizures{query}")) == listed


def test_the_heading_of_a_sorted_column_turns_the_order_round(officer):
    page = officer.open("/seizures?kind=seized&sort=occurred_on")
    assert re.search(r'aria-sort="ascending"><a href="[^"]*sort=-occurred_on[^"]*">Date', page)
    assert page.count("aria-sort") == 1 and "sort=number" in page


def test_each_filter_that_is_set_can_be_removed_and_all_at_once(officer):
    page = officer.open("/seizures?kind=seized&from_day=2026-02-01")
    shown = text(page)
    assert "Kind: Seized ✕ Remove this filter" in shown
    assert "From day: 1 Feb 2026 ✕ Remove this filter" in shown
    cuts = re.findall(r'class="cut" href="([^"]+)"', page)
    assert sorted(cuts) == ["/seizures?from_day=2026-02-01", "/seizures?kind=seized"]
    assert 'href="/seizures">Remove all filters' in page


def test_a_list_says_how_many_it_has_and_nothing_of_an_empty_one(officer):
    assert "Found: 2" in text(officer.open("/seizures?from_day=2026-02-01"))
    assert "Found:" not in text(officer.open("/seizures?number=S-9"))


def test_the_file_of_a_list_has_a_row_for_each_gun_in_words_and_real_dates(officer, police):
    items = [bodies.firearm(line=line, serial=f"KHE6287{line}") for line in (1, 2)]
    police.post("/seizures", bodies.seizure(number="S-4", occurred_on="2026-03-06", items=items))
    page = officer.open("/seizures?from_day=2026-02-01&sort=number")
    address = re.search(r'href="([^"]*format=csv[^"]*)"', page)[1].replace("&amp;", "&")
    answer = officer.client.get(address)
    name = 'attachment; filename="seizures_2026-02-01.csv"'
    assert answer.headers["Content-Disposition"] == name
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert [row["Number"] for row in rows] == ["S-2", "S-3", "S-4", "S-4"]
    assert [row["Serial number"] for row in rows][2:] == ["KHE62871", "KHE62872"]
    address = address.replace("csv", "xlsx")
    workbook = officer.client.get(address, headers={"Accept-Language": "es"}).get_data()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_name("Incautaciones")
    heading, *lines = sheet.to_python()
    shown = [dict(zip(heading, line, strict=True)) for line in lines]
    assert [each["Fecha"] for each in shown[:2]] == [date(2026, 2, 5), date(2026, 3, 5)]
    assert {each["Clase"] for each in shown} == {"Incautada"}
    assert shown[0]["Fabricante"] == "Taurus" and "Lugar · País" in heading
    assert isinstance(shown[0]["Registrado (UTC)"], datetime)
    assert not any("_" in name or "." in name for name in heading)


def test_the_pages_of_a_sorted_list_follow_each_other(police):
    first = police.get("/seizures?sort=number&limit=2").json
    assert [item["number"] for item in first["items"]] == ["S-1", "S-2"]
    second = police.get(first["next"].removeprefix("/api/v1")).json
    assert [item["number"] for item in second["items"]] == ["S-3"]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["AZ", "AZ~S-1", "0199f2c0-5d1e-7a31-8c5e-2f9d0b6a7c11~x"])
def test_a_wrong_cursor_of_a_sorted_list_is_refused(police, cursor):
    assert "cursor" in police.get(f"/seizures?sort=occurred_on&cursor={cursor}", 422).json["errors"]


@pytest.mark.parametrize(
    "listing",
    [SEIZURES.listing, REPORTS.listing, TRANSFERS.listing, TRACES, PERMITS, SHIPMENTS],
    ids=lambda listing: listing.model.__name__,
)
def test_a_list_is_sorted_by_columns_without_nulls_alone(listing):
    columns = listing.model.__table__.c
    assert [name for name in listing.sorts if name in columns and columns[name].nullable] == []
    types = {getattr(listing.model, name).type.python_type for name in listing.sorts}
    assert types <= PARSERS.keys()  # so that the next page begins where this one ends


def test_every_page_says_whose_it_is_and_where_one_is(officer, as_actor):
    administrator = as_actor("BRA", "state_administrator")
    head = officer.open("/seizures").partition("<main")[0]
    assert "<b>Brazil</b>" in head and "Police officer" in head
    assert re.findall(r'href="([^"]+)" aria-current="page"', head) == ["/seizures"]
    administrator.post("/settings", {"authority_name": "Polícia <Um>"}, 200, If_Match='"0"')
    assert "<small>Polícia &lt;Um&gt;</small>" in officer.open("/seizures")


def test_areas_that_have_no_room_are_in_a_menu(signed_in):
    head = signed_in("BRA", "trace_analyst").open("/traces").partition("<main")[0]
    bar, _, menu = head.partition("<details>")
    assert len(re.findall("<li[ >]", bar)) == SHOWN_ON_SCREENS + 2  # home, and the menu
    assert 'href="/traces" aria-current="page"' in bar and 'href="/consents"' in menu


def test_a_register_of_another_state_has_its_total_and_its_files(signed_in, as_actor):
    as_actor("PRY", "licensing_officer").post("/licensees", bodies.licensee())
    published = {"published_roles": ["importer"]}
    as_actor("PRY", "state_administrator").post("/settings", published, 200, If_Match='"0"')
    officer = signed_in("BRA", "licensing_officer")
    page = officer.open("/desk/licensees?state=PRY")
    assert "Found: 1" in page and "format=csv" in page
    assert "Your state has no licensee like this." in officer.open("/desk/licensees")


def test_a_licensee_shows_its_permits_shipments_and_what_is_open(as_actor, signed_in):
    pry, bra = (as_actor(state, "licensing_officer") for state in ("PRY", "BRA"))
    own = pry.post("/licensees", bodies.licensee()).json["id"]  # Armas del Sur, a dealer
    other = bodies.licensee(number="L-2", party=bodies.party("Otra Casa"))
    other = pry.post("/licensees", other).json["id"]
    named = bodies.import_permit(number="I-1", importer=bodies.party("ARMAS DEL SUR"))
    pry.post("/permits", named)
    pry.post("/permits", bodies.import_permit(number="I-2", importer=bodies.party("Nadie")))
    [permit] = pry.get(f"/permits?licensee={own}").json["items"]
    assert permit["number"] == "I-1" and pry.get(f"/permits?licensee={other}").json["items"] == []
    assert pry.get(f"/shipments?licensee={own}").json["items"] == []
    bra.get(f"/permits?licensee={own}", 404)
    officer = signed_in("PRY", "licensing_officer")
    assert f'href="/desk/licensees/{own}"' in officer.open("/desk/licensees")
    page = text(officer.open(f"/desk/licensees/{own}"))
    assert "Armas del Sur" in page and "I-1" in page and "I-2" not in page
    assert "Nothing has been shipped yet." in page
    assert "No permit names it." in officer.open(f"/desk/licensees/{other}")
