"""Forms: a mark is found by a key that it shares, whatever happened to it on the way."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from salsa_ext.firearms.marks import distance, variants
from salsa_ext.firearms.marks.distance import compare
from salsa_ext.firearms.marks.keys import skeleton

SERIALS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=5, max_size=13)
GLYPHS = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def meet(read, held, tier):
    return not variants.index_keys(held).isdisjoint(getattr(variants.search_keys(read), tier))


@st.composite
def fitting_patterns(draw, serial):
    """Write a serial with glyphs that are unread, of two kinds, or in runs of any length."""
    read = ""
    for glyph in serial:
        read += draw(st.sampled_from([glyph, glyph, glyph, "?", f"[{glyph}X]", "*", f"{glyph}*"]))
    return re.sub(r"[*]+", "*", read)


def of_kind(glyph):
    return st.sampled_from("0123456789" if skeleton(glyph).isdigit() else "ACEFHJKMNPRTUVWXY")


@st.composite
def one_error(draw, serial):
    at = draw(st.integers(0, len(serial) - 2))
    return draw(
        st.sampled_from(
            [
                serial[:at] + draw(GLYPHS) + serial[at + 1 :],
                serial[:at] + serial[at + 1 :],
                serial[:at] + draw(GLYPHS) + serial[at:],
                serial[:at] + serial[at + 1] + serial[at] + serial[at + 2 :],
            ]
        )
    )


@given(SERIALS, st.data())
def test_any_one_error_is_found_among_the_nearest(serial, data):
    read = data.draw(one_error(serial))
    assert skeleton(read) == skeleton(serial) or meet(read, serial, "single")
    assert compare(read, serial).kind in ("same", "confusable", "one", "core")


@given(SERIALS, st.data())
def test_two_glyphs_that_are_read_as_others_of_their_kind_are_found(serial, data):
    first, second = data.draw(st.tuples(*[st.integers(0, len(serial) - 1)] * 2))
    assume(first < second)
    read = serial
    for at in (first, second):
        read = read[:at] + data.draw(of_kind(serial[at])) + read[at + 1 :]
    assume(skeleton(read) != skeleton(serial))
    assert meet(read, serial, "single") or meet(read, serial, "two")
    assert compare(read, serial) is not None


@given(st.text("0123456789", min_size=6, max_size=13), st.data())
def test_two_lost_digits_are_found(serial, data):
    read = serial
    for _ in range(2):
        at = data.draw(st.integers(0, len(read) - 1))
        read = read[:at] + read[at + 1 :]
    assert meet(read, serial, "single") or meet(read, serial, "two")


@given(SERIALS, st.data())
def test_up_to_three_unreadable_glyphs_are_found_wherever_they_stand(serial, data):
    count = data.draw(st.integers(1, 3))
    places = data.draw(st.sets(st.integers(0, len(serial) - 1), min_size=count, max_size=count))
    read = "".join("?" if at in places else glyph for at, glyph in enumerate(serial))
    assert meet(read, serial, "single")
    assert compare(read, serial).kind == "unread"


@given(SERIALS.filter(lambda serial: len(serial) > 5), st.booleans())
def test_a_legible_half_is_found(serial, is_head):
    half = (len(serial) + 1) // 2
    read = serial[:half] + "*" if is_head else "*" + serial[-half:]
    assert meet(read, serial, "part")
    assert compare(read, serial).kind == "unread"


@pytest.mark.parametrize(
    "read,known",
    [
        ("TKA52381*", "TKA52381"),
        ("TKA52?8[1I]*", "TKA52381"),
        ("TKA*", "TKA"),
        ("TKA*", "TKA1"),
        ("TKA*", "TKA12"),
        ("TKA*", "TKA52381"),
        ("TKA*", "TKA52381234"),
        ("*381", "TKA52381"),
        ("HUV*07", "HUV252007"),
        ("TKA????1", "TKA52381"),
        ("T????381", "TKA52381"),
        ("*5238*", "TKA52381"),
        ("*A5238*", "TKA52381"),
        ("*KA52*", "TKA52381"),
        ("*UV2520*", "HUV252007"),
        ("*A523*", "TKA52381"),
        ("*5238*", "152389"),
        ("*KA52?8*", "TKA52381"),
    ],
)
def test_whole_marks_are_found_by_a_beginning_an_end_or_a_piece_within(read, known):
    assert variants.search_keys(read).can_find
    assert meet(read, known, "single") or meet(read, known, "part")
    assert compare(read, known).kind == "unread"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=6, max_size=9), st.data())
def test_a_piece_of_four_glyphs_is_found_anywhere_in_a_mark(serial, data):
    at = data.draw(st.integers(1, len(serial) - 5))
    assert meet(f"*{serial[at : at + 4]}*", serial, "part")


@given(SERIALS, st.data())
@example("TKA52381X", None)
def test_what_fits_a_serial_finds_it_or_is_no_search(serial, data):
    read = data.draw(fitting_patterns(serial)) if data else "????2381?"
    length = variants.searched_length(read)
    assume(variants.search_keys(read).can_find and (length is None or len(serial) <= length))
    assert any(meet(read, serial, tier) for tier in ("single", "two", "part"))
    assert compare(read, serial).kind in ("unread", "same", "confusable")


@pytest.mark.parametrize(
    "read,length", [("TKA52381*", 21), ("*381", 11), ("*5238*", 0), ("TKA52381", None)]
)
def test_a_part_finds_marks_up_to_a_length(read, length):
    assert variants.searched_length(read) == length


@pytest.mark.parametrize(
    "read,expected",
    [("KA52?81", "lacks the T that"), ("TKAA52?81", "has A where"), ("TKA12?81", "one differs")],
)
def test_one_error_beside_an_unread_glyph_is_found(read, expected):
    assert meet(read, "TKA52381", "single") or meet(read, "TKA52381", "two")
    assert expected in str(distance.describe(compare(read, "TKA52381"), "serial"))


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=4, max_size=11))
def test_three_glyphs_at_an_end_are_found(serial):
    for read in (f"{serial[:3]}*", f"*{serial[-3:]}"):
        assert meet(read, serial, "single") or meet(read, serial, "part")


@pytest.mark.parametrize(
    "read", ["*815*", "12*78", "*A5*", "1??2??3??", "*AB?1*", "*KA5?3*", "A?1", "T*1"]
)
def test_what_finds_no_whole_mark_is_no_search(read):
    assert not variants.search_keys(read).can_find


@pytest.mark.parametrize("read", ["*UV252012*", "ABC123*", "*A5238*", "*ABCDEFGHIJ*"])
def test_a_part_asks_for_a_bounded_number_of_keys(read):
    assert len(variants.search_keys(read).part) < 8_000


@pytest.mark.parametrize(
    "read,known",
    [
        ("00052381", "52381"),
        ("52381", "00052381"),
        ("52381", "052381"),
        ("052381", "00052381"),
        ("52381", "TKA0052381"),
        ("O0052381", "52381"),
    ],
)
def test_up_to_three_zeros_before_a_number_may_be_missing(read, known):
    assert meet(read, known, "part")
    assert (compare(read, known).kind, compare(read, known).glyphs) == ("core", 5)


@pytest.mark.parametrize("read,known", [("0000052381", "52381"), ("00052", "52"), ("ABC", "00ABC")])
def test_more_zeros_and_those_of_short_numbers_are_no_slip(read, known):
    near = compare(read, known)
    assert near is None or near.kind != "core"


@pytest.mark.parametrize(
    "read,known,expected",
    [
        ("52381", "TKA52381", "the record has letters as well"),
        ("TKA52381", "52381", "the record has no letters."),
        ("TKA52381", "XYZ52381", "and other letters"),
        ("00052381", "52381", "with more or fewer zeros before them"),
    ],
)
def test_equal_digits_are_shown_with_their_other_letters(read, known, expected):
    assert expected in str(distance.describe(compare(read, known), "serial"))


@pytest.mark.parametrize(
    "serial,half", [("ABC1234", "ABC1*"), ("ABC1234", "*1234"), ("ABCD12", "ABC*")]
)
def test_a_half_is_sought_by_all_that_was_read_of_it_first(serial, half):
    assert variants.search_keys(half).part[0] in variants.index_keys(serial)


@pytest.mark.parametrize(
    "read,pattern",
    [("ABC123", None), ("A1?", "A1_"), ("B*9", "8%9"), ("O?%*", "0_\\%%"), ("[8B]_?", "8\\__")],
)
def test_what_was_read_in_part_is_a_pattern_over_skeletons(read, pattern):
    assert variants.like_pattern(read) == pattern


@given(SERIALS, st.integers(0, 8), st.integers(3, 5))
def test_a_mark_of_which_a_piece_can_be_read_is_found_by_the_whole(serial, start, length):
    piece = serial[start : start + length]
    assume(len(piece) >= 3)
    stored = "?" * start + piece + "?" * (len(serial) - start - len(piece))
    assume("?" in stored)
    sought = variants.search_keys(serial)
    assert (sought.single | sought.two | {*sought.part}) & variants.index_keys(stored)
    assert compare(serial, stored).kind == "unread"


@pytest.mark.parametrize(
    "read,known",
    [
        ("123456", "ABC123456"),
        ("ABC123456", "123456"),
        ("123456", "123456AB"),
        ("369257", "369J257"),
        ("369M257", "369J257"),
        ("XX123456", "YY123456"),
    ],
)
def test_letters_before_behind_and_between_may_be_missing(read, known):
    assert meet(read, known, "part")
    assert compare(read, known).kind == "core"


@given(st.text(max_size=64), st.text(max_size=64))
@example("*", "*")
def test_no_text_breaks_the_forms_or_the_comparison(read, held):
    assert all(-(2**63) <= key < 2**63 for key in variants.index_keys(held))
    forms = variants.search_keys(read)
    assert all(-(2**63) <= key < 2**63 for key in forms.single | forms.two | {*forms.part})
    compare(read, held)


@given(SERIALS, SERIALS)
def test_nearness_is_mutual(one, other):
    there, back = compare(one, other), compare(other, one)
    assert (there and there.kind) == (back and back.kind)


@given(SERIALS)
def test_a_search_asks_for_no_more_keys_than_a_page_holds(serial):
    forms = variants.search_keys(serial)
    assert len(forms.single) <= 2 * len(serial) + 2
    assert len(forms.two) < 2_000
    assert len(variants.index_keys(serial)) <= len(serial) + 8


@pytest.mark.parametrize(
    "read,known,fits",
    [
        ("AB*", "ABC", True),
        ("AB*", "AB", True),
        ("*BC", "ABC", True),
        ("A*C", "ABC", True),
        ("A*C", "AC", True),
        ("A*CD*F", "ABCDEF", True),
        ("A*CD*F", "ABCDF", True),
        ("A*CD*F", "ABCF", False),
        ("A*C*C", "ABCDCEC", True),
        ("A*?D*F", "ABCDEF", True),
        ("A*C", "A?C", True),
    ],
)
def test_runs_of_unknown_length_can_be_of_none(read, known, fits):
    near = compare(read, known)
    assert (near is not None and near.kind == "unread") == fits


@pytest.mark.parametrize(
    "read,known,kind,count",
    [
        ("TKA[5S]2381", "TKA52381", "same", 1),
        ("TKA[5S]2381", "TKAS2381", "same", 1),
        ("[8B]V57186", "BV57186", "same", 1),
        ("[2Z]369", "2369", "same", 1),
        ("TKA[5S]2381", "TKA[5S]2381", "same", 1),
        ("TKA[5S]2O81", "TKA52081", "confusable", 1),
        ("12[83]4567", "12[83]4567", "unread", 2),
        ("12[83]4567", "1284567", "unread", 1),
        ("12[83]4567", "1294567", "unread_one", 1),
        ("12[83]4567", "12?4567", "unread", 2),
    ],
)
def test_one_of_two_glyphs_counts_as_the_best_of_them(read, known, kind, count):
    near, back = compare(read, known), compare(known, read)
    assert (near.kind, near.count, back.kind) == (kind, count, kind)


def test_one_of_two_glyphs_says_at_least_what_an_unreadable_one_says():
    either, unread = compare("TKA[5S]2381", "TKA52381"), compare("TKA?2381", "TKA52381")
    assert either.glyphs > unread.glyphs


def test_a_glyph_that_is_none_of_the_two_is_told_as_it_was_read():
    near = compare("12[83]4567", "1294567")
    assert (near.read, near.recorded) == ("3/8", "9")
    near = compare("AB[5S]1234", "ABR1234")
    assert (near.kind, near.read, near.recorded) == ("one", "[5S]", "R")


def test_many_runs_take_no_longer_than_there_are_glyphs():
    assert compare("*" + "AAB*" * 16 + "H", "AAA?" * 14) is None


@given(st.lists(SERIALS.map(skeleton), unique=True, min_size=2, max_size=20))
def test_the_own_form_of_a_mark_is_shared_with_no_other_and_is_stored(serials):
    assert len({variants.own_key(serial) for serial in serials}) == len(serials)
    assert all(variants.own_key(serial) in variants.index_keys(serial) for serial in serials)
