"""A gun is searched by every mark that tells it from others, not by its serial alone."""

import pytest

from tests.support import bodies
from tests.support.grounds import beginning

ARSENAL = {"kind": "state", "text": "EA-0045-771"}


@beginning
def arsenal_gun(as_actor):
    """A gun that Paraguay issued, with the number of its arsenal."""
    body = bodies.transfer(kind="state_issue", firearm=bodies.firearm(marks=[ARSENAL]))
    return as_actor("PRY", "licensing_officer").post("/transfers", body).json["firearm"]["record"]


def gun(*marks, **changes):
    gone = {"serial": "limado", "marking": "obliterated", "marks": list(marks)}
    return bodies.firearm(**gone | changes)


def matches(police, firearm):
    answer = police.post("/seizures", bodies.seizure(items=[firearm])).json
    return answer["matches"][0]["candidates"]


@pytest.mark.parametrize(
    "mark",
    [
        ARSENAL,
        {"kind": "other", "text": "ea 0045771"},
        {"kind": "confiscation", "text": "EA0O4577I"},
        {"kind": "manufacture", "text": "ABC123456", "condition": "restored"},
    ],
)
def test_a_seized_gun_matches_by_any_of_its_marks(police, arsenal_gun, mark):
    assert [found["record"] for found in matches(police, gun(mark))] == [arsenal_gun]


def test_a_match_by_another_mark_says_so(police, arsenal_gun):
    [found] = matches(police, gun(ARSENAL))
    assert [reason["code"] for reason in found["reasons"]][:2] == ["mark_same", "make_same"]
    assert found["reasons"][0]["text"] == "Another mark of the gun is the same."


def test_a_record_that_is_found_by_two_marks_is_shown_once(police, arsenal_gun):
    assert len(matches(police, bodies.firearm(marks=[ARSENAL]))) == 1


def test_the_serial_is_compared_as_a_serial_beside_other_marks(police, arsenal_gun):
    [found] = matches(police, bodies.firearm(marks=[{"kind": "state", "text": "QQ-99999"}]))
    assert found["reasons"][0]["code"] == "serial_same"


@pytest.mark.parametrize(
    "mark",
    [
        {"kind": "state", "text": "EJERCITO"},
        {"kind": "other", "text": "POLICIA 1985"},
        {"kind": "import", "text": "EA-0045-771"},
        {"kind": "proof", "text": "EA-0045-771"},
        {"kind": "state", "text": "EA-0045-7?1"},
    ],
)
def test_a_mark_of_many_guns_matches_none(as_actor, police, arsenal_gun, mark):
    other = bodies.transfer(firearm=bodies.firearm(serial="OTHER55555", marks=[mark]))
    as_actor("PRY", "licensing_officer").post("/transfers", other)
    assert matches(police, gun(mark)) == []


@pytest.mark.parametrize("firearm", [gun(ARSENAL), gun(ARSENAL, serial="A")])
def test_a_trace_goes_by_the_other_marks_where_the_serial_is_gone(
    as_actor, police, arsenal_gun, firearm
):
    analyst = as_actor("PRY", "trace_analyst")
    made = police.post("/traces", bodies.trace(firearm=firearm)).json
    assert police.get(f"/traces/{made['id']}/result").json["chain"] == []
    assigned = {"record": arsenal_gun, "judgement": "this_gun", "reason": "The arsenal issued it"}
    [asked] = analyst.get("/requests").json["items"]
    path = f"/requests/{asked['id']}"
    for act, body in (
        ("compare", assigned),
        ("answer", {"completeness": "full", "records": [arsenal_gun]}),
    ):
        tag = analyst.get(path).headers["ETag"]
        analyst.post(f"{path}/{act}", body, 200, If_Match=tag)
    result = police.get(f"/traces/{made['id']}/result").json
    assert [event["record"] for event in result["chain"]] == [arsenal_gun]


def test_a_trace_of_a_seized_gun_goes_by_them_too(police, arsenal_gun):
    seizure = police.post("/seizures", bodies.seizure(items=[gun(ARSENAL)])).json["id"]
    trace = police.post("/traces", bodies.trace_of(seizure)).json["id"]
    legs = police.get(f"/traces/{trace}").json["legs"]
    assert ("PRY", "acknowledged") in [(leg["state"], leg["status"]) for leg in legs]


STAMPS = [
    "CAL. 357 MAGNUM",
    "CAL.357 MAG",
    "357 Magnum CTG",
    "SMITH & WESSON 357 MAGNUM",
    "MOD. 686-4",
    "686-123",
    "7.62x51 NATO",
    "CALIBRE 12/76",
    "Taurus .380 ACP",
]


@pytest.mark.parametrize("kind", ["other", "state"])
@pytest.mark.parametrize("text", STAMPS)
def test_a_calibre_or_model_that_is_stamped_on_it_finds_no_gun(as_actor, police, kind, text):
    mark = {"kind": kind, "text": text}
    sold = bodies.transfer(firearm=revolver("AAA11111", mark))
    as_actor("PRY", "licensing_officer").post("/transfers", sold)
    assert matches(police, revolver("ZZZ99999", mark)) == []
    assert matches_of_filed(police, mark) == []


def revolver(serial, *marks):
    return bodies.firearm(
        serial=serial,
        type="revolver",
        make="Smith & Wesson",
        model="686-123",
        calibre=".357 Magnum",
        marks=list(marks),
    )


def matches_of_filed(police, mark):
    body = bodies.seizure(number="S-2", items=[revolver("limado", mark)])
    return police.post("/seizures", body).json["matches"][0]["candidates"]


def test_a_mark_that_several_guns_may_bear_is_never_strong(police, arsenal_gun):
    [found] = matches(police, gun(ARSENAL))
    assert (found["strength"], found["reasons"][0]["bits"]) == ("moderate", 16.0)


def test_a_mark_of_confiscation_can_be_strong(police, arsenal_gun):
    [found] = matches(police, gun({"kind": "confiscation", "text": ARSENAL["text"]}))
    assert found["strength"] == "strong"


@pytest.mark.parametrize("kind", ["state", "other", "confiscation"])
def test_a_record_with_another_serial_is_not_of_the_gun(police, arsenal_gun, kind):
    mark = ARSENAL | {"kind": kind}
    assert matches(police, bodies.firearm(serial="ZZZ99999", marks=[mark])) == []


def test_a_serial_that_was_altered_speaks_against_nothing(police, arsenal_gun):
    altered = bodies.firearm(serial="ZZZ99999", marking="altered", marks=[ARSENAL])
    assert [found["record"] for found in matches(police, altered)] == [arsenal_gun]


def test_a_restored_serial_that_differs_speaks_against_it(police, arsenal_gun):
    restored = {"kind": "manufacture", "text": "ZZZ99999", "condition": "restored"}
    assert matches(police, gun(ARSENAL, restored)) == []


def test_a_trace_of_a_serial_that_can_be_read_goes_by_no_other_mark(as_actor, police):
    bare = bodies.transfer(kind="state_issue", firearm=gun(ARSENAL))
    as_actor("PRY", "licensing_officer").post("/transfers", bare)
    legible = bodies.trace(firearm=bodies.firearm(serial="ZZZ99999", marks=[ARSENAL]))
    made = police.post("/traces", legible).json
    assert police.get(f"/traces/{made['id']}/result").json["chain"] == []


def test_a_check_still_asks_by_one_serial(police, arsenal_gun):
    police.post("/checks", bodies.check(marks=[ARSENAL]), 422)
    [found] = police.post("/checks", bodies.check(serial="EA-0045-771")).json["candidates"]
    assert found["record"] == arsenal_gun
