"""A serial that cannot be searched is refused with what would make it possible, in each language."""

import json

import pytest

from salsa_ext.core.codes import LANGUAGES
from tests.support import bodies

BARE = {"make": None, "model": None, "calibre": None}
UNREAD = {
    "en": "Give 3 of its characters in a row",
    "es": "indique 3 caracteres seguidos",
    "fr": "donnez-en 3 caractères qui se suivent",
    "pt": "informe 3 caracteres seguidos",
}
SHORT = {
    "en": "Give 3 of them, or its make and calibre",
    "es": "Indique 3, o además el fabricante y el calibre",
    "fr": "Donnez-en 3, ou bien la marque et le calibre",
    "pt": "Informe 3, ou também o fabricante e o calibre",
}
PARTLY = {
    "en": "Give 3 characters at its beginning or end, or 4",
    "es": "indique 3 caracteres de su comienzo",
    "fr": "donnez 3 caractères de son début",
    "pt": "informe 3 caracteres do começo",
}
LONG = {
    "en": "at most 64 characters: give the one serial",
    "es": "64 caracteres como máximo: indique",
    "fr": "64 caractères au plus\xa0: donnez",
    "pt": "no máximo 64 caracteres: informe",
}
CONTROL = {
    "en": "give the characters that are stamped on the gun, and ?",
    "es": "los caracteres grabados",
    "fr": "donnez les caractères gravés",
    "pt": "informe os caracteres gravados",
}
WRONG = [
    ("???", UNREAD),
    ("*", UNREAD),
    ("[8B][8B]?", UNREAD),
    ("---", UNREAD),
    ("?-*", UNREAD),
    ("A1", SHORT),
    ("7", SHORT),
    ("A-1", SHORT),
    ("1\u00a02", SHORT),
    ("A?1", PARTLY),
    ("1*2", PARTLY),
    ("*815*", PARTLY),
    ("12*78", PARTLY),
    ("A" * 65, LONG),
    ("A-" * 65, LONG),
    ("7" * 500, LONG),
    ("ABC\x00123", CONTROL),
    ("ABC\x1f123", CONTROL),
    ("ABC\x7f123", CONTROL),
    ("ABC\x9b123", CONTROL),
    ("ABC\u202e123", CONTROL),
    ("\u200bABC", CONTROL),
]
FIRST = {text["en"]: (serial, text) for serial, text in reversed(WRONG)}.values()
SAID = [("en", *wrong) for wrong in WRONG]
SAID += [(language, *wrong) for language in LANGUAGES[1:] for wrong in FIRST]


def body(serial, **known):
    result = bodies.check(serial=serial) | BARE | known
    return {name: value for name, value in result.items() if value is not None}


@pytest.mark.parametrize("language,serial,expected", SAID, ids=lambda value: ascii(value)[:24])
def test_a_check_says_what_would_make_it_possible(police, language, serial, expected):
    answer = police.post("/checks", body(serial), 422, Accept_Language=language).json
    [[text]] = answer["errors"].values()
    assert expected[language] in text, text
    assert list(answer["errors"]) == ["serial"]


def test_a_batch_says_the_same_of_each(police):
    guns = [{"serial": serial} for serial, _ in WRONG]
    why = {"purpose": "investigation", "case_number": "C-1", "checks": guns}
    response = police.post("/checks/batch", why, 200)
    result = [json.loads(line) for line in response.get_data().splitlines()][:-1]
    for line, (serial, _) in zip(result, WRONG, strict=True):
        alone = police.post("/checks", body(serial), 422).json
        assert line["errors"] == alone["errors"]


NAME = {
    "en": "is a make, model, calibre or type",
    "es": "nombra un fabricante, un modelo",
    "fr": "désigne une marque, un modèle",
    "pt": "é o nome de um fabricante, modelo",
}


@pytest.mark.parametrize(
    "language,serial",
    [
        *zip(LANGUAGES, ["TAURUS", "9MM PARABELLUM", ".38 SPECIAL", "Cal .38"], strict=True),
        ("en", "PT 92 AF"),
    ],
)
def test_a_text_on_every_gun_of_a_kind_is_no_serial(police, language, serial):
    asked = body(serial, model="PT 92 AF")
    answer = police.post("/checks", asked, 422, Accept_Language=language).json
    assert NAME[language] in answer["errors"]["serial"][0]


@pytest.mark.parametrize(
    "serial", ["357", "1911", "CAL123", "MOD 12345", "TAURUS 45123", "FN 12345"]
)
def test_a_number_is_searched_though_a_name_stands_beside_it_or_it_is_one(police, serial):
    assert police.post("/checks", body(serial)).json["verdict"] == "no_hit"


@pytest.mark.parametrize("serial", ["R 380", "M 12", "B 410", "SP 12", "S 22"])
def test_a_prefix_and_a_number_are_a_serial_though_each_is_the_code_of_something(
    police, as_actor, serial
):
    sale = bodies.transfer(firearm=bodies.firearm(serial=serial))
    as_actor("PRY", "licensing_officer").post("/transfers", sale)
    known = {"make": "Taurus", "calibre": "9x19"}
    assert len(police.post("/checks", body(serial, **known)).json["candidates"]) == 1


@pytest.mark.parametrize(
    "serial,known",
    [
        ("A1", {"make": "Taurus", "calibre": "9x19"}),
        ("AB1", {}),
        ("ABC?", {}),
        ("*BC1", {}),
        ("A7" * 32, {}),
        ("-A-7" * 32, {}),
        ("AB\t12", {}),
    ],
)
def test_what_is_just_enough_is_searched(police, serial, known):
    assert police.post("/checks", body(serial, **known)).json["verdict"] == "no_hit"
