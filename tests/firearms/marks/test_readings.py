"""A cell is read as the marks it holds, and no glyph is made up."""

import csv
import re
import string
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from salsa_ext.core import codes
from salsa_ext.firearms.marks.cell_reading import MarkRead, Reading, read_cell
from salsa_ext.firearms.marks.other_texts import MAX_SHORT, may_be_other

CORPUS = Path(__file__).parents[2] / "data" / "marks_as_written.csv"
ROWS = list(csv.DictReader(CORPUS.read_text().splitlines()))

WORDS = [
    *re.findall(
        r"\S+",
        """
raspado limado borrado ilegible ilegível illisible illegible cano cañón canon barrel frame armação
carcasse slide corredera e y et and de no the revelado provável probable restored visible remarcado
para S/N Nº No. Serie: serial (cano) (?) [?] (ilegible) (8 o B) 8/B [8B] … ... ** * ? _ __ # ## -- -
/ , ; : . x X = ( ) [ ] " ' primer último first last dígito digit dígitos digits 2 3 dos 12345 A3247
CDT75/CDT70 00267 T 13B 1234 B02669 M32111 0 1 1.7E+27 4-Jul TAURUS foo x=ilegible resto faltan LA
missing vide ver observação obliterado OBLIETERADO 1º 2do ção ï ß İ ﬁ ² ٣
""",
    ),
    "\n",
    "",
]
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


def written(mark):
    part = f" @{mark.part}" if mark.part else ""
    return mark.text + part + (f" !{mark.condition}" if mark.condition else "")


def test_a_cell_is_read_as_a_person_reads_it():
    for row in ROWS:
        reading = read_cell(row["cell"])
        assert {
            "marks": " + ".join(map(written, reading.marks)),
            "marking": reading.marking or "",
            "damage": reading.damage or "",
        } == {name: row[name] for name in ("marks", "marking", "damage")}, row["cell"]


@pytest.mark.parametrize("language", codes.LANGUAGES)
def test_each_language_has_its_cells(language):
    assert sum(row["language"] == language for row in ROWS) >= 90


@pytest.mark.parametrize(
    "cell,remarks",
    [
        ("KPT48213 (import mark PRY 24)", ("import mark PRY 24",)),
        ("12345, con mira telescópica", ("con mira telescópica",)),
        ("frame limado, slide 456", ("frame limado",)),
        ("GLOCK 17 serie ABC123", ("GLOCK 17",)),
        ("vide relatório do perito", ("vide relatório do perito",)),
        ("raspado", ()),
        ("#REF!", ("#REF!",)),
    ],
)
def test_what_is_not_understood_is_a_remark(cell, remarks):
    assert read_cell(cell).remarks == remarks


def test_remarks_on_a_mark_are_next_to_it():
    [mark] = read_cell("x13536, primeiro dígito não identificado.").marks
    assert mark == MarkRead("?13536", remark="primeiro dígito não identificado")


@given(CELLS)
@example("")
@example("İ 12345")
def test_every_glyph_of_a_mark_is_in_the_cell_in_order(cell):
    assert [mark.text for mark in read_cell(cell).marks if not is_within(mark.text, cell)] == []


@given(CELLS)
def test_the_text_of_a_mark_is_read_as_itself(cell):
    for mark in read_cell(cell).marks:
        assert read_cell(mark.text).marks == (MarkRead(mark.text),)


def test_an_unread_glyph_beside_the_name_of_a_model_is_of_the_mark():
    assert read_cell("TS9??73").marks == (MarkRead("TS9??73"),)


@given(CELLS)
def test_a_digit_outside_the_mark_is_in_a_remark(cell):
    reading = read_cell(cell)
    result = [*reading.remarks, *(f"{mark.text} {mark.remark or ''}" for mark in reading.marks)]
    stored = {glyph for text in result for glyph in text if glyph.isdigit()}
    lost = {glyph for glyph in cell if glyph.isdigit()} - stored
    assert not lost or (reading.marking == "unknown" and not reading.marks)


@given(PLAIN)
def test_a_plain_serial_is_read_as_itself(serial):
    assume(any(map(str.isdigit, serial)) and len(set(serial)) > 1)
    assume(not serial.isdigit() or len(serial) < 16)
    assume(len(serial) > MAX_SHORT or not may_be_other(serial))  # 9X19, PT92
    assert read_cell(serial) == Reading((MarkRead(serial),))


@given(st.text("0123456789ABC?", min_size=3, max_size=12), st.sampled_from([" ", "\n", "  ", "."]))
def test_blanks_and_a_full_stop_around_a_mark_are_no_part_of_it(mark, around):
    assume(any(map(str.isdigit, mark)) and len(set(mark)) > 1)
    assert read_cell(around.replace(".", " ") + mark + around).marks == read_cell(mark).marks


@given(st.text(string.ascii_letters, min_size=1, max_size=12), st.sampled_from("23456789"))
def test_a_serial_with_a_digit_is_never_a_misspelt_word(letters, digit):
    assume(digit not in letters and not may_be_other(letters + digit))
    assert read_cell(letters + digit).marks == (MarkRead(letters + digit),)


@pytest.mark.parametrize(
    "cell,mark",
    [
        ("TKA[_]2381", "TKA?2381"),
        ("TKA(_)2381", "TKA?2381"),
        ("TKA<?>2381", "TKA?2381"),
        ("TKA(X)2381", "TKA?2381"),
        ("TKA[x]2381", "TKA?2381"),
        ("TKA~2381", "TKA?2381"),
        ("TKA^2381", "TKA?2381"),
        ("TKA5238~", "TKA5238?"),
        ("TKA[XX]81", "TKA??81"),
        ("1001~1010", "1001~1010"),
        ("12345 (x)", "12345"),
    ],
)
def test_signs_that_stand_for_a_glyph_are_read_as_one(cell, mark):
    assert [found.text for found in read_cell(cell).marks] == [mark]


@pytest.mark.parametrize(
    "cell,mark",
    [
        ("terminada en 1234", "*1234"),
        ("sólo se lee al final 9828", "*9828"),
        ("só se lê no final 4452", "*4452"),
        ("seul le final 28 lisible", "*28"),
        ("only the end 4452 readable", "*4452"),
        ("finit par 065M", "*065M"),
        ("3?6945M", "3?6945M"),
        ("REMARCADO PARA T99437", "T99437"),
        ("Serie terminada en 1234", "*1234"),
        ("terminado em 5238", "*5238"),
        ("últimos 4 dígitos 1234", "*1234"),
        ("os últimos 3 algarismos: 123", "*123"),
        ("last four 1234", "*1234"),
        ("Serial number ending in AB12", "*AB12"),
        ("derniers chiffres 1234", "*1234"),
        ("se termine par 381", "*381"),
        ("solo se lee N243", "*N243*"),
        ("só se lê 1180", "*1180*"),
        ("on ne lit que K723", "*K723*"),
        ("last four 123", "last four 123"),
        ("TKA52 last 3 digits illegible", "TKA52???"),
        ("faltam os 2 últimos números: WDB31", "WDB31??"),
    ],
)
def test_the_end_of_a_mark_that_is_told_in_words_is_read_as_one(cell, mark):
    assert [found.text for found in read_cell(cell).marks] == [mark]
