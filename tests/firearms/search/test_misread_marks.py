"""A gun is found though its mark was misread, and the answer says by what and how surely."""

import pytest

from salsa_ext.firearms.marks.values import Mark, Query
from salsa_ext.firearms.search.criteria import marks_to_search
from salsa_ext.firearms.search.search import find_candidates
from tests.support import bodies
from tests.support.grounds import beginning
from tests.support.matches import matches

NAMED = {"make": "Taurus", "calibre": "9 mm"}


@pytest.fixture(autouse=True)
def sold(as_actor):
    """A gun that a dealer in Paraguay sold."""
    body = bodies.transfer(firearm=bodies.firearm(serial="TKA52381"))
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


@beginning
def misread(as_actor):
    """The same gun, seized in Brazil, where one glyph was misread."""
    body = bodies.seizure(items=[bodies.firearm(serial="TKA52331")])
    return as_actor("BRA", "police_officer").post("/seizures", body).json


@pytest.fixture
def ask(as_actor):
    def post(serial, expect=201, **changes):
        body = bodies.check(serial=serial, **changes)
        body = {key: value for key, value in body.items() if value is not None}
        return as_actor("BRA", "police_officer").post("/checks", body, expect).json

    return post


@pytest.mark.parametrize(
    "serial,code",
    [
        ("TKA52331", "serial_one"),
        ("TKA5381", "serial_one"),
        ("TKA527381", "serial_one"),
        ("TKA53281", "serial_one"),
        ("TKA52991", "serial_two"),
        ("TA5281", "serial_two"),
        ("52381", "serial_core"),
        ("TKX52381", "serial_one"),
        ("TK??2381", "serial_unread"),
        ("T?A5?3?1", "serial_unread"),
        ("TKA52*", "serial_unread"),
        ("TKA*", "serial_unread"),
        ("TKA5238*", "serial_unread"),
        ("TKA52?8[1I]*", "serial_unread"),
        ("KA52?81", "serial_unread_one"),
        ("*5238*", "serial_unread"),
        ("TKA????1", "serial_unread"),
        ("TK*381", "serial_unread"),
        ("00052381", "serial_core"),
        ("*52381", "serial_unread"),
        ("?KA52331", "serial_unread_one"),
        ("TKA[79]2381", "serial_unread_one"),
    ],
)
def test_a_misread_serial_is_found_and_said_to_be_so(ask, sold, serial, code):
    answer = ask(serial)
    assert [each["record"] for each in answer["candidates"]] == [sold]
    assert answer["candidates"][0]["reasons"][0]["code"] == code
    assert answer["verdict"] == "possible"


@pytest.mark.parametrize("serial", ["TKA5?381", "?KA52381", "TKA[57]2381"])
def test_one_glyph_that_was_not_read_is_a_hit_where_no_other_gun_fits(ask, sold, serial):
    answer = ask(serial)
    assert [each["record"] for each in answer["candidates"]] == [sold]
    assert answer["candidates"][0]["reasons"][0]["code"] == "serial_unread"
    assert answer["verdict"] == "hit"


def test_cyrillic_letters_are_found_by_the_latin_ones_that_look_like_them(ask, sold):
    answer = ask("ТКА52381")
    assert answer["candidates"][0]["reasons"][0]["code"] == "serial_confusable"
    assert [each["record"] for each in answer["candidates"]] == [sold]


@pytest.mark.parametrize("serial", ["TKA[5S]2381", "[7T]KA52381", "TKAS238[1I]"])
def test_a_glyph_that_is_one_of_two_counts_as_the_one_that_fits(ask, sold, serial):
    assert [each["record"] for each in ask(serial)["candidates"]] == [sold]


def test_one_of_two_glyphs_that_look_alike_takes_nothing_from_a_hit_and_is_told(ask):
    answer = ask("TKA[5S]2381")
    [first, *_] = answer["candidates"][0]["reasons"]
    assert (answer["verdict"], first["code"]) == ("hit", "serial_same")
    assert (
        first["text"]
        == "The serial can be the same: 1 of its characters was read as one of several."
    )


@pytest.mark.parametrize("serial", ["XYZ99999", "TXY52999", "1234567"])
def test_a_serial_that_is_not_near_is_no_hit(ask, serial):
    answer = ask(serial)
    assert (answer["verdict"], answer["candidates"]) == ("no_hit", [])


