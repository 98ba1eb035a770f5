"""Portuguese and French put an article before most states, and join it with what stands before."""

import re

import pytest

from api.i18n.messages import find_article, format_message, load_catalogue, translate, use_language
from salsa_ext.core.codes import OTHER_CHANNELS
from salsa_ext.core.errors import CodeLabel, CodeLabels, Message
from salsa_ext.reference import names
from salsa_ext.reference.names import participants


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Brésil", "Le Brésil, le Brésil, du Brésil, au Brésil"),
        ("Barbade", "La Barbade, la Barbade, de la Barbade, à la Barbade"),
        ("Équateur", "L’Équateur, l’Équateur, de l’Équateur, à l’Équateur"),
        ("Argentine", "L’Argentine, l’Argentine, de l’Argentine, à l’Argentine"),
        ("Honduras", "Le Honduras, le Honduras, du Honduras, au Honduras"),
        ("États-Unis", "Les États-Unis, les États-Unis, des États-Unis, aux États-Unis"),
        ("Cuba", "Cuba, Cuba, de Cuba, à Cuba"),
        ("Haïti", "Haïti, Haïti, d’Haïti, à Haïti"),
        ("USA", "USA, USA, de USA, à USA"),
        (
            "Police nationale",
            "La Police nationale, la Police nationale, de la Police nationale, à la Police nationale",
        ),
    ],
)
def test_a_name_has_its_article_in_french(name, asked):
    assert (
        format_message("{state:Le}, {state:le}, {state:de}, {state:à}", {"state": name}, "fr")
        == asked
    )


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (
            "Brasil",
            "O Brasil, o Brasil, do Brasil, no Brasil, ao Brasil, pelo Brasil, para o Brasil",
        ),
        (
            "Argentina",
            "A Argentina, a Argentina, da Argentina, na Argentina, à Argentina, pela Argentina,"
            " para a Argentina",
        ),
        (
            "Estados Unidos",
            "Os Estados Unidos, os Estados Unidos, dos Estados Unidos, nos Estados Unidos,"
            " aos Estados Unidos, pelos Estados Unidos, para os Estados Unidos",
        ),
        ("Cuba", "Cuba, Cuba, de Cuba, em Cuba, a Cuba, por Cuba, para Cuba"),
        ("XYZ", "XYZ, XYZ, de XYZ, em XYZ, a XYZ, por XYZ, para XYZ"),
        (
            "Polícia Federal",
            "A Polícia Federal, a Polícia Federal, da Polícia Federal, na Polícia Federal,"
            " à Polícia Federal, pela Polícia Federal, para a Polícia Federal",
        ),
    ],
)
def test_a_name_has_its_article(name, asked):
    forms = ("O", "o", "de", "em", "a", "por", "para")
    template = ", ".join(f"{{state:{form}}}" for form in forms)
    assert format_message(template, {"state": name}, "pt") == asked


def test_what_asks_for_no_article_is_written_as_ever():
    assert (
        format_message("{state}: {share:.1f}", {"state": "Brasil", "share": 2}, "pt")
        == "Brasil: 2.0"
    )
    assert (
        format_message("{state:de}, {share:.1f}", {"state": "Brasil", "share": 2}, "pt")
        == "do Brasil, 2.0"
    )
    assert (
        format_message("{state}: {share:.1f}", {"state": "Brasil", "share": 2}, "es")
        == "Brasil: 2.0"
    )


@pytest.mark.parametrize("language", ["fr", "pt"])
def test_no_sentence_puts_a_preposition_before_a_bare_name(language):
    """What has a form for the article asks for it: `{state:de}`, not `de {state}`."""
    before = {
        "fr": "d[eu]|des|à|par|avec|vers|selon",
        "pt": "d[aeo]|em|n[ao]|a|por|para|com|segundo",
    }
    bare = re.compile(rf"\b(?:{before[language]}) \{{(?:state|other|partner)\}}")
    assert [value for value in load_catalogue(language).values() if bare.search(value)] == []


def test_participating_states_have_the_article_that_is_used(session):
    named = {
        language: [names.label("state", code, language) for code in participants()]
        for language in ("fr", "pt")
    }
    assert {name for name in named["pt"] if not find_article(name, "pt")} == {
        "Antígua e Barbuda",
        "Barbados",
        "Belize",
        "El Salvador",
        "Granada",
        "Honduras",
        "Santa Lúcia",
        "São Cristóvão e Névis",
        "São Vicente e Granadinas",
        "Trinidad e Tobago",
    }
    assert {name for name in named["fr"] if find_article(name, "fr") in ("", "’")} == {
        "Antigua-et-Barbuda",
        "Haïti",
        "Saint-Christophe-et-Niévès",
        "Saint-Vincent-et-les Grenadines",
        "Sainte-Lucie",
    }


@pytest.mark.parametrize(
    ("language", "others"),
    [
        ("en", "diplomatic note, mutual legal assistance, telephone, official letter"),
        ("es", "nota diplomática, asistencia jurídica mutua, teléfono, oficio postal"),
        ("fr", "note diplomatique, entraide judiciaire, téléphone, courrier officiel"),
        ("pt", "nota diplomática, assistência jurídica mútua, telefone, ofício postal"),
    ],
)
def test_names_and_acronyms_keep_their_capitals_within_a_sentence(session, language, others):
    channels = Message("{them}", {"them": CodeLabels("leg_channel", OTHER_CHANNELS)})
    with use_language(language):
        assert translate(channels) == f"eTrace, INTERPOL iARMS, {others}"


def test_what_is_no_name_begins_small_within_a_sentence(session):
    with use_language("fr"):
        assert translate(Message("{it}", {"it": CodeLabel("leg_status", "to_send")}))[0] == "à"
        reason = CodeLabel("refusal_reason", "confidentiality_not_guaranteed")
        assert translate(Message("{it}", {"it": reason})).startswith("l’État")
        assert translate(Message("{it}", {"it": CodeLabel("handling", "H0")})).startswith("H0\xa0")


def test_a_name_that_ends_in_a_stop_ends_its_sentence():
    assert format_message("{name}. Look …", {"name": "Armas S.A."}, "es") == "Armas S.A. Look …"
