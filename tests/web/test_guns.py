"""A gun as a page: its timeline, its records, its marks, the matches open on it."""

import re

import pytest

from tests.support import bodies
from tests.support.matches import act, matches, sold
from tests.web.pages import text

FOR_A_CASE = {"purpose": "investigation", "case_number": "C-7"}
NOTHING = "0199f2c0-0000-7000-8000-000000000000"


@pytest.fixture
def bra(as_actor):
    return as_actor("BRA", "police_officer")


@pytest.fixture
def officer(signed_in):
    return signed_in("BRA", "police_officer")


def seized(client):
    return client.post("/seizures", bodies.seizure()).json["items"][0]["record"]


def path(record):
    return f"/guns/{record}"


def test_a_record_of_the_own_state_is_shown_at_once(officer, bra):
    record = seized(bra)
    page = officer.open(path(record))
    shown = text(page)
    assert "Pistol · Taurus · G2C · 9x19" in shown and "ABC123456 Marks intact" in shown
    assert "1. Brazil recorded on 1 Mar 2026: seized." in shown and "Where you began" in shown
    assert f'<a href="#r-{record}" aria-label="1. Seized, ' in page and f'id="r-{record}"' in page


def test_another_states_record_is_read_for_a_purpose_and_a_case(officer, as_actor):
    record = sold(as_actor)["firearm"]["record"]
    page = officer.open(path(record))
    assert "They are read for a purpose and a case" in page and "Domestic sale" not in page
    shown = text(officer.send(path(record), FOR_A_CASE, 200).text)
    assert "Paraguay recorded on 6 May 2024: domestic sale." in shown
    assert "From whom: Armas del Sur, Paraguay To whom: Individual, Paraguay" in shown
    [entry] = [
        item
        for item in as_actor("PRY", "auditor").get("/audit").json["items"]
        if item["action"] == "record:disclosed"
    ]
    assert (entry["purpose"], entry["case_number"]) == ("investigation", "C-7")


def test_a_purpose_without_its_case_is_asked_for_again(officer, as_actor):
    record = sold(as_actor)["firearm"]["record"]
    page = officer.send(path(record), FOR_A_CASE | {"case_number": ""}, 422).text
    assert 'id="case_number-wrong"' in page and "Domestic sale" not in page


def test_it_draws_each_state_in_a_row_and_leads_to_the_match_to_judge(officer, as_actor, bra):
    sold(as_actor)
    record = seized(bra)
    [match] = matches(bra)
    assert "They are read for a purpose and a case" in officer.open(path(record))
    page = officer.send(path(record), FOR_A_CASE, 200).text
    figure = page[page.index("<figure") :]
    drawn, table = figure.partition("</svg>")[0], figure[figure.index("<table") :]
    assert drawn.index("Paraguay") < drawn.index("Brazil")
    assert (drawn.count("<circle"), drawn.count('class="seized"')) == (1, 1)
    assert table.index("domestic sale") < table.index("seized")
    assert "By the same rare serial and make" in table
    assert f'href="/matches/{match["id"]}"' in table[table.index("Matches to judge") :]


def test_contradictions_are_above_the_records(officer, as_actor):
    sold(as_actor, "BRA")
    sale = sold(as_actor, "BRA", occurred_on="2025-05-06")["firearm"]["record"]
    page = officer.open(path(sale))
    assert "▲ 2. Its serial was sold new more than once" in text(page)
    assert page.index(f'<a href="#r-{sale}">2.</a>') < page.index("<table")


def test_a_match_that_was_confirmed_is_no_longer_to_judge(officer, as_actor, bra):
    sold(as_actor)
    record = seized(bra)
    act(bra, matches(bra)[0], "confirm")
    page = officer.send(path(record), FOR_A_CASE, 200).text
    assert "By a match that your state confirmed" in page
    assert "None waits for your judgement." in page


def test_it_names_who_holds_something_more(officer, as_actor, bra):
    sold(as_actor, visibility="pointer")
    record = seized(bra)
    [match] = matches(bra)
    act(bra, match, "confirm")
    shown = text(officer.open(path(record)))
    assert "Others who hold records Paraguay lets it be known" in shown


def test_a_candidate_of_a_check_leads_to_it_with_the_case_of_the_check(officer, as_actor):
    record = sold(as_actor)["firearm"]["record"]
    asked = {"serial": "ABC123456", "make": "Taurus"} | FOR_A_CASE
    page = officer.send("/checks/new", asked, 200).text
    form = page[page.index(f'action="{path(record)}"') :]
    sent = dict(re.findall(r'name="(purpose|case_number)" value="([^"]+)"', form)[:2])
    assert sent == FOR_A_CASE
    assert "Domestic sale" in officer.send(path(record), sent, 200).text
    street = {"serial": "ABC123456", "purpose": "street", "incident": "I-1"}
    assert f'href="{path(record)}"' in officer.send("/checks/new", street, 200).text


@pytest.mark.parametrize("visibility", ["pointer", "silent"])
def test_a_record_that_is_not_open_is_not_found(officer, as_actor, visibility):
    record = sold(as_actor, visibility=visibility)["firearm"]["record"]
    assert "<h1>Not found</h1>" in officer.open(path(record), 404)
    officer.send(path(record), FOR_A_CASE, 404)
    officer.open(path(NOTHING), 404)
