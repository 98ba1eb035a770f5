"""Marks: what people write of one serial comes to one key, and no text breaks it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.marking_words import marking_of
from tests.support.sizes import drawn

CONFUSED = {
    "0": "OQD",
    "O": "0QD",
    "Q": "0OD",
    "D": "0OQ",
    "1": "IL",
    "I": "1L",
    "L": "1I",
    "2": "Z",
    "Z": "2",
    "5": "S",
    "S": "5",
    "6": "G",
    "G": "6",
    "8": "B",
    "B": "8",
}
SERIALS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=20)
SEPARATORS = " -_./\\,;:'\"·–—\t\u00a0\u2009"


@given(st.text())
def test_no_text_breaks_the_key(text):
    key = keys.whole_key(text)
    assert key is None or -(2**63) <= key.value < 2**63


@given(st.text())
def test_what_is_normalised_stays_as_it_is(text):
    norm = keys.normalise(text)
    assert keys.normalise(norm) == norm


@given(st.text())
def test_the_skeleton_of_a_skeleton_is_itself(text):
    folded = keys.skeleton(keys.normalise(text))
    assert keys.skeleton(folded) == folded


@given(SERIALS, st.data())
def test_glyphs_that_are_confused_share_a_skeleton(serial, data):
    readings = [st.sampled_from(glyph + CONFUSED.get(glyph, "")) for glyph in serial]
    misread = "".join(data.draw(reading) for reading in readings)
    assume(marking_of(serial) is None and marking_of(misread) is None)
    assert keys.skeleton(misread) == keys.skeleton(serial)
    assert keys.whole_key(misread).value == keys.whole_key(serial).value


@given(SERIALS, st.data())
def test_separators_and_small_letters_change_nothing(serial, data):
    written = "".join(glyph + data.draw(st.sampled_from(["", *SEPARATORS])) for glyph in serial)
    assume(marking_of(serial) is None and marking_of(written) is None)  # NA is a mark, N/A is none
    assert keys.whole_key(written.lower()) == keys.whole_key(serial)


@given(SERIALS, SERIALS)
@drawn(100, 300)
def test_keys_are_the_same_exactly_where_skeletons_are(one, other):
    assume(marking_of(one) is None and marking_of(other) is None)
    same = keys.skeleton(one) == keys.skeleton(other)
    assert (keys.whole_key(one).value == keys.whole_key(other).value) == same


@pytest.mark.parametrize(
    "text,norm",
    [
        ("abc-123 456", "ABC123456"),
        ("ＡＢＣ１２３", "ABC123"),
        ("t¹²³", "T123"),
        ("ﬁ-7", "FI7"),
        ("AB?12*", "AB?12*"),
        ("A[8B]1", "A[8B]1"),
        ("ΐ1", "\u03aa\u03011"),
        ("", ""),
        (" - ", ""),
    ],
)
def test_a_text_is_normalised(text, norm):
    assert keys.normalise(text) == norm


@pytest.mark.parametrize(
    "text,skeleton",
    [
        ("OQD0", "0000"),
        ("IL1", "111"),
        ("Z2", "22"),
        ("S5", "55"),
        ("G6", "66"),
        ("B8", "88"),
        ("A[8B]1", "A81"),
        ("A[8C]1", "A?1"),
        ("A?1*", "A?1*"),
        ("A[]1", "A[]1"),
        ("КМ1974", "KM1974"),
        ("ТКА52", "TKA52"),
        ("ΑΒΧ12", "A8X12"),
        ("ЛБ12", "ЛБ12"),
    ],
)
def test_a_serial_is_folded(text, skeleton):
    assert keys.skeleton(text) == skeleton


@pytest.mark.parametrize(
    "text,count", [("ABC123", 6), ("AB?1*", 3), ("A[8B]1", 2), ("***", 0), ("", 0), ("---", 0)]
)
def test_glyphs_that_somebody_could_read_are_counted(text, count):
    assert keys.count_readable(text) == count


@pytest.mark.parametrize("text", ["", "???", "*", " - ", "[8B]", "★"])
def test_a_mark_of_which_nothing_can_be_read_has_no_key(text):
    assert keys.whole_key(text) is None


@pytest.mark.parametrize(
    ("typed", "stored", "is_found"),
    [
        ("tx9981z", "TX 99-[8B]1/Z", True),
        ("TX99B1Z", "TX 99-[8B]1/Z", True),
        ("CP16608[37]", "CP16608[37]", True),
        ("CP166083", "CP16608[37]", True),
        ("CP16608[37]", "CP-166087", True),
        ("CP166085", "CP16608[37]", False),
        ("CP16608[37]", "CP166085", False),
        ("CP166083", "CP1660837", False),
        ("CP166083", "CP16608?", False),
        ("CP16608?", "CP16608?", True),
    ],
)
def test_a_mark_is_looked_up_by_each_of_its_readings_and_compared_glyph_by_glyph(
    typed, stored, is_found
):
    key = keys.storage_key(stored)
    is_near = key.value in keys.lookup_keys(typed)
    assert (is_near and keys.may_be_equal(keys.normalise(typed), key.norm)) == is_found


def test_words_are_not_looked_up():
    assert keys.lookup_keys("obliterated") == keys.lookup_keys("-?-") == set()
