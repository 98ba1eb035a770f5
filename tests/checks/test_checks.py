"""Checks: the verdict, why, and what has to be given to ask."""

import pytest

from salsa_ext.core import codes
from salsa_ext.firearms.search.advice import GUN_REGISTERS
from tests.support import bodies

COMPLETE = {"registers": list(GUN_REGISTERS), "incomplete": []}


@pytest.fixture
def ask(as_actor):
    def post(expect=201, **changes):
        body = {key: value for key, value in bodies.check(**changes).items() if value is not None}
        return as_actor("BRA", "police_officer").post("/checks", body, expect).json

    return post


@pytest.fixture(autouse=True)
def sold(as_actor):
    """A gun that a dealer in Paraguay sold."""
    return as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json


def test_a_known_serial_is_a_hit_with_its_record(ask, sold):
    answer = ask()
    assert answer["verdict"] == "hit"
    [candidate] = answer["candidates"]
    assert candidate["record"] == sold["firearm"]["record"]
    assert (candidate["state"], candidate["event"]) == ("PRY", "domestic_sale")
    assert candidate["occurred_on"] == "2024-05-06"


def test_a_hit_says_why(ask):
    codes = [reason["code"] for reason in ask()["candidates"][0]["reasons"]]
    assert codes == ["serial_same", "make_same", "calibre_same"]


@pytest.mark.parametrize(
    "serial", ["abc 123-456", "ABC.123/456", "ＡＢＣ１２３４５６", "ABCI2345G"]
)
def test_a_serial_is_found_as_people_write_and_misread_it(ask, serial):
    assert ask(serial=serial)["verdict"] == "hit"


@pytest.mark.boards
def test_an_unknown_serial_is_no_hit_and_says_how_far_was_searched(ask):
    answer = ask(serial="ZZZ999888")
    assert (answer["verdict"], answer["candidates"]) == ("no_hit", [])
    assert answer["next"]["action"] == "none"
    searched = {state.pop("state"): state for state in answer["searched"]}
    assert searched["PRY"] == COMPLETE | {"records": 1, "records_through": "2026-03-09"}
    assert searched["URY"] == COMPLETE | {"records": 0, "records_through": None}
    assert answer["not_searched"] == []


def test_a_check_names_incomplete_registers_and_the_states_without_any(ask, as_actor):
    limited = {"since": "2026-01-01", "mode": "person", "complete": True, "makes": ["Taurus"]}
    ended = limited | {"until": "2026-01-31"}
    for register in {*codes.REGISTERS} - {"permits"}:  # no register of guns
        for state in ("BRA", "PRY"):
            declared = limited if (state, register) == ("PRY", "seizures") else ended
            administrator = as_actor(state, "state_administrator")
            administrator.post("/participation", declared | {"register": register}, 201)
    answer = ask(serial="ZZZ999888")
    assert answer["not_searched"] == ["BRA"]
    [row] = [row for row in answer["searched"] if row["state"] == "PRY"]
    assert row["registers"] == row["incomplete"] == ["seizures"]


def test_another_make_speaks_against_it(ask):
    answer = ask(make="Glock")
    assert answer["verdict"] == "possible"
    assert "make_other" in [reason["code"] for reason in answer["candidates"][0]["reasons"]]


@pytest.mark.parametrize(
    "known,asked", [("Browning", "FN Herstal"), ("FN Herstal", "Browning"), ("Benelli", "Franchi")]
)
def test_a_brand_and_its_parent_do_not_speak_against_each_other(as_actor, ask, known, asked):
    gun = bodies.firearm(serial="KMB25381", make=known)
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(firearm=gun))
    answer = ask(serial="KMB25381", make=asked)
    assert answer["verdict"] == "hit"
    assert "make_related" in [each["code"] for each in answer["candidates"][0]["reasons"]]


def of_type(said):
    category = {"frame": "part", "other": "other"}.get(said, "firearm")
    return bodies.firearm(serial="KMB25381", type=said, category=category)


