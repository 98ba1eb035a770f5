"""Dates of which the month or year alone is known, in the words of each language."""

import pytest

from api.i18n.messages import translate, use_language
from salsa_ext.core.dates import parse_date
from salsa_ext.core.errors import Message
from salsa_ext.guns.queries import MOVEMENTS

pytestmark = pytest.mark.usefixtures("session")


def imported(on, language):
    params = {"state": "PRY", "partner": "BRA", "on": parse_date(on)}
    with use_language(language):
        return translate(Message(MOVEMENTS["import", False].text, params))


@pytest.mark.parametrize(
    "language,words",
    [
        ("en", "in May 2019."),
        ("es", "en mayo de 2019."),
        ("fr", "en mai 2019."),
        ("pt", "em maio de 2019."),
    ],
)
def test_a_month_is_written_as_a_month(language, words):
    assert imported("2019-05", language).endswith(words)


@pytest.mark.parametrize(
    "language,words", [("en", "in 2019."), ("es", "en 2019."), ("fr", "en 2019.")]
)
def test_a_year_is_written_as_a_year(language, words):
    assert imported("2019", language).endswith(words)
