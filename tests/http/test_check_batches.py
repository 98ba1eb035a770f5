"""Batches of checks: one line for each in its order, and what is wrong with one on its own line."""

import gc
import json
import tracemalloc

import pytest

from api.routes import checks as route_checks
from salsa_ext.checks import checks as check_checks
from salsa_ext.core.errors import Unavailable, message
from salsa_ext.firearms.search import search
from salsa_ext.firearms.search.mark_lookup import SEEN_EXACT_SQL
from salsa_ext.lookups import budgets
from salsa_ext.lookups.budgets import Budget
from tests.support import bodies
from tests.support.manifests import CSV, NDJSON, send
from tests.support.sizes import sized

WHY = {"purpose": "investigation", "case_number": "C-1"}
GUN = {"serial": "ABC123456", "make": "Taurus", "calibre": "9x19"}
OTHER = {"serial": "ZZZ999888"}


@pytest.fixture(autouse=True)
def sold(as_actor):
    """A gun that a dealer in Paraguay sold."""
    return as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer()).json


@pytest.fixture
def ample(monkeypatch):
    """A budget for batches of a case that is not known."""
    monkeypatch.setitem(budgets.BUDGETS, "unknown", Budget(10_000, 1))


@pytest.fixture
def ask(police):
    def post(*guns, expect=200, why=WHY, **headers):
        return police.post("/checks/batch", why | {"checks": list(guns)}, expect, **headers)

    return post


@pytest.fixture
def upload(police):
    def post(file, kind=CSV, expect=200, **headers):
        return send(police, "/checks/batch", WHY, file, kind, expect, **headers)

    return post


def lines(response):
    return [json.loads(line) for line in response.get_data().splitlines()]


def test_each_check_is_answered_on_its_line_in_order(ask, sold):
    response = ask(OTHER, GUN)
    assert response.mimetype == NDJSON
    first, second, _ = lines(response)
    assert (first["line"], first["verdict"], first["candidates"]) == (1, "no_hit", [])
    assert (second["line"], second["verdict"]) == (2, "hit")
    assert second["candidates"][0]["record"] == sold["firearm"]["record"]


def test_a_line_says_what_a_single_check_says(ask, police):
    line, _ = lines(ask(GUN))
    single = police.post("/checks", WHY | GUN).json
    assert line == {key: value for key, value in single.items() if "searched" not in key} | {
        "line": 1,
        "id": line["id"],
    }


@pytest.mark.boards
def test_the_last_line_says_that_it_is_the_end_and_who_was_searched(ask):
    end = lines(ask(GUN, OTHER))[-1]
    assert (end["line"], end["checks"], end["not_searched"]) == (None, 2, [])
    assert ("PRY", 1, "2026-03-09") in [
        (row["state"], row["records"], row["records_through"]) for row in end["searched"]
    ]


@pytest.mark.parametrize(
    "wrong,field",
    [
        ({"serial": "???"}, "serial"),
        ({"serial": "A1"}, "serial"),
        ({}, "serial"),
        ({"serial": "A" * 65}, "serial"),
        ({"serial": "ABC\x07123"}, "serial"),
        (GUN | {"year": "2020"}, "year"),
        (GUN | {"maker": "Taurus"}, "maker"),
        (GUN | {"purpose": "street"}, "purpose"),
        ("ABC123456", "row"),
        (None, "row"),
        ([], "row"),
    ],
)
def test_what_is_wrong_with_one_is_its_lines_problem_and_no_others(ask, wrong, field):
    before, problem, after, _ = lines(ask(GUN, wrong, GUN))
    assert (problem["line"], problem["status"], problem["code"]) == (2, 422, "invalid")
    assert problem["type"] == "urn:salsa:problem:invalid"
    assert list(problem["errors"]) == [field]
    assert (before["verdict"], after["line"], after["verdict"]) == ("hit", 3, "hit")


def test_thousands_are_answered_with_one_of_them_wrong(ample, ask, monkeypatch):
    count = sized(1_200, 10_000)
    monkeypatch.setattr(check_checks, "find_candidates", only_checked(search.find_candidates))
    guns = [{"serial": f"SN{number:06}"} for number in range(count)]
    guns[1_000] = {"serial": "***"}
    answered = lines(ask(*guns))
    assert [line["line"] for line in answered] == [*range(1, count + 1), None]
    assert [line["line"] for line in answered if "errors" in line] == [1_001]


