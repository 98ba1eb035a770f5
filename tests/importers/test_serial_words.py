"""Words beside serial numbers: asked about, read as a person says; an example of each kind of cell."""

import pytest

from api.schemas.imports import read_imported
from importers.load import Import
from importers.readings import listed_readings
from importers.serial_words import find_numbers, words_of
from importers.values import check_meanings, with_meanings
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import Invalid
from tests.support.imported import seizure_profile, write_csv

HEADER = ["case", "day", "serial", "make", "calibre", "type", "town"]


@pytest.fixture
def judge(actor, run, tmp_path):
    """Judge a file with these cells of serials; return the judgement."""
    police = AgencyData("BRA-POLICE", "police", "Polícia", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])

    def call(*cells, means=(), **changes):
        rows = [
            [f"C-{at}", "1/2/2020", cell, "Taurus", "9mm", "pistol", ""]
            for at, cell in enumerate(cells)
        ]
        path = write_csv(tmp_path / "guns.csv", [HEADER, *rows])
        given = {("serial", text): code for text, code in dict(means).items()}
        profile = with_meanings(seizure_profile(**changes), given)
        return Import(profile, lambda: path, actor("BRA"), read_imported).judge()

    return call


def marks(judgement):
    """Return the numbers and the condition of each gun."""
    guns = [gun for each in judgement.preview for gun in each["guns"]]
    return [([mark["text"] for mark in gun["marks"]], gun["marking"]) for gun in guns]


@pytest.mark.parametrize(
    ("cell", "words", "numbers"),
    [
        ("TKA52390", "", ["TKA52390"]),
        ("11483575 remarqué PNH75375", "remarqué", ["11483575", "PNH75375"]),
        ("H9413236 (selon permis)", "selon permis", ["H9413236"]),
        ("restaurado em 2019: TKA12", "restaurado em", ["TKA12"]),
        ("TKA 12 ?? 34 revelado", "revelado", ["TKA 12 ?? 34"]),
        ("Cano ARS981425, armação HFF459180", "", ["ARS981425", "HFF459180"]),
        ("KRK 1234 B", "", ["KRK 1234 B"]),
        ("n.c.", "n.c.", []),
        ("vide obs.", "", []),
    ],
)
def test_words_are_told_from_numbers(cell, words, numbers):
    assert (words_of(cell), find_numbers(cell)) == (words, numbers)


FRENCH = [
    "11483575 remarqué PNH75375",
    "V75897Z Remarqué PNH83871",
    "H9413236 (selon permis)",
    "n.c.",
]
BRAZILIAN = ["TKA52390 revelado", "POLICIA 123", "raspado", "KR?123 gravação fraca"]
SPANISH = ["s/placa", "ver 4471 (dudoso)", "12..45 reverso", "1234"]


@pytest.mark.parametrize(
    ("cells", "means", "read"),
    [
        (
            FRENCH,
            {"remarqué": "intact", "selon permis": "intact", "n.c.": "unknown"},
            [
                (["11483575", "PNH75375"], "intact"),
                (["V75897Z", "PNH83871"], "intact"),
                (["H9413236"], "intact"),
                ([], "unknown"),
            ],
        ),
        (
            BRAZILIAN,
            {"revelado": "intact", "POLICIA": "number", "gravação fraca": "-"},
            [
                (["TKA52390"], "intact"),
                (["POLICIA123"], "unknown"),
                ([], "obliterated"),
                ([], "unknown"),
            ],
        ),
        (
            SPANISH,
            {"s/placa": "unmarked", "ver dudoso": "altered", "reverso": "obliterated"},
            [
                ([], "unmarked"),
                (["4471"], "altered"),
                (["12??45"], "obliterated"),
                (["1234"], "unknown"),
            ],
        ),
    ],
)
def test_a_person_says_what_words_beside_serials_mean(judge, cells, means, read):
    judgement = judge(*cells, means=means, unread=".")
    assert marks(judgement) == read
    assert not [text for kind, text in judgement.unknown if kind == "serial"]
    notes = [each["document"].get("note") for each in judgement.preview]
    assert all(cell in notes for cell in cells if means.get(words_of(cell)) not in (None, "number"))


def test_words_are_counted_known_and_unknown_apart(judge):
    judgement = judge(*FRENCH, "meulé", "HFF4591 (meulé)")
    words = {text: count for (kind, text), count in judgement.unknown.items() if kind == "serial"}
    assert words == {"selon permis": 1, "n.c.": 1, "remarqué": 2}
    known = {text: count for (kind, text), count in judgement.known.items() if kind == "serial"}
    assert known == {"meulé": 2}


def test_a_meaning_is_a_condition_or_part_of_the_number():
    given = {("serial", "remarqué"): "odd"}
    with pytest.raises(Invalid):
        check_meanings(seizure_profile(), given, ())
    for means in ("restored", "number", "-", "", "remarqué"):
        check_meanings(seizure_profile(), {("serial", "remarqué"): means}, ())


def test_each_kind_of_cell_has_an_example_with_its_count_the_rarest_last(judge):
    judgement = judge(
        "TKA52390", "TKA52391", "TKA-52390", "raspado", "TKA52392", "raspado", "KR?12"
    )
    listed = [
        (each["cell"], each["count"], each["row"], each["value"][0]["marking"])
        for each in listed_readings(judgement)
        if each["field"] == "serial"
    ]
    assert listed == [
        ("TKA52390", 3, 2, "unknown"),
        ("raspado", 2, 5, "obliterated"),
        ("TKA-52390", 1, 4, "unknown"),
        ("KR?12", 1, 8, "unknown"),
    ]
    days = [each for each in listed_readings(judgement) if each["field"] == "occurred_on"]
    assert [(each["count"], each["value"]) for each in days] == [(7, "2020-02-01")]
