"""One form for each way to write a calibre."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.reference.calibres import normal_form
from tests.support.names import rows

CALIBRES = [text for row in rows("calibres") for text in (row["name"], *row["aliases"].split("|"))]


@pytest.mark.parametrize(
    "written,read",
    [
        ("09 milimetros", "9"),
        ("9 milímetros", "9"),
        ("9 millimètres", "9"),
        ("9 millimeters", "9"),
        (".9 MM", "9"),
        ("0,9 MM", "9"),
        ("9.MM.", "9"),
        ("9 m.m.", "9"),
        ("calibre 9", "9"),
        ("7,62", "7.62"),
        ("7.62 X 39 mm", "7.62x39"),
        ("7,62×39", "7.62x39"),
        ("762x39", "7.62x39"),
        ("127x99", "12.7x99"),
        ("7.62 por 39", "7.62x39"),
        ("7.62x54 mmR", "7.62x54r"),
        (".38 S & W", "38 sw"),
        ("38s&w", "38 sw"),
        (".38 Smith y Wesson", "38 sw"),
        ("32 SWL", "32 sw long"),
        ("45 l.c.", "45 lc"),
        ("45 l/c", "45 lc"),
        ("super 38", "38 super"),
        (".22 Long Rifle", "22 lr"),
        (".22LR.", "22 lr"),
        (".30-06", "30-06"),
        ("7mm-08", "7-08"),
        ("12 GA.", "12 gauge"),
        ("GA 12", "12 gauge"),
        ("12/76", "12 gauge"),
        ("36/63,5", "36 gauge"),
        ("44/40", "44-40"),
        ("mm9", "9"),
        (".040", "40"),
        ("38 Spl +P", "38 special"),
        ("9 Para", "9 luger"),
        ("5,56 x 45 OTAN", "5.56x45 nato"),
        ("9 curto", "9 short"),
    ],
)
def test_ways_to_write_one_calibre_have_one_form(written, read):
    assert normal_form(written) == read


@pytest.mark.parametrize(
    "damaged,read",
    [
        ("0.35699999999999998", "357"),
        ("0.38", "38"),
        ("0.4", "40"),
        ("0.45000000000000001", "45"),
        ("9.0", "9"),
        ("22.0", "22"),
        ("7.6200000000000001", "7.62"),
        ("0.22", "22"),
    ],
)
def test_what_a_spreadsheet_did_to_a_number_is_undone(damaged, read):
    assert normal_form(damaged) == read


@pytest.mark.parametrize(
    "first,other",
    [
        (".40", "40 mm"),
        (".38", ".380"),
        (".38 S&W", ".38 Special"),
        ("9 largo", "9 corto"),
        ("7.62x39", "7.62x51"),
        (".22 Long", ".22 Long Rifle"),
        ("10 mm", "10 gauge"),
    ],
)
def test_what_is_another_calibre_has_another_form(first, other):
    assert normal_form(first) != normal_form(other)


@given(st.text(max_size=30))
def test_any_text_has_a_form(text):
    assert normal_form(f"  {text} ") == normal_form(text)


@given(st.sampled_from(CALIBRES))
def test_a_form_is_its_own_form(text):
    assert normal_form(normal_form(text)) == normal_form(text)
