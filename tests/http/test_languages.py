"""The caller's language, in names and in sentences."""

import pytest

from api.i18n import messages
from tests.support import bodies

SPANISH = {
    "This field is required.": "Este campo es obligatorio.",
    "There is no such field; see the documentation of this route.": "Ese campo no existe.",
    "This date lies in the future; today is {today}.": "Fecha futura; hoy es {today}.",
    "There is no {kind} {key} that you may see.": "No hay {kind} {key} a su vista.",
    "The serial is the same.": "La serie es la misma.",
}


@pytest.fixture
def spanish(monkeypatch):
    """A catalogue of a few sentences in the place of the Spanish one."""
    catalogues = {"es": SPANISH}
    monkeypatch.setattr(messages, "load_catalogue", lambda code: catalogues.get(code, {}))


@pytest.mark.parametrize(
    "accept,language,name",
    [
        ("es", "es", "Brasil"),
        ("fr", "fr", "Brésil"),
        ("pt", "pt", "Brasil"),
        ("en", "en", "Brazil"),
        ("es-MX,es;q=0.9", "es", "Brasil"),
        ("de", "en", "Brazil"),
        ("de, pt;q=0.5", "pt", "Brasil"),
        ("", "en", "Brazil"),
        ("*", "en", "Brazil"),
        ("pt-BR", "pt", "Brasil"),
        (";;;", "en", "Brazil"),
    ],
)
def test_names_are_in_the_language_that_suits_best(as_actor, accept, language, name):
    answer = as_actor("BRA", "auditor").get("/states?limit=200", Accept_Language=accept)
    assert answer.headers["Content-Language"] == language
    assert [item["name"] for item in answer.json["items"] if item["code"] == "BRA"] == [name]


def test_errors_of_fields_are_in_the_callers_language(as_actor, spanish):
    client, body = as_actor("PRY", "licensing_officer"), bodies.transfer(colour="red")
    del body["kind"]
    answer = client.post("/transfers", body, 422, Accept_Language="es").json
    assert answer["errors"] == {
        "kind": ["Este campo es obligatorio."],
        "colour": ["Ese campo no existe."],
    }


def test_what_a_rule_says_is_in_the_callers_language_with_its_data(as_actor, spanish):
    client, body = as_actor("PRY", "licensing_officer"), bodies.transfer(occurred_on="2026-06-01")
    answer = client.post("/transfers", body, 422, Accept_Language="es").json
    assert answer["errors"] == {"occurred_on": ["Fecha futura; hoy es 2026-03-09."]}


def test_a_problem_is_in_the_callers_language(as_actor, spanish):
    path = "/transfers/0199f2c0-0000-7000-8000-000000000000"
    answer = as_actor("PRY", "licensing_officer").get(path, 404, Accept_Language="es").json
    assert answer["detail"].startswith("No hay ")


def test_reasons_are_in_the_callers_language(as_actor, spanish, police):
    as_actor("PRY", "licensing_officer").post("/transfers", bodies.transfer())
    answer = police.post("/checks", bodies.check(), Accept_Language="es").json
    assert answer["candidates"][0]["reasons"][0]["text"] == "La serie es la misma."


def test_one_request_leaves_no_language_to_the_next(spanish, pry):
    pry.post("/transfers", {}, 422, Accept_Language="es")
    assert pry.post("/transfers", {}, 422).json["errors"]["kind"] == ["This field is required."]
