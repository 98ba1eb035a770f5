"""What is typed into forms: numbers as people of each language write them."""

import pytest

from api.i18n.messages import language
from api.web.forms import parse_number


@pytest.mark.parametrize(
    ("code", "typed", "number"),
    [
        ("es", "10.000", 10000),
        ("pt", "1.234.567", 1234567),
        ("pt", "1.234,5", 1234.5),
        ("fr", "10 000", 10000),
        ("fr", "10\u202f000,25", 10000.25),
        ("en", "10,000", 10000),
        ("en", "10 000", 10000),
        ("en", "10.000", "10.000"),
        ("es", "10,000", "10,000"),
        ("es", "0.125", 0.125),
        ("es", "10.00", 10),
        ("es", "1.00.000", "1.00.000"),
        ("es", "10.000 000", "10.000 000"),
    ],
)
def test_thousands_are_grouped_as_the_reader_s_language_does(code, typed, number):
    token = language.set(code)
    try:
        assert parse_number(typed) == number
    finally:
        language.reset(token)
