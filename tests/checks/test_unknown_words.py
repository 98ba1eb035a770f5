"""What a check remarks on: words that did not count, or by half alone, with what may be meant."""

import json

import pytest

from tests.support import bodies


@pytest.fixture(autouse=True)
def sold(as_actor):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())


@pytest.fixture
def ask(as_actor):
    def post(language="en", **changes):
        police = as_actor("BRA", "police_officer")
        return police.post("/checks", bodies.check(**changes), Accept_Language=language).json

    return post


@pytest.mark.parametrize(
    "make,meant", [("zzqq", ""), ("taruus", " Did you mean Taurus?"), ("Interarms", "")]
)
def test_a_make_that_did_not_count_is_said_with_what_may_be_meant(ask, make, meant):
    answer = ask(make=make)
    [remark] = answer["remarks"]
    assert (remark["code"], remark["field"], remark["word"]) == ("unknown_make", "make", make)
    assert remark["text"] == f"“{make}” is not a known make, and did not count.{meant}"
    codes = [each["code"] for each in answer["candidates"][0]["reasons"]]
    assert codes == ["serial_same", "calibre_same"]


@pytest.mark.parametrize("calibre", ["xx", "9mmm"])
def test_a_calibre_that_did_not_count_is_said(ask, calibre):
    [remark] = ask(calibre=calibre)["remarks"]
    assert (remark["code"], remark["field"]) == ("unknown_calibre", "calibre")


@pytest.mark.parametrize(
    "field,given,name",
    [
        ("calibre", "38", ".38 Special"),
        ("calibre", "0.35699999999999998", ".357 Magnum"),
        ("make", "Forjas Taurrus", "Taurus"),
    ],
)
def test_a_word_recognised_by_half_is_named_with_its_reading(ask, field, given, name):
    [remark] = ask(**{field: given})["remarks"]
    assert remark["code"] == f"uncertain_{field}"
    assert remark["text"] == f"“{given}” is not certain: it counted by half, as {name}."


@pytest.mark.parametrize("changes", [{}, {"make": "unknown"}, {"make": "FORJAS TAURUS"}])
def test_known_words_and_unknown_cause_no_remark(ask, changes):
    assert ask(**changes)["remarks"] == []


@pytest.mark.parametrize(
    "language,expected",
    [
        ("es", "no es ningún fabricante"),
        ("fr", "n’est aucune marque"),
        ("pt", "não é nenhum fabricante"),
    ],
)
def test_it_is_said_in_the_language_of_the_officer(ask, language, expected):
    assert expected in ask(language, make="zzqq")["remarks"][0]["text"]


def test_each_line_of_a_batch_has_its_own(as_actor):
    checks = [{"serial": "ABC123456", "make": make} for make in ("Taurus", "zzqq")]
    body = {"purpose": "stock", "case_number": "C-1", "checks": checks}
    answer = as_actor("BRA", "police_officer").post("/checks/batch", body, 200)
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [len(line["remarks"]) for line in lines[:2]] == [0, 1]
