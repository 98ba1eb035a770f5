"""A check that a record settles looks no further, and says what the whole search would say."""

from itertools import product

import pytest

from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import ContactData
from salsa_ext.firearms.search import mark_lookup
from salsa_ext.firearms.search.mark_lookup import SEEN_EXACT_SQL
from tests.support import bodies

GUN = {
    "line": 1,
    "serial": "TKA52381",
    "make": "Taurus",
    "calibre": "9x19",
    "type": "pistol",
    "country_of_manufacture": "BRA",
    "year": 2015,
}
OTHERS = {
    "make": "Glock",
    "calibre": ".38 Special",
    "type": "revolver",
    "year": 1999,
    "country_of_manufacture": "AUT",
}


@pytest.fixture
def sold(as_actor):
    def by(state, visibility="open", **firearm):
        body = bodies.transfer(
            number=f"{state}-{visibility}", visibility=visibility, firearm=given(GUN | firearm)
        )
        return as_actor(state, "licensing_officer").post("/transfers", body).json

    return by


def given(firearm):
    return {name: value for name, value in firearm.items() if value is not None}


@pytest.fixture
def seized(as_actor):
    def by(state, visibility):
        place = bodies.seizure()["place"] | {"country": state}
        body = bodies.seizure(
            agency=f"{state}-POLICE", place=place, visibility=visibility, items=[GUN]
        )
        as_actor(state, "police_officer").post("/seizures", body)

    return by


@pytest.fixture
def ask(as_actor):
    body = {
        "serial": GUN["serial"],
        "make": GUN["make"],
        "calibre": GUN["calibre"],
        "type": GUN["type"],
        "country": "BRA",
        "year": 2015,
        "purpose": "investigation",
        "case_number": "C-1",
    }

    def post():
        return as_actor("BRA", "police_officer").post("/checks", body).json | {"id": None}

    return post


@pytest.fixture
def both(ask, asked, monkeypatch):
    """Return whether a check is settled by its own key, having seen that a whole search says the same."""

    def compare():
        ask()  # fills what is kept in memory
        asked.clear()
        quick = ask()
        assert SEEN_EXACT_SQL in asked
        is_settled = not any("salsa_similar_marks" in given for given in asked)
        monkeypatch.setattr(mark_lookup, "_is_complete", lambda _: False)
        assert ask() == quick
        return is_settled

    return compare


@pytest.fixture
def near(sold):
    """A record whose mark is near the one that is asked for."""
    sold("URY", serial="TKA52331")


@pytest.mark.parametrize(
    "owner,visibility,is_settled",
    [
        ("BRA", "open", True),
        ("BRA", "silent", True),
        ("PRY", "open", True),
        ("PRY", "pointer", False),
        ("PRY", "silent", False),
    ],
)
def test_what_the_asker_may_read_settles_a_check(sold, both, near, owner, visibility, is_settled):
    sold(owner, visibility)
    assert both() == is_settled


@pytest.mark.parametrize("owner,visibility", [*product(("BRA", "PRY"), ("open", "silent"))])
def test_what_was_seized_settles_none(seized, both, near, owner, visibility):
    seized(owner, visibility)
    assert not both()


@pytest.mark.parametrize("field", OTHERS)
def test_what_differs_in_any_field_settles_none(sold, both, near, field):
    sold("PRY", **{field: OTHERS[field]})
    assert not both()


@pytest.mark.parametrize(
    "cell,found",
    [
        ("Armação TKU4812?", {"TKU48123"}),
        ("Armação TKU48123", {"TKU48123"}),
        ("Cano 12345, Armação TKU4812?", {"TKU48123", "12345"}),
        ("Armação TKU48129, Cano 12345", {"TKU48123", "12345"}),
    ],
)
def test_the_number_of_a_barrel_settles_nothing_of_the_frame(as_actor, cell, found):
    """A gun of the same make has the barrel's number for its serial."""
    clerk, made = as_actor("PRY", "licensing_officer"), {}
    for number, serial in enumerate(("TKU48123", "12345")):
        body = bodies.transfer(number=f"T-{number}", firearm=GUN | {"serial": serial})
        made[clerk.post("/transfers", body).json["firearm"]["record"]] = serial
    asked = bodies.check(serial=cell, make="Taurus", calibre="9x19")
    answer = as_actor("BRA", "police_officer").post("/checks", asked).json
    assert {made[each["record"]] for each in answer["candidates"]} == found


def test_what_is_near_a_mark_that_is_settled_stays_out_though_another_mark_is_not(
    as_actor, sold, near
):
    sold("PRY")
    asked = bodies.check(serial="Armação TKA52381, Cano 99812", make="Taurus", calibre="9x19")
    assert len(as_actor("BRA", "police_officer").post("/checks", asked).json["candidates"]) == 1


@pytest.mark.parametrize("field", ["type", "year", "country_of_manufacture"])
def test_what_does_not_say_a_type_a_country_or_a_year_settles_all_the_same(sold, both, near, field):
    sold("PRY", **{field: None})
    assert both()


def test_shared_parts_of_answers_are_cached_for_a_minute(sold, ask, asked, run, monkeypatch):
    sold("PRY")
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    first = ask()
    data = ContactData("PRY-POLICE", "duty_24h", ("es",), "24 h", "+595 21 000000")
    run("PRY", agencies.add_contact, data=data)
    sold("URY")
    asked.clear()
    monkeypatch.setattr("time.monotonic", lambda: 159.0)
    same = ask()
    assert not any("rollup" in given for given in asked)
    assert (same["searched"], same["next"]["contact"]) == (first["searched"], None)
    monkeypatch.setattr("time.monotonic", lambda: 160.0)
    later = ask()
    assert [row["state"] for row in later["searched"] if row["records"]] == ["PRY", "URY"]
    assert later["next"]["contact"]["telephone"] == "+595 21 000000"


def test_a_settled_check_is_four_round_trips(sold, ask, asked):
    sold("PRY")
    ask()
    asked.clear()
    ask()
    key, budget, search, written = asked[-4:]
    assert "salsa_api_key" in key and "salsa_lookups" in budget
    assert search == SEEN_EXACT_SQL  # whether there is an alert or not
    assert written.startswith("SELECT salsa_count_lookups")
    assert "INSERT INTO serial_check" in written and "INSERT INTO audit_entry" in written
