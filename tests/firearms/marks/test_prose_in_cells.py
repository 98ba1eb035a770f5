"""Prose in place of a serial: kept as read, and no mark by which guns are found."""

import pytest

from tests.support import bodies

SAID = [
    ("raspado", "obliterated"),
    ("S/N", "unmarked"),
    ("ilegível", "unknown"),
    ("N/A", "unknown"),
    ("adulterado", "altered"),
]


def seized(client, number="S-1", **gun):
    items = [{"line": 1, "make": "Taurus", "calibre": "9x19"} | gun]
    return client.post("/seizures", bodies.seizure(number=number, items=items)).json


@pytest.mark.parametrize("serial,marking", SAID)
def test_prose_is_kept_as_read_and_says_how_the_gun_is_marked(police, serial, marking):
    [item] = seized(police, serial=serial)["items"]
    assert (item["serial"], item["marking"], item["marks"]) == (serial, marking, [])


def test_the_reported_condition_of_the_marking_counts(police):
    [item] = seized(police, serial="borrado", marking="restored")["items"]
    assert item["marking"] == "restored"


@pytest.mark.parametrize(
    "content,origin", [({}, "craft"), ({"origin_kind": "converted"}, "converted")]
)
def test_words_that_say_that_no_maker_made_it_say_how_the_gun_came_about(police, content, origin):
    [item] = seized(police, serial="HECHIZO", **content)["items"]
    assert (item["origin_kind"], item["marking"], item["marks"]) == (origin, "unmarked", [])


@pytest.mark.parametrize("serial,marking", SAID)
def test_prose_beside_intact_says_how_the_gun_is_marked(police, serial, marking):
    [item] = seized(police, serial=serial, marking="intact")["items"]
    assert item["marking"] == marking


def test_other_marks_of_the_gun_stay(police):
    mark = {"kind": "import", "text": "PRY 24", "state": "PRY"}
    [item] = seized(police, serial="limado", marks=[mark])["items"]
    assert [mark["text"] for mark in item["marks"]] == ["PRY 24"]


@pytest.mark.parametrize("serial", [serial for serial, _ in SAID])
def test_two_guns_without_a_serial_do_not_match(police, serial):
    seized(police, serial=serial)
    assert seized(police, "S-2", serial=serial)["matches"] == [
        {"line": 1, "candidates": [], "complete": False, "more": 0}
    ]


@pytest.mark.parametrize("serial", [serial for serial, _ in SAID])
def test_a_check_of_prose_says_that_it_is_no_mark(police, serial):
    errors = police.post("/checks", bodies.check(serial=serial), 422).json["errors"]
    assert errors["serial"][0].startswith(f"“{serial}” is no mark")


def test_a_trace_of_a_gun_that_was_filed_says_what_it_lacks(police):
    made = police.post("/traces", bodies.trace(firearm={"serial": "limado"})).json
    result = police.get(f"/traces/{made['id']}/result").json
    assert result["failure_reason"] == "obliterated"
    assert "A legible serial, from the frame or a laboratory." in result["missing"]