def test_a_run_of_no_character_is_a_hit(ask, sold):
    answer = ask("TKA52381*")
    assert (answer["verdict"], answer["candidates"][0]["record"]) == ("hit", sold)


@pytest.mark.parametrize(
    "serial,text", [("XYZ9*", "of up to 13 characters"), ("*XYZ9*", "near an end")]
)
def test_an_answer_without_a_hit_names_the_marks_that_were_searched(ask, serial, text):
    assert text in ask(serial)["next"]["text"]


def test_the_reason_names_the_glyph_that_differs(ask):
    reason = ask("TKA52331")["candidates"][0]["reasons"][0]
    assert reason["text"] == "The serial agrees but for one character: 3 here, 8 in the record."


def test_the_exact_gun_settles_a_check_and_its_neighbours_stay_out(as_actor, ask, sold):
    body = bodies.transfer(number="T-2", firearm=bodies.firearm(serial="TKA52382"))
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    assert [each["record"] for each in ask("TKA52381")["candidates"]] == [sold]


def test_one_of_a_crowd_is_less_likely_and_says_so(ask, pry):
    alone = ask("TKA5238X")["candidates"][0]["score"]
    for digit in "2345679":
        body = bodies.transfer(
            number=f"T-{digit}", firearm=bodies.firearm(serial=f"TKA5238{digit}")
        )
        pry.post("/transfers", body)
    first = ask("TKA5238X")["candidates"][0]
    assert (first["reasons"][-1]["code"], first["score"] < alone) == ("crowd", True)


def test_a_seized_gun_of_which_half_can_be_read_is_found_by_a_later_theft(as_actor, police):
    damaged = [bodies.firearm(serial="ZRT9*", marking="altered")]
    police.post("/seizures", bodies.seizure(number="S-8", items=damaged))
    asked = as_actor("ARG", "police_officer").post("/checks", bodies.check(serial="ZRT90417")).json
    assert [each["event"] for each in asked["candidates"]] == ["seized"]


def test_two_serials_unreadable_at_the_same_place_may_be_of_one_gun(police):
    damaged = [bodies.firearm(serial="QQA5?381", marking="altered")]
    first = police.post("/seizures", bodies.seizure(number="S-8", items=damaged)).json
    again = police.post("/seizures", bodies.seizure(number="S-9", items=damaged)).json
    [found] = matches(police, f"?record={again['items'][0]['record']}")
    assert found["other"]["record"] == first["items"][0]["record"]


@pytest.mark.parametrize("serial", ["???", "*", "A?1", "1??2??3??", "A*B", "*815*"])
def test_too_little_of_a_serial_is_refused_and_says_what_would_help(ask, serial):
    assert list(ask(serial, 422)["errors"]) == ["serial"]


def test_another_state_s_silent_record_is_not_found_by_what_is_near_it(as_actor, ask):
    body = bodies.transfer(
        number="T-3", visibility="silent", firearm=bodies.firearm(serial="WWE77123")
    )
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    assert ask("WWE77124")["candidates"] == []


def test_a_trace_of_a_seized_gun_asks_who_sold_it_though_a_glyph_was_misread(misread, police):
    made = police.post("/traces", bodies.trace_of(misread["id"])).json
    assert "PRY" in [leg["state"] for leg in made["legs"]]


@pytest.mark.parametrize("serial", ["TKA52331", "TK52381"])
def test_a_seizure_shows_the_record_of_a_gun_whose_serial_was_misread(as_actor, sold, serial):
    items = [bodies.firearm(serial=serial)]
    police = as_actor("BRA", "police_officer")
    seized = police.post("/seizures", bodies.seizure(items=items)).json
    [found] = police.get(f"/seizures/{seized['id']}").json["matches"]
    assert found["other"]["record"] == sold
    assert "crowd" not in [reason["code"] for reason in found["reasons"]]  # itself is no other gun


def test_another_seizure_of_the_same_reading_hides_no_gun_from_a_seizure(misread, arg_police):
    items = [bodies.firearm(serial="TKA52331")]
    body = bodies.seizure(number="S-9", place={"country": "ARG"}, items=items)
    arg_police.post("/seizures", body)
    assert {match["other"]["state"] for match in matches(arg_police)} == {"PRY", "BRA"}