def only_checked(search):
    """Return a search that judges the serial and finds nothing, since each real one takes 3 ms."""

    def found(query, actor, **_):
        return search(query, actor) if "*" in query.serial else []

    return found


@pytest.mark.parametrize(
    "guns,expected",
    [
        ([OTHER] * 10_001, "A batch has at most 10000 checks; send the others as another one."),
        ([], "A batch has one check or more."),
    ],
)
def test_a_batch_of_none_or_too_many_is_refused_as_a_whole(ask, guns, expected):
    assert ask(*guns, expect=422).json["errors"] == {"checks": [expected]}


def test_a_file_of_too_many_is_refused_as_a_whole(upload):
    file = "serial\n" + "".join(f"SN{number:06}\n" for number in range(10_001))
    assert "at most 10000 checks" in upload(file, expect=422).json["errors"]["manifest"][0]


@pytest.mark.parametrize(
    "why,field",
    [
        ({"purpose": "investigation"}, "case_number"),
        ({"purpose": "street"}, "incident"),
        ({"purpose": "curiosity", "case_number": "C-1"}, "purpose"),
        ({}, "purpose"),
    ],
)
def test_the_purpose_is_asked_for_as_of_a_single_check(ask, why, field):
    assert list(ask(GUN, expect=422, why=why).json["errors"]) == [field]


@pytest.mark.parametrize(
    "kind,file",
    [
        (CSV, "serial,make,calibre\nABC123456,Taurus,9x19\n??,,\nZZZ999888,,\n"),
        (NDJSON, f'{json.dumps(GUN)}\n{{"serial": "??"}}\n{json.dumps(OTHER)}\n'),
    ],
)
def test_a_file_is_answered_by_its_lines(upload, kind, file):
    answered = lines(upload(file, kind))
    head = 1 if kind == CSV else 0
    assert [line["line"] for line in answered] == [head + 1, head + 2, head + 3, None]
    assert answered[0]["verdict"] == "hit"
    assert list(answered[1]["errors"]) == ["serial"]
    assert answered[2]["verdict"] == "no_hit"


@pytest.mark.parametrize(
    "file,kind,path",
    [
        ("serial\nABC123456,Taurus\n", CSV, "row"),
        ("[1]\n", NDJSON, "row"),
        ("serial,year\nABC123456,x\n", CSV, "year"),
    ],
)
def test_a_row_that_cannot_be_read_is_its_lines_problem(upload, file, kind, path):
    problem, end = lines(upload(file, kind))
    assert (list(problem["errors"]), end["checks"]) == ([path], 1)


