"""A cell is read as the marks it holds, and no glyph is made up."""

import string

from hypothesis import assume, example, given
from hypothesis import strategies as st

from salsa_ext.matching.readings import MarkRead, Reading, read

WORDS = """
raspado limado borrado ilegible ilegível illisible illegible cano cañón canon barrel frame armação carcasse slide
corredera e y et and de no the revelado provável probable restored visible remarcado para S/N Nº No. Serie: serial
(cano) (?) [?] (ilegible) (8 o B) 8/B [8B] … ... ** * ? _ __ # ## -- - / , ; : . x X = ( ) [ ] " ' primer último first
last dígito digit dígitos digits 2 3 dos 12345 A3247 CDT75/CDT70 00267 T 13B 1234 B02669 M32111 0 1 1.7E+27 4-Jul \n
TAURUS foo x=ilegible resto faltan missing vide ver observação obliterado OBLIETERADO 1º 2do ção ï ß İ ﬁ ² ٣
""".split(" ")  # fmt: skip
CELLS = st.one_of(
    st.text(max_size=60),
    st.text("?*_#xX-. /,;:()[]ABey0123456789", max_size=30),
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=6).map("".join),
)
PLAIN = st.text(string.ascii_uppercase + string.digits, min_size=2, max_size=24)


def is_within(text, cell):
    left = iter(cell)
    return all(glyph in left for glyph in text if glyph.isalnum())


@given(CELLS)
@example("")
@example("İ 12345")
def test_every_glyph_of_a_mark_stands_in_the_cell_in_order(cell):
    assert [mark.text for mark in read(cell).marks if not is_within(mark.text, cell)] == []


@given(CELLS)
def test_the_text_of_a_mark_is_read_as_itself(cell):
    for mark in read(cell).marks:
        assert read(mark.text).marks == (MarkRead(mark.text),)


@given(CELLS)
def test_a_digit_that_is_not_in_a_mark_stands_in_a_remark(cell):
    reading = read(cell)
    said = [*reading.remarks, *(f"{mark.text} {mark.remark or ''}" for mark in reading.marks)]
    kept = {glyph for text in said for glyph in text if glyph.isdigit()}
    lost = {glyph for glyph in cell if glyph.isdigit()} - kept
    assert not lost or reading.marking == "unknown" and not reading.marks


@given(PLAIN)
def test_a_plain_serial_is_read_as_itself(serial):
    assume(any(map(str.isdigit, serial)) and len(set(serial)) > 1)
    assume(not serial.isdigit() or len(serial) < 16)
    assert read(serial) == Reading((MarkRead(serial),))


@given(st.text("0123456789ABC?", min_size=3, max_size=12), st.sampled_from([" ", "\n", "  ", "."]))
def test_blanks_and_a_full_stop_around_a_mark_are_no_part_of_it(mark, around):
    assume(any(map(str.isdigit, mark)) and len(set(mark)) > 1)
    assert read(around.replace(".", " ") + mark + around).marks == read(mark).marks


@given(st.text(string.ascii_letters, min_size=1, max_size=12), st.sampled_from("23456789"))
def test_a_serial_with_a_digit_is_never_a_misspelt_word(letters, digit):
    assume(digit not in letters)
    assert read(letters + digit).marks == (MarkRead(letters + digit),)
