"""A new seizure away from a border post: its form, its list, and what it matches."""

import re

import pytest

from tests.support import bodies
from tests.web.pages import text
from tests.web.trucks import attached, picture

TYPED = {
    "items.0.serial": "ABC123456",
    "items.0.type": "pistol",
    "items.0.make": "Taurus",
    "items.2.serial": "XYZ7",
    "kind": "found",
    "occurred_on": "2026-03-05",
    "agency": "PRY-POLICE",
    "place.name": "Asunción",
    "place.latitude": "-25.2637",
    "place.longitude": "-57.5759",
    "legal_grounds.1": "possession",
    "crime_context.0": "gang",
    "setting": "home",
}


@pytest.fixture
def police(signed_in):
    return signed_in("PRY", "police_officer")


def test_a_seizure_of_several_guns_is_recorded_with_its_photograph(police, as_actor):
    done = police.send("/seizures/new", TYPED | {"photo": picture()})
    assert "✓ The seizure is recorded." in text(police.open(done.location))
    [made] = as_actor("PRY", "police_officer").get("/seizures").json["items"]
    assert [item["serial"] for item in made["items"]] == ["ABC123456", "XYZ7"]
    assert (made["kind"], made["setting"], made["place"]["latitude"]) == ("found", "home", -25.2637)
    assert (made["legal_grounds"], made["crime_context"]) == (["possession"], ["gang"])
    assert made["number"].startswith("20260305-")
    assert attached(as_actor, f"seizure:{made['id']}") == ["photograph"]
    listed = police.open("/seizures?kind=found")
    assert f'href="/seizures/{made["id"]}"' in listed and "and more: 1" in text(listed)


def test_a_seizure_without_a_number_continues_the_series_of_the_state(police, as_actor):
    own = as_actor("PRY", "police_officer")
    seizure = bodies.seizure(number="PRY-Z-0132", agency="PRY-POLICE", place={"country": "PRY"})
    own.post("/seizures", seizure)
    police.send("/seizures/new", TYPED)
    numbers = {made["number"] for made in own.get("/seizures").json["items"]}
    assert numbers == {"PRY-Z-0132", "PRY-Z-0133"}


def test_a_gauge_has_a_name_in_the_language_of_the_page(police):
    page = police.send("/seizures/new", TYPED | {"items.0.calibre": "12 gauge"}).location
    shown = police.open(page.removesuffix("/recorded"), Accept_Language="es")
    assert "Pistola · Taurus · calibre 12" in text(shown)


def test_a_form_without_a_gun_has_one_error(police):
    filled = {name: value for name, value in TYPED.items() if not name.startswith("items.")}
    page = police.send("/seizures/new", filled, 422).text
    assert "Serial number : Say what was seized" in text(page)
    assert page.count('href="#items-0-serial"') == 1 and "This field is required" not in page


def test_it_says_loudly_what_it_matches_and_whose_alert_it_meets(police, as_actor):
    duty = {
        "agency": "BRA-POLICE",
        "kind": "duty_24h",
        "languages": ["pt"],
        "hours": "24 h",
        "telephone": "+55 45 0000000",
    }
    as_actor("BRA", "state_administrator").post("/contacts", duty)
    as_actor("BRA", "police_officer").post("/alerts", bodies.alert())
    page = police.open(police.send("/seizures/new", TYPED).location)
    shown = text(page)
    assert "ABC123456 What it matches ▲ Hit" in shown
    assert "What to do Hold the gun and call Brazil, which has an alert on it." in shown
    [hit] = as_actor("PRY", "police_officer").get("/hits").json["items"]
    assert "Hit with Brazil : Hold and call ▲ Open · BRA-POLICE · +55 45 0000000" in shown
    assert f'href="/hits/{hit["id"]}"' in page and 'href="tel:+55450000000"' in page


def test_a_gun_of_lawful_records_alone_is_shown_as_lawful_without_hits(police, as_actor):
    as_actor("BRA", "licensing_officer").post("/transfers", bodies.transfer())
    page = police.open(police.send("/seizures/new", TYPED).location)
    assert "ABC123456 What it matches ● In lawful records only" in text(page)
    assert "What to do Compare the gun with the record" in text(page)
    assert '<a class="button second" href="/hits"' not in page and "▲" not in text(page)


