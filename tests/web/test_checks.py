"""The page of a check: its form, its answer, and what it never shows."""

import re

import pytest

from tests.support import bodies
from tests.web.pages import text

CHECK = "/checks/new"
DUTY = {
    "agency": "PRY-POLICE",
    "kind": "duty_24h",
    "languages": ["es"],
    "hours": "24 h",
    "telephone": "+595 21 0000000",
}

LOT_ITEM = {"line": 1, "category": "ammunition", "lot": "AYT23", "quantity": 50, "calibre": "9x19"}


def query(**changes):
    return {
        "serial": "ABC123456",
        "make": "Taurus",
        "calibre": "9x19",
        "purpose": "investigation",
        "case_number": "C-1",
    } | changes


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "police_officer")


@pytest.fixture
def sell(as_actor):
    """Let a dealer in Paraguay sell a gun; returns its record."""

    def make(**changes):
        dealer = as_actor("PRY", "licensing_officer")
        return dealer.post("/transfers", bodies.transfer(**changes)).json["firearm"]["record"]

    return make


def ask(officer, expect=200, headers=None, **changes):
    return officer.send(CHECK, query(**changes), expect, **(headers or {})).get_data(as_text=True)


def test_a_known_serial_is_reported_with_state_event_day_and_reasons(officer, sell):
    record = sell()
    page = ask(officer)
    shown = text(page)
    assert shown.count("● In lawful records only") == 1
    assert "Compare the gun with the record, then call the state that holds it." in shown
    assert "Paraguay: Domestic sale, 6 May 2024" in shown
    assert "For: The serial is the same." in shown
    assert f'action="/guns/{record}"' in page


@pytest.mark.parametrize("kind", ["theft", "seizure", "alert"])
def test_a_gun_that_is_missed_sought_or_was_seized_is_a_hit(officer, sell, kind, pry_police):
    sell()
    if kind == "theft":
        pry_police.post("/reports", bodies.report())
    elif kind == "seizure":
        pry_police.post("/seizures", bodies.seizure(place=bodies.FOZ | {"country": "PRY"}))
    else:
        pry_police.post("/alerts", bodies.alert())
    assert "▲ Hit" in text(ask(officer))


def test_evidence_against_is_in_words_too(officer, sell):
    sell()
    shown = text(ask(officer, make="Glock"))
    assert "Possible hit" in shown
    assert "Against: The make differs." in shown


def test_an_unreadable_glyph_is_asked_for_as_it_is_typed(officer, sell):
    sell()
    shown = text(ask(officer, serial="ABC12?456"))
    assert "Serial number ABC12?456" in shown
    assert "The serial is the same in the 8 characters that can be read." in shown


@pytest.mark.boards
def test_an_unknown_serial_says_how_far_was_searched(officer, sell):
    sell()
    shown = text(ask(officer, serial="ZZZ999888"))
    assert "○ Not in the records searched" in shown
    assert "that does not make it lawful" in shown
    assert "Whose records were searched: 34 states" in shown
    assert "Paraguay 1 9 Mar 2026 Registers all, complete" in shown
    assert "Whom to call" not in shown


def test_the_office_on_duty_is_named_with_its_telephone(officer, sell, as_actor):
    as_actor("PRY", "state_administrator").post("/contacts", DUTY)
    sell()
    page = ask(officer)
    assert "PRY-POLICE , Paraguay 24-hour duty service · 24 h · Español" in text(page)
    assert 'href="tel:+595210000000"' in page


def test_a_state_without_an_office_says_so(officer, sell):
    sell()
    assert "Paraguay has no office registered that can be called." in text(ask(officer))


@pytest.mark.parametrize(
    "language,expected",
    [
        ("en", "▲ Reported stolen: Paraguay"),
        ("es", "▲ Denunciada como robada: Paraguay"),
        ("fr", "▲ Déclarée volée : Paraguay"),
        ("pt", "▲ Comunicada como furtada ou roubada: Paraguai"),
    ],
)
def test_a_stolen_gun_is_said_to_be_in_words_and_by_a_sign(officer, as_actor, language, expected):
    as_actor("PRY", "police_officer").post("/reports", bodies.report())
    page = text(ask(officer, headers={"Accept_Language": language}))
    assert expected.replace(" :", ":") in page.replace(" :", ":").replace("\xa0", " ")


def test_all_states_that_hold_something_are_named_to_be_called(officer, sell, as_actor):
    as_actor("PRY", "state_administrator").post("/contacts", DUTY)
    as_actor("URY", "police_officer").post("/reports", bodies.report())
    sell()
    page = text(ask(officer))
    assert "PRY-POLICE , Paraguay 24-hour duty service" in page
    assert "Uruguay has no office registered that can be called." in page


def test_of_a_pointer_nothing_but_its_state_and_office_is_shown(officer, sell, as_actor):
    as_actor("PRY", "state_administrator").post("/contacts", DUTY)
    record = sell(visibility="pointer")
    page = ask(officer)
    shown = text(page)
    assert "This state holds something, and lets only its office say what." in shown
    assert record not in page
    assert "Domestic sale" not in shown and "6 May 2024" not in shown and "The make" not in shown