@pytest.mark.parametrize(
    "file,kind,expected",
    [
        ("", CSV, "such as: serial"),
        ("serial,colour\nA,red\n", CSV, "Nobody knows the columns colour"),
        ("serial\n", CSV, "no rows"),
        ("x", "text/plain", "A manifest is of the type"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(upload, file, kind, expected):
    [errors] = upload(file, kind, expect=422).json["errors"].values()
    assert expected in errors[0]


def test_every_check_is_written_down_for_the_asker_and_for_the_owner(as_actor, ask, sold):
    asked = [line["id"] for line in lines(ask(GUN, OTHER, GUN, Salsa_Officer="P-7"))[:-1]]
    own = as_actor("BRA", "auditor").get("/audit?action=check:made").json["items"]
    answer = as_actor("PRY", "auditor").get("/audit?action=record:matched").json["items"]
    assert sorted(entry["subject_id"] for entry in own) == sorted(asked)
    assert {(entry["officer"], entry["case_number"]) for entry in own} == {("P-7", "C-1")}
    assert sorted(entry["subject_id"] for entry in answer) == sorted(asked[::2])
    assert {entry["data"]["records"][0] for entry in answer} == {sold["firearm"]["record"]}


def test_what_cannot_be_searched_is_no_check_that_was_made(as_actor, ask):
    ask({"serial": "??"})
    assert as_actor("BRA", "auditor").get("/audit?action=check:made").json["items"] == []


def test_a_silent_record_is_not_told_apart_in_a_batch(as_actor, ask):
    silent = bodies.transfer(
        number="T-9", visibility="silent", firearm=bodies.firearm(serial="QRS555777")
    )
    as_actor("PRY", "licensing_officer").post("/transfers", silent)
    hidden, nothing, _ = lines(ask(GUN | {"serial": "QRS555777"}, GUN | {"serial": "QRT888222"}))
    assert hidden | {"line": 0, "id": None} == nothing | {"line": 0, "id": None}


def test_a_batch_speaks_the_language_of_its_caller(ask):
    problem, *_ = lines(ask({"serial": "??"}, Accept_Language="es"))
    assert problem["errors"]["serial"][0].startswith("No se puede leer nada")


def test_the_database_is_asked_the_same_few_things_next_to_the_searches(ask, asked):
    def others(count):
        asked.clear()
        ask(*[{"serial": f"QX{number:06}"} for number in range(count)])
        searches = ("salsa_similar_marks", SEEN_EXACT_SQL)
        return len([value for value in asked if not any(search in value for search in searches)])

    others(1)
    assert others(10) == others(40)


def test_sent_again_with_its_key_a_batch_gets_the_first_answer(ask, as_actor):
    first = ask(GUN, OTHER, Idempotency_Key="K-1")
    again = ask(GUN, OTHER, Idempotency_Key="K-1")
    assert again.get_data() == first.get_data()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(as_actor("BRA", "auditor").get("/audit?action=check:made").json["items"]) == 2
    assert ask(OTHER, expect=422, Idempotency_Key="K-1").json["code"] == "idempotency_key_reused"


@pytest.fixture
def lost_once(monkeypatch):
    """The database is gone when the second part of a batch is asked, once."""
    asked, real = [], route_checks.make_chunk

    def ask(*arguments):
        asked.append(arguments)
        if len(asked) == 2:
            raise Unavailable(message("The database cannot be reached; try again shortly."))
        return real(*arguments)

    monkeypatch.setattr(route_checks, "CHUNK", 2)
    monkeypatch.setattr(route_checks, "make_chunk", ask)
    return asked


def test_an_answer_that_breaks_off_says_so_and_keeps_what_was_answered(ask, lost_once):
    first, second, broken = lines(ask(GUN, OTHER, GUN))
    assert (first["line"], second["line"]) == (1, 2)
    assert (broken["line"], broken["status"], broken["code"]) == (None, 503, "unavailable")


def test_sent_again_with_its_key_a_batch_goes_on_where_it_broke_off(ask, lost_once):
    broken = lines(ask(GUN, OTHER, GUN, Idempotency_Key="K-1"))
    again = lines(ask(GUN, OTHER, GUN, Idempotency_Key="K-1"))
    assert again[:2] == broken[:2]
    assert (again[2]["line"], again[2]["verdict"], again[3]["checks"]) == (3, "hit", 3)
    assert len(lost_once) == 3


def test_an_internal_error_is_reported_without_details(ask, monkeypatch, caplog):
    monkeypatch.setattr(route_checks, "CHUNK", 1)
    real, parts = route_checks.make_chunk, []
    monkeypatch.setattr(
        route_checks, "make_chunk", lambda *body: parts.append(1) or real(*body[: 4 - len(parts)])
    )
    broken = lines(ask(GUN, OTHER))[-1]
    assert (broken["status"], broken["code"], errors(caplog)) == (
        500,
        "internal",
        ["unexpected error"],
    )


def test_parts_are_answered_one_after_the_other_and_none_stays_in_memory(
    ample, police, monkeypatch
):
    monkeypatch.setattr(check_checks, "find_candidates", lambda *_, **__: [])
    count = sized(5, 20)
    file = "serial\n" + "".join(f"SN{number:06}\n" for number in range(count * route_checks.CHUNK))
    tracemalloc.start()
    parts = iter(send(police, "/checks/batch", WHY, file, CSV, 200).iter_encoded())
    hold, answered = [], 0
    for part in parts:
        answered += len(part)
        gc.collect()
        hold.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert len(hold) == count + 1  # the parts and the end
    assert hold[-2] - hold[2] < answered / 4


def errors(caplog):
    return [record.message for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("expected", [None, 1, "ABC123456", [GUN]])
def test_a_value_that_is_no_object_is_refused_in_body_and_file(ask, upload, expected):
    in_body, *_ = lines(ask(expected))
    in_file, *_ = lines(upload(json.dumps(expected) + "\n", NDJSON))
    assert in_body["errors"] == in_file["errors"] == {"row": ["This line is no JSON object."]}
