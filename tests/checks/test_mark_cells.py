"""A serial's cell that holds several marks, notes or remarks: kept raw, and each mark is found."""

import pytest

from tests.support import bodies
from tests.support.movements import Way, add


def seized(client, serial, number="S-1", **gun):
    items = [{"line": 1, "make": "Taurus", "calibre": "9x19", "serial": serial} | gun]
    return client.post("/seizures", bodies.seizure(number=number, items=items)).json


def record_gun(licensing, serial):
    body = bodies.transfer(firearm=bodies.firearm(serial=serial))
    return licensing.post("/transfers", body).json["firearm"]["record"]


def candidate_records(answer):
    return [candidate["record"] for candidate in answer["candidates"]]


def test_the_cell_stays_as_it_was_read_beside_its_marks(police):
    [item] = seized(police, "Cano KPT48213, Armação KPT48990.")["items"]
    assert item["serial"] == "Cano KPT48213, Armação KPT48990."
    result = [(mark["text"], mark["location"]) for mark in item["marks"]]
    assert result == [
        ("Cano KPT48213, Armação KPT48990.", None),
        ("KPT48213", "barrel"),
        ("KPT48990", "frame"),
    ]


@pytest.mark.parametrize("serial", ["KPT48213", "KPT48214", "RRN11902"])
def test_a_check_finds_a_gun_by_each_mark_of_its_cell(police, pry, serial):
    record = record_gun(pry, "KPT48213/KPT48214/RRN11902")
    assert candidate_records(police.post("/checks", bodies.check(serial=serial)).json) == [record]


@pytest.mark.parametrize(
    "cell",
    [
        "RRN11902/KPT48213",
        "frame KPT48213 slide RRN11902",
        "Serie: KPT48213",
        "KPT[_]8213",
        "KPT~8213",
        "KPT48213 (revelado)",
        "KPT48213, con mira telescópica",
    ],
)
def test_a_check_of_a_cell_searches_all_its_marks(police, pry, cell):
    record = record_gun(pry, "KPT48213")
    assert candidate_records(police.post("/checks", bodies.check(serial=cell)).json) == [record]


def test_a_seizure_matches_by_each_mark_of_its_cell(police, pry):
    record = record_gun(pry, "KPT48213")
    [matches] = seized(police, "RRN11902/KPT48213")["matches"]
    assert candidate_records(matches) == [record]


def test_a_trace_goes_by_each_mark_of_its_cell(police, pry):
    record = record_gun(pry, "KPT48213")
    made = police.post("/traces", bodies.trace(firearm={"serial": "Serie: KPT48213"})).json
    chain = police.get(f"/traces/{made['id']}/result").json["chain"]
    assert [event["record"] for event in chain] == [record]


@pytest.mark.parametrize(
    "cell,marking,condition",
    [
        ("KPT48213 (revelado)", "restored", "restored"),
        ("REMARCADO PARA KPT48213", "altered", "altered"),
        ("KPT48213 (provável)", "unknown", None),
        ("armazón limado, corredera KPT48213", "obliterated", None),
    ],
)
def test_the_cell_says_how_the_gun_is_marked(police, cell, marking, condition):
    [item] = seized(police, cell)["items"]
    assert (item["marking"], item["marks"][-1]["condition"]) == (marking, condition)


@pytest.mark.parametrize(
    "cell",
    ["vide campo Observação abaixo", "OBLIETERADO", "#REF!", "NA", "precinto 4471", "12 unidades"],
)
def test_what_is_no_mark_is_none(police, cell):
    assert seized(police, cell)["items"][0]["marks"] == []


@pytest.mark.parametrize("serial", ["1", "0"])
def test_what_may_yet_be_the_number_of_a_gun_stays_its_mark(police, serial):
    [item] = seized(police, serial, marking="intact")["items"]
    assert (item["marking"], [mark["text"] for mark in item["marks"]]) == ("intact", [serial])


def test_a_plain_serial_is_one_mark(police):
    [item] = seized(police, "KPT48213")["items"]
    assert [mark["text"] for mark in item["marks"]] == ["KPT48213"]


def test_a_correction_does_not_repeat_the_marks_of_a_cell(police):
    made = seized(police, "KPT48213/RRN11902")
    result = [
        {
            "line": 1,
            "serial": "KPT48213/RRN11902",
            "marks": [{"kind": "manufacture", "text": "KPT48213"}],
        }
    ]
    body = bodies.seizure(number="S-1", items=result, reason="Read again")
    [item] = police.post(f"/seizures/{made['id']}/correct", body, 200, If_Match='"1"').json["items"]
    texts = sorted(mark["text"] for mark in item["marks"])
    assert texts == ["KPT48213", "KPT48213/RRN11902", "RRN11902"]


def test_the_importing_state_holds_each_mark_of_a_cell_once(as_actor, police):
    way = Way(as_actor)
    made = way.ship("KPT48213/RRN11902")
    way.release(made)
    way.tick(made, "exit")
    add(way.bol, made, "receipt", received_on="2026-03-05", all=True)
    answer = police.post("/checks", bodies.check(serial="RRN11902")).json
    here = [each["record"] for each in answer["candidates"] if each["state"] == "BOL"]
    marks = as_actor("BOL", "police_officer").get(f"/records/{here[0]}").json["marks"]
    assert sorted(mark["text"] for mark in marks) == ["KPT48213", "KPT48213/RRN11902", "RRN11902"]


def test_a_cell_is_shown_as_it_is_understood(police):
    answer = police.get("/marks/reading?text=KPT48213 (cano) revelado").json
    assert answer == {
        "marks": [
            {"text": "KPT48213", "part": "barrel", "condition": "restored", "remark": "revelado"}
        ],
        "marking": "restored",
        "remarks": [],
        "damage": None,
    }


def test_a_cell_without_a_text_is_refused(police):
    assert list(police.get("/marks/reading", 422).json["errors"]) == ["text"]