def test_a_trace_of_a_seized_gun_asks_no_neighbour_where_the_exact_gun_is_known(as_actor, police):
    body = bodies.transfer(number="T-4", firearm=bodies.firearm(serial="TKA52331"))
    as_actor("ARG", "licensing_officer").post("/transfers", body)
    items = [bodies.firearm(serial="TKA52331")]
    seized = police.post("/seizures", bodies.seizure(items=items)).json
    made = police.post("/traces", bodies.trace_of(seized["id"])).json
    path = "/audit?action=record:matched&subject_kind=trace"
    assert as_actor("PRY", "auditor").get(path).json["items"] == []
    assert {leg["state"] for leg in made["legs"]} == {"ARG", "BRA"}


def test_what_a_crowd_leaves_too_little_of_is_no_candidate_for_anybody(actor, pry):
    for number, serial in enumerate(("QWK52381", "QWK52991")):
        body = bodies.transfer(number=f"T-{number}", firearm=bodies.firearm(serial=serial))
        pry.post("/transfers", body)
    found = find_candidates(
        Query("QWK52381", make="Glock", calibre="9x19"), actor("BRA"), stop_at_exact=False
    )
    assert "QWK52991" not in [each.mark_hit.serial_norm for each in found]
    assert all(each.evidence.strength for each in found)


def test_five_marks_of_a_gun_are_searched_by_what_is_near_them_its_serial_first():
    further = tuple(Mark("manufacture", f"QWK52{number}81") for number in range(50))
    sought = marks_to_search(Query("TKA52381", marks=further))
    assert len(sought) == 51
    assert [each.norm for each in sought if each.is_near] == [
        "TKA52381",
        "QWK52081",
        "QWK52181",
        "QWK52281",
        "QWK52381",
    ]


def test_a_further_mark_that_cannot_be_read_whole_is_not_sought_by_a_key_that_it_lacks():
    further = tuple(Mark("manufacture", f"QWK52{number}8?1") for number in range(9))
    assert len(marks_to_search(Query("TKA52381", marks=further))) == 5


def test_a_serial_that_is_told_as_a_mark_too_is_searched_as_the_serial():
    sought = marks_to_search(Query("TKA52381", marks=(Mark("state", "TKA-52381"),)))
    assert list(sought.values()) == ["serial"]


def test_what_was_seized_does_not_settle_a_check_of_the_same_reading(ask, sold, police):
    seized = [bodies.firearm(serial="TKA52331")]
    police.post("/seizures", bodies.seizure(number="S-8", items=seized))
    assert sold in [each["record"] for each in ask("TKA52331")["candidates"]]


def test_a_record_that_says_less_or_otherwise_settles_nothing(as_actor, ask, sold):
    other = {"serial": "TKA52331", "type": "shotgun", "year": 1960}
    body = bodies.transfer(number="T-8", firearm=other)
    as_actor("URY", "licensing_officer").post("/transfers", body)
    found = ask("TKA52331", type="pistol", year=2010)["candidates"]
    assert sold in [each["record"] for each in found]


def test_another_mark_of_the_same_text_keeps_no_serial_from_being_found(as_actor, ask):
    crest = bodies.firearm(serial="AAA11111", marks=[{"kind": "other", "text": "WQE77123"}])
    as_actor("ECU", "licensing_officer").post("/transfers", bodies.transfer(firearm=crest))
    body = bodies.transfer(number="T-9", firearm=bodies.firearm(serial="WQE77123"))
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    assert "PRY" in [each["state"] for each in ask("WQE77133")["candidates"]]


def test_a_silent_record_moves_none_of_those_that_are_only_near(as_actor, ask, bra):
    near = [f"RTY4455{glyph}" for glyph in "ACEFHJKMNPR"]
    for number, serial in enumerate([*near, "RTY44TTT"]):
        gun = bodies.firearm(serial=serial, type="revolver" if serial in near else "pistol")
        bra.post("/transfers", bodies.transfer(number=f"N-{number}", firearm=gun))
    before = ask("RTY4455T")["candidates"]
    body = bodies.transfer(
        number="T-7", visibility="silent", firearm=bodies.firearm(serial="RTY4455T")
    )
    as_actor("PRY", "licensing_officer").post("/transfers", body)
    assert ask("RTY4455T")["candidates"] == before
