"""Words instead of a make or calibre, cut and misspelt, say that there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.reference.names import PLACEHOLDER_NOUNS
from salsa_ext.reference.placeholders import read_placeholder
from tests.support.names import rows

MAKES = [
    text for row in rows("makes") for text in (row["name"], *row["aliases"].split("|")) if text
]


@pytest.mark.parametrize(
    "kind,text,meaning",
    [
        ("make", "NO TIENE MARCA", "unmarked"),
        ("make", "semmarca", "unmarked"),
        ("make", "SIN MARCAA", "unmarked"),
        ("make", "NO VISIBLE", "unknown"),
        ("make", "NAO INFORM", "unknown"),
        ("make", "marca ilegível", "unknown"),
        ("make", "POR DETERMINAR", "unknown"),
        ("make", "FABRICACION CASERA", "craft"),
        ("make", "fab. própria", "craft"),
        ("make", "tumbera", "craft"),
        ("calibre", "s/calibre", "unmarked"),
        ("calibre", "sin calibre", "unmarked"),
        ("calibre", "NÃO CONSTA", "unknown"),
        ("calibre", "Ñ IDENTIF", "unknown"),
        ("calibre", "-", "unknown"),
        ("make", "Colt", None),
        ("make", "Norinco", None),
        ("calibre", "9 mm", None),
        ("calibre", "38 especial", None),
    ],
)
def test_words_in_place_of_a_name_are_read(kind, text, meaning):
    assert read_placeholder(text, PLACEHOLDER_NOUNS[kind]) == meaning


def test_no_name_of_a_maker_is_read_as_none():
    read = {text: read_placeholder(text, PLACEHOLDER_NOUNS["make"]) for text in MAKES}
    assert {text for text, meaning in read.items() if meaning} == set()


@given(st.text(max_size=30), st.sampled_from([*PLACEHOLDER_NOUNS]))
def test_any_text_is_read(text, kind):
    assert read_placeholder(text, PLACEHOLDER_NOUNS[kind]) in (None, "craft", "unmarked", "unknown")