def test_of_each_gun_hits_and_matches_are_listed_and_nothing_only_where_there_is_neither(
    police, as_actor
):
    as_actor("BRA", "police_officer").post("/alerts", bodies.alert())
    recorded = police.send("/seizures/new", TYPED).location
    shown = text(police.open(recorded))
    assert "XYZ7 : ○ Not in the records searched" in shown
    assert shown.index("Hit with Brazil") < shown.index("XYZ7 :")
    page = police.open(recorded.removesuffix("/recorded"))
    first, second = text(page).split("Serial number XYZ7")
    assert "Hit with Brazil : Hold and call" in first and "matches no record" not in first
    assert "It matches no record so far." in second and "Hit with" not in second


def test_a_gun_that_is_let_pass_leaves_no_sign_beside_its_seizure(police, as_actor):
    as_actor("PRY", "police_officer").post("/alerts", bodies.alert(action="let_pass_and_inform"))
    recorded = police.send("/seizures/new", TYPED).location
    assert len(as_actor("PRY", "police_officer").get("/hits").json["items"]) == 1
    for page in (recorded, recorded.removesuffix("/recorded")):
        assert "Hit with" not in police.open(page)


def test_each_error_is_reported_at_its_field(police, as_actor):
    empty = {"occurred_on": "", "kind": "seized", "agency": "PRY-POLICE"}
    page = police.send("/seizures/new", empty, 422).text
    assert 'id="items-0-serial-wrong"' in page and 'id="occurred_on-wrong"' in page
    wrong = TYPED | {"place.latitude": "south", "occurred_on": "2027-01-01"}
    page = police.send("/seizures/new", wrong, 422).text
    assert 'id="place-latitude-wrong"' in page
    assert as_actor("PRY", "police_officer").get("/seizures").json["items"] == []


def test_it_is_for_those_who_record_seizures(signed_in, as_actor):
    signed_in("PRY", "trace_analyst").open("/seizures/new", 403)
    assert "/seizures/new" not in signed_in("PRY", "supervisor").open("/seizures")
    made = as_actor("BRA", "police_officer").post("/seizures", bodies.seizure()).json
    signed_in("PRY", "police_officer").open(f"/seizures/{made['id']}/recorded", 404)


def gun_rows(page):
    """Return serial and type of the rows of guns on the page, in order."""
    serials = re.findall(r'name="items\.\d+\.serial" type="text" value="([^"]*)"', page)
    types = re.findall(r'<select [^>]*name="items\.\d+\.type">(.*?)</select>', page, re.S)
    chosen = [re.findall(r'value="(\w*)" selected', each) for each in types]
    return list(zip(serials, chosen, strict=True))


def test_a_form_grows_by_a_gun_each_time_and_nothing_is_recorded(police, as_actor):
    page = police.send("/seizures/new", TYPED | {"add": "items"}, 200).text
    assert [serial for serial, _ in gun_rows(page)] == ["ABC123456", "XYZ7", ""]
    assert 'id="items-2-serial" autofocus' in page
    assert as_actor("PRY", "police_officer").get("/seizures").json["items"] == []


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_forty_guns_are_pasted_checked_and_recorded(police, as_actor, separator):
    rows = [("Make", "Model", "Calibre", "Serial", "Type")]
    rows += [("Taurus", "PT 92", "9 mm", f"TKA{number}", "Pistola") for number in range(100, 139)]
    rows += [("", "", "", "KLM55", "rifle")]
    pasted = {"pasted": "\r\n".join(map(separator.join, rows))}
    typed = {name: value for name, value in TYPED.items() if not name.startswith("items.")}
    page = police.send("/seizures/new", typed | pasted, 200).text  # not recorded before it is seen
    assert "40 guns added. Columns read: Make, Model, Calibre, Serial number, Type." in text(page)
    shown = gun_rows(page)
    assert (len(shown), shown[0], shown[-1]) == (40, ("TKA100", ["pistol"]), ("KLM55", ["rifle"]))
    fields = dict(re.findall(r'name="(items\.\d+\.\w+)" type="text" value="([^"]+)"', page))
    police.send("/seizures/new", typed | fields)
    [made] = as_actor("PRY", "police_officer").get("/seizures").json["items"]
    assert [item["serial"] for item in made["items"]] == [serial for serial, _ in shown]