@pytest.mark.parametrize(
    "known,asked,verdict,code",
    [
        ("carbine", "rifle", "hit", "type_related"),
        ("rifle", "assault rifle", "hit", "type_related"),
        ("submachine gun", "machine gun", "hit", "type_related"),
        ("homemade", "pistol", "hit", "type_related"),
        ("pistol", "frame", "hit", "type_related"),
        ("frame", "pistol", "hit", "type_related"),
        ("pistol", "derringer", "hit", "type_related"),
        ("pistol", "revolver", "possible", "type_other"),
        ("revolver", "rifle", "possible", "type_other"),
        ("pistol", "silencer", "possible", "type_other"),
        ("shotgun", "rifle", "possible", "type_other"),
        ("unknown", "pistol", "hit", None),
        ("pistol", "unknown", "hit", None),
        ("other", "pistol", "hit", None),
        ("pistol", "arma de fuego", "hit", None),
        ("unknown", "unknown", "hit", None),
    ],
)
def test_a_type_speaks_as_far_as_one_gun_may_be_called_both(
    as_actor, ask, known, asked, verdict, code
):
    gun = of_type(known)
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer(firearm=gun))
    answer = ask(serial="KMB25381", type=asked)
    reasons = {each["code"]: each["bits"] for each in answer["candidates"][0]["reasons"]}
    assert answer["verdict"] == verdict
    assert [name for name in reasons if name.startswith("type")] == ([code] if code else [])
    if code == "type_related":
        assert 0 < reasons[code] < 1.5


def test_a_mistyped_make_speaks_for_the_gun_and_not_against_it(ask):
    [reason] = [
        each
        for each in ask(make="Forjas Taurrus")["candidates"][0]["reasons"]
        if each["code"].startswith("make")
    ]
    assert (reason["code"], reason["bits"]) == ("make_likely", 2.0)
    assert ask(make="Andreson Manufacturing")["verdict"] == "hit"


def test_an_importer_that_is_given_as_the_make_does_not_speak_against_the_gun(ask):
    codes = [each["code"] for each in ask(make="Interarms")["candidates"][0]["reasons"]]
    assert codes == ["serial_same", "calibre_same"]


def test_a_short_serial_alone_is_weak(as_actor, ask):
    body = bodies.transfer(firearm={"serial": "1234"})
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    answer = ask(serial="1234", make=None, calibre=None)
    assert answer["verdict"] == "possible"
    assert answer["candidates"][0]["reasons"][-1]["code"] == "serial_short"


@pytest.mark.parametrize("serial", ["A1", "??", "*", "--", "   -"])
def test_a_serial_that_cannot_be_searched_says_what_would_help(ask, serial):
    assert list(ask(422, serial=serial, make=None)["errors"]) == ["serial"]


def test_a_short_serial_is_searched_with_make_and_calibre(ask):
    assert ask(serial="A1")["verdict"] == "no_hit"


@pytest.mark.parametrize("purpose", ["seizure", "licensing", "investigation", "stock"])
def test_a_purpose_needs_its_case(ask, purpose):
    assert list(ask(422, purpose=purpose, case_number=None)["errors"]) == ["case_number"]


@pytest.mark.parametrize("purpose", ["street", "border"])
def test_an_incident_will_do_on_the_road_and_at_the_border(ask, purpose):
    ask(purpose=purpose, case_number=None, incident="I-1")
    assert list(ask(422, purpose=purpose, case_number=None)["errors"]) == ["incident"]


def test_the_case_is_added_later_and_once(ask, police):
    check = ask(purpose="street", case_number=None, incident="I-1")["id"]
    police.post(f"/checks/{check}/case", {"case_number": "C-9"}, 200)
    police.post(f"/checks/{check}/case", {"case_number": "C-10"}, 409)


def test_the_owner_reads_who_hit_its_record_and_why(as_actor, ask, sold):
    ask()
    [entry] = as_actor("PRY", "auditor").get("/audit?action=record:matched").json["items"]
    assert (entry["state"], entry["purpose"], entry["case_number"]) == (
        "BRA",
        "investigation",
        "C-1",
    )
    shown = ["holder", "likeness", "firearm", "event"]
    assert entry["data"] == {"records": [sold["firearm"]["record"]], "groups": shown}


