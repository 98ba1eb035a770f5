"""Prose in place of a mark: words of four languages are recognised, and no mark is read as prose."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from salsa_ext.firearms.marks import keys
from salsa_ext.firearms.marks.marking_words import is_craft, marking_of

OBLITERATED = [
    "obliterated",
    "OBLIT.",
    "filed off",
    "ground off",
    "Serial number: obliterated",
    "removed",
    "raspado",
    "Limado",
    "borrada",
    "erradicado",
    "número de serie limado",
    "N° de serie borrado",
    "parcialmente limado",
    "limado parcialmente",
    "effacé",
    "limée",
    "meulé",
    "suprimido",
    "série raspada",
    "lixado",
    "numeração suprimida",
    "NUMERAÇÃO RASPADA",
    "limado y raspado",
    "borrado / limado",
    "illegible/ obliterated",
    "removed/ground",
    "punched",
    "serial removed by grinding",
    "serial nr. removed",
    "serial no. removed",
    "semi raspado",
    "semi-raspado",
    "limado, borrado",
    "raspada e lixada",
    "effacé et meulé",
    "filed and ground",
    "limado y/o raspado",
    "borrado con esmeril",
    "S/N / limado",
    "TACHADO",
    "número tachado",
    "perforada",
    "crossed out",
]
UNMARKED = [
    "none",
    "no serial number",
    "no serial",
    "unmarked",
    "without serial number",
    "S/N",
    "s / n",
    "s/nº",
    "S.N.",
    "sin numero",
    "SIN NÚMERO",
    "sin número de serie",
    "no tiene",
    "sin marcas",
    "sans numéro",
    "aucun",
    "néant",
    "pas de numéro",
    "sem número",
    "sem numeração",
    "não possui",
    "SEM Nº",
    "sin N°",
    "sin No.",
    "sin nro.",
    "sin No. de serie",
    "s/número",
    "S/numeração",
    "sin identificación",
    "sin marca ni número",
    "no visible marks",
    "inexistente",
    "série inexistente",
    "HECHIZO",
    "ARTESANAL",
    "CASEIRA",
    "CASERA",
    "fabricação caseira",
    "home made",
    "arma de fabricación casera",
    "de fabricación artesanal",
]
UNKNOWN = [
    "unknown",
    "unk.",
    "N/A",
    "n / a",
    "illegible",
    "not visible",
    "no visible",
    "unreadable",
    "ilegible",
    "no se ve",
    "no consta",
    "desconocido",
    "S/D",
    "serie ilegible",
    "illisible",
    "numéro illisible",
    "inconnu",
    "non visible",
    "ilegível",
    "não visível",
    "nao consta",
    "ignorado",
    "serial number",
    "número de serie",
    "no legible por óxido",
    "no visible a simple vista",
    "number not visible",
    "OXIDADO",
    "corroída",
    "rusted",
    "illegible due to rust",
    "ilegível por ferrugem",
    "ilegible o no visible",
    "XXXXXXX",
    "xxx",
    "000000",
    "0000-00",
    "X X X X",
    "111",
]
SERIALS = [
    "NA",
    "SN",
    "NS",
    "N",
    "NO",
    "A",
    "ABC",
    "SIN",
    "DE",
    "SERIE A",
    "NO 1",
    "S/N 123",
    "N/A 7",
    "NONE1",
    "LIMA",
    "FN",
    "AB?123",
    "???",
    "-",
    "",
    "XYZ",
    "00123",
    "AA",
    "00",
    "X",
    "AABB",
    "0O0",
    "XX1",
    "NR",
    "N/B",
    "S/A",
    "A Y B",
    "A/B",
    "A,B",
    "SN/NS",
    "NO Y NO",
    "Y",
    "O/U",
    "A E I",
    "POR",
    "BY",
    "X BY Y",
    "SEMI",
    "NS 4 Y 5",
    "1 Y 2",
    "ARMA",
    "DE",
    "CASA",
    "TIPO",
    "LIMA Y ROMA",
    "SIN 4",
    "SEM 12",
    "no. 123 removed",
    "IX/XI",
    "/",
    ",",
    "NO NO",
]


@pytest.mark.parametrize(
    "content,texts",
    [
        ("obliterated", OBLITERATED),
        ("unmarked", UNMARKED),
        ("unknown", UNKNOWN),
        ("altered", ["altered", "adulterado", "numeração adulterada", "altéré", "regrabado"]),
        (None, SERIALS),
    ],
)
def test_words_say_how_the_mark_is(content, texts):
    assert {text: marking_of(text) for text in texts} == dict.fromkeys(texts, content)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("hechizo", True),
        ("Fabricação caseira", True),
        ("arma de fabricación casera", True),
        ("inexistente", False),
        ("arma", False),
        ("hechizo 12", False),
        ("S/N", False),
    ],
)
def test_words_for_homemade_guns_are_recognised(text, expected):
    assert is_craft(text) == expected


@given(st.text(min_size=1), st.sampled_from("0123456789"), st.text())
def test_a_text_with_a_digit_is_never_taken_for_prose(before, digit, after):
    text = before + digit + after
    # but where nobody read one, and wrote a row of noughts
    assume({glyph for glyph in text if glyph.isalnum()} != {digit})
    assert marking_of(text) is None


@given(
    st.lists(st.from_regex(r"[B-DF-HJ-MP-RTV-XZ]{1,5}", fullmatch=True), min_size=1),
    st.sampled_from([" ", "/", ",", " Y ", " AND ", "-"]),
)
def test_letters_of_no_word_are_never_taken_for_prose(groups, between):
    assume(len(set("".join(groups))) > 1)
    assert marking_of(between.join(groups)) is None


@given(st.sampled_from("ABCXYZ0123456789"), st.integers(3, 20))
def test_one_glyph_again_and_again_is_no_mark(glyph, times):
    assert marking_of(glyph * times) == "unknown"
    assert marking_of(glyph * 2) is None


@given(st.from_regex(r"[A-Z]{1,4}[- ]?[0-9]{1,8}[A-Z]{0,3}", fullmatch=True))
def test_a_real_serial_keeps_its_key(serial):
    assert keys.whole_key(serial) is not None


@given(st.sampled_from(OBLITERATED + UNMARKED + UNKNOWN), st.sampled_from([str.upper, str.title]))
def test_case_changes_nothing_and_prose_has_no_key(text, written):
    assert marking_of(written(text)) == marking_of(text)
    assert keys.whole_key(written(text)) is None


@given(st.text())
def test_no_text_breaks_it(text):
    result = marking_of(text)
    assert result is None or re.fullmatch("obliterated|altered|unmarked|unknown", result)
