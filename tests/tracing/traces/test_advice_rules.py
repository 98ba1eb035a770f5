"""Why a trace is likely to fail, by general experience."""

import pytest

from salsa_ext.tracing.chains import gaps

GUN = {
    "serial": "ABC123456",
    "make": "Taurus",
    "calibre": "9x19",
    "type": "pistol",
    "model": "G2C",
    "country_of_manufacture": "BRA",
    "marks": [],
}


def without(*fields, **changes):
    return {name: None if name in fields else value for name, value in GUN.items()} | changes


@pytest.mark.parametrize(
    ("gun", "lacks"),
    [
        (GUN, set()),
        (without("make", "calibre"), {"make", "calibre"}),
        (without("make", make_text="a maker nobody knows"), set()),
        (without("serial"), {"serial"}),
        (without(serial="raspado"), {"serial"}),
        (without(serial="ABC12*"), {"part"}),
        (without("country_of_manufacture"), {"origin"}),
        (without("country_of_manufacture", marks=[{"kind": "import", "state": "USA"}]), set()),
        (without("country_of_manufacture", marks=[{"kind": "proof", "state": "USA"}]), {"origin"}),
    ],
)
def test_what_a_description_lacks(gun, lacks):
    assert {lack.field for lack in gaps.of(gun).lacks} == lacks


def test_what_helps_most_stands_first_with_what_it_would_change():
    said = gaps.of(without("make", "model"))
    assert "general experience" in said.text.text and said.next == "make"
    make, model = said.lacks
    assert (make.field, model.field) == ("make", "model") and make.gain > model.gain > 0
    assert make.with_it == pytest.approx(said.share + make.gain)


def test_a_complete_description_lacks_nothing():
    said = gaps.of(GUN)
    assert (said.share, said.lacks, said.next) == (gaps.BEST, [], None)
