"""Why a trace is likely to fail, by assumed shares."""

import pytest

from salsa_ext.tracing.chains import description_gaps

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
    ("gun", "missing"),
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
def test_what_a_description_lacks(gun, missing):
    assert {gap.field for gap in description_gaps.predict_answers(gun).gaps} == missing


def test_the_most_helpful_field_comes_first():
    outlook = description_gaps.predict_answers(without("make", "model"))
    assert "not a measurement" in outlook.text.text and outlook.next == "make"
    make, model = outlook.gaps
    assert (make.field, model.field) == ("make", "model") and make.gain > model.gain > 0
    assert make.share_with == pytest.approx(outlook.share + make.gain)


def test_a_complete_description_lacks_nothing():
    outlook = description_gaps.predict_answers(GUN)
    assert (outlook.share, outlook.gaps, outlook.next) == (
        description_gaps.ANSWERED_SHARE,
        [],
        None,
    )