def test_of_a_silent_record_nothing_is_shown(officer, sell):
    record = sell(visibility="silent")
    page = ask(officer)
    assert "Not in the records searched" in page and record not in page
    assert "Paraguay" not in text(page).partition("What was asked")[0]


def test_a_mark_that_was_corrected_says_so(officer, pry):
    made = pry.post("/transfers", bodies.transfer()).json
    body = bodies.transfer(firearm=bodies.firearm(serial="KLM777888")) | {"reason": "Misread"}
    pry.post(f"/transfers/{made['id']}/correct", body, 200, If_Match=f'"{made["version"]}"')
    assert "This mark was corrected since: the record says another now." in text(ask(officer))


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        (
            {"serial": ""},
            "serial",
            "Give the serial of a firearm, or the lot of ammunition or parts: one of the two.",
        ),
        ({"serial": "raspado"}, "serial", "trace it by its make and import mark"),
        ({"serial": "??*"}, "serial", "None of this serial can be read"),
        ({"serial": "A1", "make": "", "calibre": ""}, "serial", "its make and calibre as well"),
        ({"year": "ninety"}, "year", "A whole number is needed here"),
        ({"country": "Atlantis"}, "country", "three capital letters"),
        ({"purpose": "seizure", "case_number": ""}, "case_number", "needs a case number"),
        (
            {"purpose": "street", "case_number": ""},
            "incident",
            "Give the incident, or a case number.",
        ),
        ({"purpose": "fun"}, "purpose", "One of"),
    ],
)
def test_an_error_shows_the_value_as_it_was_typed(officer, changes, field, expected):
    page = ask(officer, 422, **changes)
    assert f'<a href="#{field}">' in page and f'id="{field}-wrong"' in page
    assert expected in text(page).replace("&#39;", "'")
    assert f'value="{query(**changes)["serial"]}"' in page


def test_a_make_that_did_not_count_is_named_next_to_the_verdict_and_at_its_field(officer, sell):
    sell()
    page = ask(officer, make="taruus")
    remark = "“taruus” is not a known make, and did not count. Did you mean Taurus?"
    assert f"! Make : {remark}" in text(page) and '<a href="#make">' in page
    assert f'<p class="hint" id="make-hint">{remark}</p>' in page


def test_a_country_is_taken_by_its_name(officer, sell):
    sell()
    assert "The country of manufacture is the same." in text(ask(officer, country="Brasil"))


def test_a_check_is_written_down_for_both_states(officer, sell, as_actor):
    sell()
    ask(officer)
    mine = as_actor("BRA", "auditor").get("/audit").json["items"]
    theirs = as_actor("PRY", "auditor").get("/audit").json["items"]
    [made] = [entry for entry in mine if entry["action"] == "check:made"]
    assert made["purpose"] == "investigation" and made["case_number"] == "C-1"
    assert "record:matched" in [entry["action"] for entry in theirs]


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        ("police_officer", "street"),
        ("border_officer", "border"),
        ("licensing_officer", "licensing"),
        ("trace_analyst", "investigation"),
    ],
)
def test_the_form_opens_with_the_purpose_of_the_role(signed_in, role, purpose):
    assert f'<option value="{purpose}" selected>' in signed_in("BRA", role).open(CHECK)


def test_how_many_more_fit_is_said_and_all_are_listed_where_it_is_asked_to(officer, sell):
    for digit in "0123456789":
        for kind in ("registration", "domestic_sale"):
            gun = bodies.firearm(serial=f"TKA5238{digit}")
            sell(kind=kind, number=f"{kind}-{digit}", firearm=gun)
    page = ask(officer, serial="TKA5238?")
    left = int(re.search(r"Records that fit less well and are not listed: (\d+)\.", text(page))[1])
    assert left > 0 and page.count("Record and history of this gun") == 20 - left
    form = page[page.index("are not listed") :].partition("</form>")[0]
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert (sent["serial"], sent["case_number"], sent["all"]) == ("TKA5238?", "C-1", "true")
    page = ask(officer, **sent)
    assert page.count("Record and history of this gun") == 20
    assert "are not listed" not in page


def test_a_lot_is_named_everywhere_and_nothing_speaks_of_a_gun(officer, pry_police):
    pry_police.post(
        "/seizures", bodies.seizure(place=bodies.FOZ | {"country": "PRY"}, items=[LOT_ITEM])
    )
    page = ask(officer, serial="", make="", calibre="", lot="AYT23")
    title = re.search("<title>(.*?)</title>", page, re.S)[1]
    answered = text(page.split("Ask once more")[0])
    assert ": AYT23" in title and "Lot AYT23" in answered and "Serial number" not in answered
    assert "Records that may be of this lot" in answered and " gun" not in answered


def test_a_check_has_its_mark_as_number_in_the_audit_and_is_found_by_it(officer, signed_in):
    ask(officer, serial="", make="", calibre="", lot="ayt 23")
    ask(officer)
    supervisor = signed_in("BRA", "auditor")
    for typed, number in (("AYT23", "ayt 23"), ("abc-123456", "ABC123456")):
        found = text(supervisor.open(f"/audit?action=check:made&subject_id={typed}"))
        assert found.count("Police officer") == 1 and f"Check {number}" in found
