"""Why a trace is likely to fail: learned from how such traces ended, and else a plain prior."""

import pytest

from salsa_ext.matching import outlooks
from salsa_ext.matching.outlooks import Tally

GUN = {
    "serial": "ABC123456", "make": "Taurus", "calibre": "9x19", "type": "pistol", "model": "G2C",
    "country_of_manufacture": "BRA", "marks": [],
}  # fmt: skip


def nobody():
    return {}


def without(*fields, **changes):
    return {name: None if name in fields else value for name, value in GUN.items()} | changes


@pytest.mark.parametrize(
    ("gun", "code"),
    [
        (GUN, "complete"),
        (without("make", "calibre"), "make-calibre"),
        (without("make", make_text="a maker nobody knows"), "complete"),
        (without("serial"), "serial"),
        (without(serial="raspado"), "serial"),
        (without(serial="ABC12*"), "part"),
        (without("country_of_manufacture"), "origin"),
        (
            without("country_of_manufacture", marks=[{"kind": "import", "state": "USA"}]),
            "complete",
        ),
        (without("country_of_manufacture", marks=[{"kind": "proof", "state": "USA"}]), "origin"),
    ],
)
def test_what_a_description_lacks_is_one_code(gun, code):
    assert outlooks.profile(gun) == code


def test_with_no_history_a_prior_speaks_and_says_that_it_is_one():
    said = outlooks.of(without("make"), {}, nobody)
    assert (said.basis, said.tally, said.next) == ("prior", None, "make")
    assert "general experience" in said.text.text
    [lack] = said.lacks
    assert lack.learned.basis == "prior" and lack.learned.gain > 0.1


def test_the_own_past_is_compared_with_the_field_and_without():
    own = {"make": Tally(40, 8), "complete": Tally(60, 45)}
    said = outlooks.of(without("make"), own, nobody)
    [lack] = said.lacks
    assert (lack.learned.basis, lack.learned.without, lack.learned.with_it) == ("own", 0.2, 0.75)
    assert str(lack.texts[1]) == (
        "Of 40 traces of your state that lacked this too, 8 were answered; of 60 that had it,"
        " 45 were."
    )
    assert str(said.text).startswith("Of 40 traces of your state that said as much")


def test_where_twins_are_few_traces_alike_in_the_serial_tell():
    own = {"make-model": Tally(9, 1), "make-type": Tally(9, 1), "model": Tally(9, 5),
           "type": Tally(9, 5), "serial-make": Tally(500, 0)}  # fmt: skip
    said = outlooks.of(without("make", "model"), own, nobody)
    by = {lack.field: lack.learned for lack in said.lacks}
    assert by["make"].counts == (Tally(18, 2), Tally(18, 10))


def test_a_serial_is_compared_with_whole_ones_whatever_else_is_lacking():
    own = {"serial-make": Tally(20, 1), "make": Tally(10, 5), "part": Tally(50, 10)}
    [serial, *_] = outlooks.of(without("serial", "calibre"), own, nobody).lacks
    assert serial.learned.counts == (Tally(20, 1), Tally(10, 5))


def test_what_helps_most_stands_first_and_what_hurts_nothing_gains_nothing():
    own = {"make-model": Tally(20, 4), "model": Tally(20, 16), "make": Tally(20, 3)}
    said = outlooks.of(without("make", "model"), own, nobody)
    assert [(lack.field, lack.learned.gain) for lack in said.lacks] == [
        ("make", pytest.approx(0.6)), ("model", 0.0),
    ]  # fmt: skip
    assert said.next == "make"


def test_others_are_asked_only_where_the_own_are_too_few():
    asked = []

    def region():
        asked.append(True)
        return {"make": Tally(30, 10), "complete": Tally(40, 30)}

    own = {"make": Tally(40, 8), "complete": Tally(60, 45)}
    assert outlooks.of(without("make"), own, region).basis == "own"
    assert asked == []
    assert outlooks.of(without("make"), {}, region).basis == "region"


def test_a_complete_description_lacks_nothing():
    said = outlooks.of(GUN, {}, nobody)
    assert (said.lacks, said.next) == ([], None)