def test_a_record_that_agrees_in_all_ends_the_search_unless_near_ones_are_asked_for(as_actor, ask):
    near = bodies.transfer(firearm=bodies.firearm(serial="ABC123465"))
    as_actor("USA", "licensing_officer").post("/transfers", near)
    assert len(ask()["candidates"]) == 1
    found = ask(near=True)
    assert (found["verdict"], len(found["candidates"])) == ("hit", 2)
    assert found["candidates"][0]["score"] > found["candidates"][1]["score"]


def test_of_a_half_what_fits_comes_before_a_crowd_that_is_alike(as_actor, ask):
    officer = as_actor("USA", "licensing_officer")
    for number in range(70):  # more than are looked at, with another glyph in the middle
        gun = bodies.firearm(serial=f"KLM0{number:03}", make="Ruger")
        officer.post("/transfers", bodies.transfer(firearm=gun))
    gun = bodies.firearm(serial="KLM9321", make="Colt")
    made = officer.post("/transfers", bodies.transfer(firearm=gun)).json
    found = ask(serial="KLM9*", make=None, calibre=None)["candidates"]
    assert found[0]["record"] == made["firearm"]["record"]


def sell_alike(as_actor):
    """Let eleven more guns be sold, whose serials differ from that of the first in the last glyph."""
    clerk = as_actor("PRY", "licensing_officer")
    for glyph in "12345789ACE":
        gun = bodies.firearm(serial=f"ABC12345{glyph}")
        clerk.post("/transfers", bodies.transfer(number=f"T-{glyph}", firearm=gun))


def test_at_most_ten_candidates_are_shown_of_those_that_fit_what_can_be_read(as_actor, ask):
    sell_alike(as_actor)
    answer = ask(serial="ABC12345?")
    assert (len(answer["candidates"]), answer["more"]) == (10, 2)


def test_owners_are_notified_of_the_records_that_the_asker_saw_and_of_no_others(as_actor, ask, pry):
    for number in range(14):
        gun = bodies.firearm(serial=f"ABC12345{'ACEFHJKMNPRTVW'[number]}", make="Glock")
        pry.post("/transfers", bodies.transfer(number=f"T-{number}", firearm=gun))
    answer = ask(near=True)
    entries = as_actor("PRY", "auditor").get("/audit?action=record:matched").json["items"]
    result = [record for entry in entries for record in entry["data"]["records"]]
    visible = [each["record"] for each in answer["candidates"]]
    assert 0 < len(visible) <= 10 and sorted(result) == sorted(visible)


def test_the_state_of_an_alert_is_notified_though_ten_others_are_listed_first(as_actor, ask):
    sell_alike(as_actor)
    sought = bodies.alert(firearm={"serial": "ABC12345Z", "make": "Taurus", "type": "pistol"})
    as_actor("PRY", "police_officer").post("/alerts", sought)
    answer = ask(serial="ABC12345?")
    assert [hit["state"] for hit in answer["hits"]] == ["PRY"]
    entries = as_actor("PRY", "auditor").get("/audit?action=record:matched").json["items"]
    result = {record for entry in entries for record in entry["data"]["records"]}
    visible = {each["record"] for each in answer["candidates"]}
    assert len(visible) == 10 and visible < result and len(result) == 11


def test_a_check_for_an_own_seizure_leaves_its_own_guns_out(as_actor):
    police = as_actor("BRA", "police_officer")
    gun = bodies.firearm(serial="KWZ48213")
    for number in ("S-1", "S-2"):
        police.post("/seizures", bodies.seizure(number=number, items=[gun | {"line": 1}]))
    asked = {"serial": "KWZ48213", "purpose": "seizure"}
    both = police.post("/checks", bodies.check(**asked, case_number="OTHER")).json
    other = police.post("/checks", bodies.check(**asked, case_number="s-1")).json
    assert (len(both["candidates"]), len(other["candidates"])) == (2, 1)
