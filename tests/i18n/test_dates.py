"""Dates of which the month or year alone is known, in the words of each language."""

import pytest

from api.i18n.messages import translate_event, use_language
from salsa_ext.guns.queries import MOVEMENTS

pytestmark = pytest.mark.usefixtures("session")


def imported(on, language):
    params = {"state": "PRY", "partner": "BRA", "on": on}
    with use_language(language):
        return translate_event({"text": MOVEMENTS["import", False].text, "params": params})


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


def test_a_day_is_written_as_a_day():
    assert imported("2019-05-06", "en").endswith("on 6 May 2019.")
