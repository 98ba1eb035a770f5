"""Prose in place of a mark: words of four languages are told from marks, and never the reverse."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.matching import marks
from salsa_ext.matching.prose import marking_of

OBLITERATED = [
    "obliterated", "OBLIT.", "filed off", "ground off", "Serial number: obliterated", "removed",
    "raspado", "Limado", "borrada", "erradicado", "número de serie limado", "N° de serie borrado",
    "parcialmente limado", "limado parcialmente", "effacé", "limée", "meulé", "suprimido",
    "série raspada", "lixado", "numeração suprimida", "NUMERAÇÃO RASPADA",
]  # fmt: skip
UNMARKED = [
    "none", "no serial number", "no serial", "unmarked", "without serial number", "S/N", "s / n",
    "s/nº", "S.N.", "sin numero", "SIN NÚMERO", "sin número de serie", "no tiene", "sin marcas",
    "sans numéro", "aucun", "néant", "pas de numéro", "sem número", "sem numeração", "não possui",
]  # fmt: skip
UNKNOWN = [
    "unknown", "unk.", "N/A", "n / a", "illegible", "not visible", "no visible", "unreadable",
    "ilegible", "no se ve", "no consta", "desconocido", "S/D", "serie ilegible", "illisible",
    "numéro illisible", "inconnu", "non visible", "ilegível", "não visível", "nao consta",
    "ignorado", "serial number", "número de serie",
]  # fmt: skip
SERIALS = [
    "NA", "SN", "NS", "N", "NO", "A", "ABC", "SIN", "DE", "SERIE A", "NO 1", "S/N 123", "N/A 7",
    "NONE1", "LIMA", "FN", "AB?123", "???", "-", "", "XYZ", "00123",
]  # fmt: skip


@pytest.mark.parametrize("said,texts", [
    ("obliterated", OBLITERATED), ("unmarked", UNMARKED), ("unknown", UNKNOWN),
    ("altered", ["altered", "adulterado", "numeração adulterada", "altéré", "regrabado"]),
    (None, SERIALS),
])  # fmt: skip
def test_words_say_how_the_mark_is(said, texts):
    assert {text: marking_of(text) for text in texts} == dict.fromkeys(texts, said)


@given(st.text(min_size=1), st.sampled_from("0123456789"), st.text())
def test_a_text_with_a_digit_is_never_taken_for_prose(before, digit, after):
    assert marking_of(before + digit + after) is None


@given(st.from_regex(r"[A-Z]{1,4}[- ]?[0-9]{1,8}[A-Z]{0,3}", fullmatch=True))
def test_a_real_serial_keeps_its_key(serial):
    assert marks.key(serial) is not None


@given(st.sampled_from(OBLITERATED + UNMARKED + UNKNOWN), st.sampled_from([str.upper, str.title]))
def test_case_changes_nothing_and_prose_has_no_key(text, written):
    assert marking_of(written(text)) == marking_of(text)
    assert marks.key(written(text)) is None


@given(st.text())
def test_no_text_breaks_it(text):
    said = marking_of(text)
    assert said is None or re.fullmatch("obliterated|altered|unmarked|unknown", said)
