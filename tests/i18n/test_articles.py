"""Portuguese puts an article before the names of most states, and joins it with what stands before."""

import pytest

from api.articles_pt import article, written
from salsa_ext.readmodels import names
from salsa_ext.readmodels.states import participants


@pytest.mark.parametrize(("name", "asked"), [
    ("Brasil", "O Brasil, o Brasil, do Brasil, no Brasil, ao Brasil, pelo Brasil, para o Brasil"),
    ("Argentina", "A Argentina, a Argentina, da Argentina, na Argentina, à Argentina, pela Argentina,"
                  " para a Argentina"),
    ("Estados Unidos", "Os Estados Unidos, os Estados Unidos, dos Estados Unidos, nos Estados Unidos,"
                       " aos Estados Unidos, pelos Estados Unidos, para os Estados Unidos"),
    ("Cuba", "Cuba, Cuba, de Cuba, em Cuba, a Cuba, por Cuba, para Cuba"),
    ("XYZ", "XYZ, XYZ, de XYZ, em XYZ, a XYZ, por XYZ, para XYZ"),
])  # fmt: skip
def test_a_name_stands_with_its_article(name, asked):
    forms = ("O", "o", "de", "em", "a", "por", "para")
    template = ", ".join(f"{{state:{form}}}" for form in forms)
    assert written(template, {"state": name}) == asked


def test_what_asks_for_no_article_is_written_as_ever():
    assert written("{state}: {share:.1f}", {"state": "Brasil", "share": 2}) == "Brasil: 2.0"
    assert written("{state:de}, {share:.1f}", {"state": "Brasil", "share": 2}) == "do Brasil, 2.0"


def test_participating_states_have_the_article_that_is_used(session):
    named = [names.label("state", code, "pt") for code in participants()]
    without = {name for name in named if not article(name)}
    assert without == {
        "Antígua e Barbuda", "Barbados", "Belize", "El Salvador", "Granada", "Honduras", "Santa Lúcia",
        "São Cristóvão e Névis", "São Vicente e Granadinas", "Trinidad e Tobago",
    }  # fmt: skip