def test_pasted_columns_are_read_by_their_headings_and_equal_serials_named(police):
    pasted = (
        "N° de serie;Marca;Lote;Modelo;Calibre;Tipo\nTKA1;Taurus;7;G2C;9x19 mm;Pistola\ntka 1;Rossi"
    )
    page = police.send("/seizures/new", TYPED | {"pasted": pasted}, 200).text
    assert gun_rows(page)[2:] == [("TKA1", ["pistol"]), ("tka 1", [])]
    assert 'name="items.2.make" type="text" value="Taurus"' in page
    assert "Model, Calibre, Type. Columns not read: Lote." in text(page)
    assert "Firearms 3, 4: the same number, TKA1." in text(page)


def test_a_gun_is_removed_from_the_form(police):
    page = police.send("/seizures/new", TYPED | {"remove": "items.0"}, 200).text
    assert [serial for serial, _ in gun_rows(page)] == ["XYZ7"] and "Remove" not in text(page)
    page = police.send("/seizures/new", TYPED | {"add": "items"}, 200).text
    assert page.count('name="remove"') == 3


def test_what_is_wrong_of_pasted_rows_is_shown_at_all_of_them_at_once(police):
    pasted = "Taurus;PT 92;9 mm;TKA1;cannon x\nGlock;17;9 mm;TKA2;pistol\n;;;TKA3;boomerang"
    page = police.send("/seizures/new", TYPED | {"pasted": pasted, "add": "pasted"}, 200).text
    assert re.findall(r'id="(items-\d-type)-wrong"', page) == ["items-2-type", "items-4-type"]
    many = "\n".join(f"Taurus;;;TKA{number};" for number in range(101))
    page = police.send("/seizures/new", TYPED | {"pasted": many}, 200).text
    assert "A form takes 100 lines" in page and len(gun_rows(page)) == 2
    page = police.send("/seizures/new", TYPED | {"pasted": "x" * 150_000}, 200).text
    assert re.search("At most 50.?000 characters", page)


def test_a_pasted_gun_without_a_serial_is_marked_until_it_is_confirmed(police, as_actor):
    pasted = "Taurus\tPT 92\t9 mm\tTKA1\tPistola\nTaurus\t9x19\nRossi\t\t.38\tRASPADA\trevolver"
    typed = {name: typed for name, typed in TYPED.items() if not name.startswith("items.")}
    shown = police.send("/seizures/new", typed | {"pasted": pasted}, 200).text
    assert "3 guns added." in text(shown)
    assert '<a href="#items-1-serial">Line 2: 2 columns, no serial number.</a>' in shown
    assert '<a href="#items-2-serial">Line 3: “RASPADA” is no serial number.</a>' in shown
    assert re.findall(r'id="(items-\d-serial)-wrong"', shown) == ["items-1-serial"]
    assert '<option value="obliterated" selected>' in shown

    fields = dict(re.findall(r'name="(items\.\d+\.\w+)" type="text" value="([^"]+)"', shown))
    fields |= {"items.0.type": "pistol", "items.2.marking": "obliterated"}
    signs = {"items.1.no_serial": "ask", "items.2.no_serial": "ask"}
    again = police.send("/seizures/new", typed | fields | signs, 422).text
    assert re.findall(r'id="(items-\d-serial)-wrong"', again) == ["items-1-serial"]
    done = police.send("/seizures/new", typed | fields | signs | {"items.1.no_serial": "true"})
    [made] = as_actor("PRY", "police_officer").get("/seizures").json["items"]
    assert [(item["serial"], item["marking"]) for item in made["items"]] == [
        ("TKA1", "unknown"),
        (None, "unknown"),
        (None, "obliterated"),
    ]
    page = text(police.open(done.location))
    assert "3 guns without a match. Not in the records searched" in page
    assert (
        "Without a serial number: Firearm · Taurus · 9x19; Firearm · Rossi" in page
        and page.count("Not in the records") == 1
    )


def test_a_pasted_gun_of_unknown_type_is_marked_until_a_type_is_chosen(police):
    marked = TYPED | {"items.2.type_text": "cannon x"}
    page = police.send("/seizures/new", marked, 422).text
    assert 'id="items-1-type-wrong"' in page
    assert 'name="items.1.type_text" value="cannon x"' in page
    emptied = marked | {"items.2.serial": ""}
    police.send("/seizures/new", emptied)


def test_a_single_pasted_row_is_no_row_of_names_and_not_lost(police):
    page = police.send("/seizures/new", TYPED | {"pasted": "Ykqz;;;ABCDEF;"}, 200).text
    assert gun_rows(page)[-1][0] == "ABCDEF"
