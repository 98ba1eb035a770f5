"""Makers give out the same numbers: a mark that two guns bear is no hit until something tells them apart."""

import pytest

from benchmarks.marks import FORMATS
from tests.support import bodies

COLT = {"make": "Colt", "calibre": ".38 Special", "type": "revolver", "model": None}
STAR = {"make": "Star", "calibre": "9x19", "type": "pistol", "model": None}


@pytest.fixture
def hold(as_actor):
    """Let a state know of guns that were sold under one serial."""

    def record(serial, *guns, state="PRY"):
        clerk = as_actor(state, "licensing_officer")
        for number, gun in enumerate(guns):
            result = {"line": 1, "serial": serial} | {k: v for k, v in gun.items() if v}
            clerk.post("/transfers", bodies.transfer(number=f"{serial}-{number}", firearm=result))

    return record


@pytest.fixture
def answered(as_actor):
    def post(serial, **known):
        bare = {"make": None, "model": None, "calibre": None}
        body = bodies.check(serial=serial) | bare | known
        body = {name: value for name, value in body.items() if value is not None}
        return as_actor("BRA", "police_officer").post("/checks", body).json

    return post


@pytest.fixture
def ask(answered):
    def post(serial, **known):
        answer = answered(serial, **known)
        return answer["verdict"], [each["strength"] for each in answer["candidates"]]

    return post


@pytest.mark.parametrize("serial", ["45123", "123456", "1234567"])
def test_a_short_number_alone_is_possible_and_with_its_make_a_hit(hold, ask, serial):
    hold(serial, COLT)
    assert ask(serial) == ("possible", ["moderate"])
    assert ask(serial, make="Colt")[0] == "hit"


@pytest.mark.parametrize("serial", ["123456", "TKA52381"])
def test_two_guns_of_one_mark_are_no_hit_until_something_tells_them_apart(hold, ask, serial):
    hold(serial, COLT, STAR)
    assert ask(serial) == ("possible", ["moderate", "moderate"])
    for known in ({"make": "Star"}, {"calibre": ".38 Special"}):
        verdict, strengths = ask(serial, **known)
        assert (verdict, strengths.count("strong")) == ("hit", 1)


def test_records_of_one_gun_take_nothing_from_each_other(hold, ask):
    hold("TKA52381", COLT, COLT, {"make": "Colt"})
    assert ask("TKA52381") == ("hit", ["strong"] * 3)


def test_the_benchmark_has_makers_that_give_out_the_same_numbers():
    patterns = [form.pattern for form in FORMATS if set(form.pattern) == {"#"}]
    assert len(patterns) > len(set(patterns))


RIFLE = {"make": "Colt", "calibre": "5.56x45", "type": "rifle", "model": None}


@pytest.mark.parametrize(
    "changes,known",
    [
        ({"calibre": ".223 Remington"}, {"make": "Colt"}),
        ({"type": "carbine"}, {"make": "Colt"}),
        ({"type": "unknown"}, {"make": "Colt"}),
        ({"make": "Browning"}, {"calibre": "5.56x45"}),
    ],
)
def test_records_of_one_gun_in_other_words_are_no_rivals(hold, answered, changes, known):
    gun = RIFLE | ({"make": "FN Herstal"} if "make" in changes else {})
    hold("ABC123456", gun)
    hold("ABC123456", gun | changes, state="ARG")
    answer = answered("ABC123456", **known)
    assert answer["verdict"] == "hit"
    for candidate in answer["candidates"]:
        assert "crowd" not in [reason["code"] for reason in candidate["reasons"]]


def test_records_of_one_gun_in_other_words_count_once_against_its_neighbours(hold, answered):
    hold("ABC123456", RIFLE)
    hold("ABC123458", RIFLE)
    crowd = lost(answered("ABC123457", make="Colt"))
    hold("ABC123456", RIFLE | {"calibre": ".223 Remington"}, state="ARG")
    assert lost(answered("ABC123457", make="Colt")) == crowd


def lost(answer):
    [best, *_] = [each for each in answer["candidates"] if each["record"]]
    return [each["bits"] for each in best["reasons"] if each["code"] == "crowd"]
