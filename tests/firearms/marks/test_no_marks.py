"""Cells without a mark are recognised, in four languages."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.firearms.marks.cell_reading import MarkRead, read_cell
from salsa_ext.firearms.marks.marking_words import TERMS, fold_glyphs
from salsa_ext.reference.packaged import read_csv

WORDS = [(row["kind"], row["text"]) for row in read_csv("no_marks")]
NOUNS = [text for kind, text in WORDS if kind == "register"]
UNITS = [text for kind, text in WORDS if kind == "unit"]
MODELS = [text for kind, text in WORDS if kind == "model"]
TYPES = [
    text
    for row in read_csv("types")
    if row["code"] not in ("unknown", "other", "other_firearm", "homemade")
    for text in row["aliases"].split("|")
    if len(text) > 3 and fold_glyphs(text) not in TERMS
]
SERIALS = st.from_regex(r"[A-HJ-NP-TV-Z]{2,3}[0-9]{4,6}", fullmatch=True)
DENIALS = {"es": "no", "pt": "não", "fr": "non", "en": "not"}
VERBS = {
    "es": "encontrado identificado informado registra visible aparente",
    "pt": "encontrada identificada informada consta visível aparente",
    "fr": "trouvé identifié renseigné visible apparent",
    "en": "found identified recorded visible available",
}


@given(
    st.sampled_from(NOUNS),
    st.sampled_from([" ", " n° ", " Nro. ", ": ", " no. "]),
    st.from_regex(r"[0-9]{3,6}(/(19|20)[0-9]{2})?", fullmatch=True),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_the_number_of_a_case_a_register_or_a_seal_is_no_mark(noun, between, number, case):
    assert read_cell(case(noun + between + number)).marks == ()


@given(st.integers(2, 99), st.sampled_from([*UNITS, *TYPES]))
def test_a_count_is_no_mark(count, noun):
    assert read_cell(f"{count} {noun}").marks == ()


@given(st.sampled_from(TYPES), st.sampled_from([str.upper, str.lower, str.title]))
def test_the_name_of_an_object_is_no_mark(name, case):
    assert read_cell(case(name)).marks == ()


@pytest.mark.parametrize(
    "cell",
    """
    9x19|.40|0.357|38 SPL|.22 LR|7,62x39|12 GA|cal. 38|10 cm|4"|USD 400|R$ 1.500,00|14:35|12-May|03/04/2021
    12 de marzo de 2020|PT 92|GLOCK 17|Mod. 92 FS|Taurus PT 92|Glock 19 Gen 4|ABCD|X|revólver .38|arma 2
    """.replace("\n", "|").split("|"),
)
def test_calibres_measures_dates_models_and_letters_are_no_mark(cell):
    assert read_cell(cell.strip()).marks == ()


@given(
    SERIALS,
    st.sampled_from(
        ["Taurus", "GLOCK", "revolver", "cal. 38", "pistola 9mm", "PT 92", "precinto 4471"]
    ),
    st.booleans(),
)
def test_a_mark_next_to_what_is_none_is_read_alone(serial, other, is_before):
    cell = f"{other}, {serial}" if is_before else f"{serial} - {other}"
    assert [mark.text for mark in read_cell(cell).marks] == [serial]


@pytest.mark.parametrize(
    "cell",
    [
        "77 frame",
        "BO 12345",
        "AB 123-45",
        "R 380 12345",
        "STAR12345",
        "12AB34",
        "M1234567",
        "3 4 5 6 7",
    ],
)
def test_what_only_resembles_one_stays_a_mark(cell):
    assert len(read_cell(cell).marks) == 1


@pytest.mark.parametrize("language", DENIALS)
@pytest.mark.parametrize("length", [10, 12, 40])
def test_words_for_none_are_read_though_they_are_cut_or_misspelt(language, length):
    for verb in VERBS[language].split():
        cell = f"{DENIALS[language]} {verb}".upper()
        for written in (cell[:length], cell.replace(" ", ""), cell[:-2] + cell[-1]):
            assert read_cell(written).marks == (), written
            assert read_cell(written).marking in ("unknown", "unmarked"), written


@pytest.mark.parametrize(
    "denial,verb",
    [
        *itertools.product(["no", "não"], ["revelado", "recuperada", "restaurado"]),
        *itertools.product(["not", "could not be"], ["restored", "recovered", "raised"]),
        ("non", "révélé"),
        ("no se pudo", "revelar"),
    ],
)
def test_what_could_not_be_restored_is_obliterated(denial, verb):
    reading = read_cell(f"{denial} {verb}")
    assert (reading.marks, reading.marking) == ((), "obliterated")


@pytest.mark.parametrize(
    "cell,condition",
    [
        ("20714 no original", "altered"),
        ("20714 não original", "altered"),
        ("serie no original 20714", "altered"),
        ("20714 not erased", "visible"),
    ],
)
def test_a_denial_turns_what_it_denies(cell, condition):
    [mark] = read_cell(cell).marks
    assert (mark.text, mark.condition) == ("20714", condition)


@given(SERIALS)
def test_what_a_spreadsheet_made_a_number_is_read_without_its_decimals(serial):
    digits = "4" + "".join(filter(str.isdigit, serial))
    assert read_cell(f"{digits}.0").marks == (MarkRead(digits, remark=f"{digits}.0"),)
