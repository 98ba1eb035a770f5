"""Drafts of profiles from headings in four languages and from values alone."""

import pytest

from api.schemas.imports import field_labels
from importers.drafting.guess import draft_profile
from importers.reading.cells import read_cell
from importers.reading.patterns import compile_pattern, split_text
from importers.reading.tables import open_table
from importers.subjects import targets
from salsa_ext.documents.values import ReportData, SeizureData
from tests.support.imported import import_file, write_csv

ROWS = [
    ["{case}", "13/2/2020", "TKA52390", "Taurus", "9mm", "{pistol}", "Santos"],
    ["{case}", "14/2/2020", "BFN95011", "Glock", ".40 S&W", "{pistol}", "Santos"],
    ["{other}", "1/3/2020", "raspado", "Rossi", ".38 SPL", "{revolver}", "Osasco"],
]
WORDS = {"case": "C-1", "other": "C-2", "pistol": "pistola", "revolver": "revólver"}
HEADINGS = {
    "es": [
        "No. de causa",
        "Fecha de incautación",
        "N.º de serie",
        "Marca",
        "Calibre",
        "Tipo de arma",
        "Lugar",
    ],
    "pt": ["Ocorrência", "Data da apreensão", "Numeração", "Marca", "Calibre", "Espécie", "Cidade"],
    "fr": [
        "Dossier",
        "Date de saisie",
        "Numéro de série",
        "Marque",
        "Calibre",
        "Type d’arme",
        "Lieu",
    ],
    "en": ["Case no", "Seizure date", "Serial number", "Make", "Caliber", "Firearm type", "Town"],
}
FIELDS = {
    "occurred_on": 1,
    "items.serial": 2,
    "items.make": 3,
    "items.calibre": 4,
    "items.type": 5,
    "place.name": 6,
}


@pytest.fixture
def draft(session, tmp_path):
    def call(header, rows=ROWS, **options):
        lines = [[cell.format(**WORDS) for cell in row] for row in rows]
        with open_table(write_csv(tmp_path / "guns.csv", [header, *lines])) as table:
            return draft_profile(table, field_labels(), name="guns", state="BRA", **options)

    return call


@pytest.mark.parametrize("language", HEADINGS)
def test_headings_of_each_language_are_known(draft, language):
    header = HEADINGS[language]
    [mapping] = draft(header).profile.documents
    assert mapping.subject == "seizures"
    assert {path: source.columns[0] for path, source in mapping.fields.items()} == {
        path: header[at] for path, at in FIELDS.items()
    }
    assert (mapping.number, mapping.group) == (f"{{{header[0]}}}", True)


def test_values_alone_tell_serial_make_calibre_type_and_date(draft):
    guesses = draft(list("abcdefg"), subjects=["seizures"]).columns
    found = {guess.path for guess in guesses}
    assert {"occurred_on", "items.serial", "items.make", "items.calibre", "items.type"} <= found
    assert all(0 < guess.confidence < 0.9 for guess in guesses if guess.path)


def test_a_heading_that_its_values_deny_is_left_to_a_person(draft):
    rows = [[*row[:1], "blue", *row[2:]] for row in ROWS]
    guesses = {guess.column: guess for guess in draft(HEADINGS["es"], rows).columns}
    assert guesses["Fecha de incautación"].path == ""


@pytest.mark.parametrize(("word", "path"), [("PIST.", "items.type"), ("92", "")])
def test_a_heading_is_enough_for_words_without_a_code(draft, word, path):
    rows = [[*row[:5], word, *row[6:]] for row in ROWS]
    guesses = {guess.column: guess for guess in draft(HEADINGS["es"], rows).columns}
    assert guesses[HEADINGS["es"][5]].path == path


def test_the_order_of_day_and_month_is_that_of_most_dates(draft):
    rows = [
        [row[0], "/".join((m, d, y)), *row[2:]] for row in ROWS for d, m, y in [row[1].split("/")]
    ]
    assert draft(HEADINGS["en"], rows).profile.dates == "mdy"
    assert draft(HEADINGS["en"]).profile.dates == "dmy"


def test_what_a_person_has_to_add_is_named(draft):
    assert draft(HEADINGS["es"]).missing == ("agency",)


def test_rows_without_a_number_are_distinguished_by_their_content(draft):
    [mapping] = draft(HEADINGS["es"][1:], [row[1:] for row in ROWS]).profile.documents
    assert mapping.number == "{*}-{#}"


def test_a_column_that_counts_the_rows_is_not_the_number_of_the_case(draft):
    rows = [[str(at), *row] for at, row in enumerate(ROWS, 1)]
    [mapping] = draft(["N°", "Nro. Causa", *HEADINGS["es"][1:]], rows).profile.documents
    assert (mapping.number, mapping.group) == ("{Nro. Causa}", True)


def test_a_column_with_words_for_a_removed_number_is_of_serials(draft):
    rows = [["MP-1", "TKA52390"], ['"', "BORRADO"], ["MP-2", "no tiene"], ["MP-3", "BFN95011"]]
    drafted = draft(["Expediente MP", "Registro"], rows, subjects=["seizures"])
    paths = {each.column: each.path for each in drafted.columns}
    assert paths == {"Expediente MP": "number", "Registro": "items.serial"}
    assert drafted.profile.documents[0].group


def test_letters_and_digits_side_by_side_are_one_serial(draft):
    rows = [["FPU 3/17", "C", "773096"], ["FPU 5/17", "PX", "44267"], ["FPU 7/17", "AW", "853344"]]
    drafted = draft(["Case Ref", "Prefix", "Number"], rows, subjects=["reports"])
    mapping = drafted.profile.documents[0]
    assert mapping.fields["firearm.serial"].columns == ("Prefix", "Number")
    assert mapping.number_columns() == ["Case Ref"]


def test_headings_are_known_without_their_small_words(draft):
    header = ["N° d'enregistrement", "Date de la saisie", "N° de la matricule", *HEADINGS["fr"][3:]]
    fields = draft(header, subjects=["seizures"]).profile.documents[0].fields
    assert fields["items.serial"].columns == ("N° de la matricule",)
    assert fields["occurred_on"].columns == ("Date de la saisie",)


def test_lines_of_permits_are_grouped_by_the_number_of_the_guide(draft):
    header = ["N° Guía", "Fecha de emisión", "Vencimiento", "Exportador", "Usuario final", "Clase"]
    rows = [["G-1", "1/3/2020", "1/9/2020", "Exemplo", "Armas del Sur", "pistola"]] * 2
    [mapping] = draft(header, rows).profile.documents
    assert (mapping.subject, mapping.number, mapping.group) == ("permits", "{N° Guía}", True)
    assert mapping.fields["final_consignee.name"].columns == ("Usuario final",)


def test_a_disposition_is_numbered_by_its_seizure_and_gun(draft):
    header = ["N° du dossier", "N° de série", "Destination", "Date", "N° du procès-verbal"]
    rows = [["D-1", f"TKA5239{at}", "Détruite", "1/6/2021", "PV-7"] for at in range(3)]
    [mapping] = draft(header, rows).profile.documents
    assert mapping.subject == "dispositions"
    assert mapping.number == "{N° du dossier}/{N° de série}"
    assert mapping.fields["seizure"].columns == ("N° du dossier",)


def test_few_texts_of_a_column_tell_what_the_rows_are(draft):
    header = ["Ocorrência", "Dt. Fato", "Natureza", "Espécie", "Nº Série"]
    rows = [
        [f"BO-{at}", "3/2/2020", kind, "Pistola", f"TKA5239{at}"]
        for at, kind in enumerate(("FURTO", "ROUBO", "EXTRAVIO"))
    ]
    [mapping] = draft(header, rows).profile.documents
    assert (mapping.subject, mapping.fields["kind"].columns) == ("reports", ("Natureza",))
    codes = [read_cell(targets(ReportData)["kind"][-1], row[2], "dmy") for row in rows]
    assert codes == ["theft", "theft", "loss"]


def test_the_state_of_the_number_is_a_column_of_its_own(draft):
    header = [*HEADINGS["es"][:-1], "Estado serie"]
    rows = [[*row[:-1], state] for row, state in zip(ROWS, ("Legible", "Limada"), strict=False)]
    fields = draft(header, rows, subjects=["seizures"]).profile.documents[0].fields
    assert fields["items.marking"].columns == ("Estado serie",)
    member = targets(SeizureData)["items.marking"][-1]
    words = {
        "Legible": "intact",
        "limada": "obliterated",
        "revelada": "restored",
        "sin número": "unmarked",
    }
    assert {text: read_cell(member, text, "dmy") for text in words} == words


def test_a_row_of_totals_becomes_nothing(draft):
    skip, *_ = draft(HEADINGS["es"]).profile.skip
    pattern = compile_pattern(skip.when["*"], True)
    assert all(map(pattern.fullmatch, ("TOTAL", "Total general", "Sous-total: 12", "Soma")))
    assert not any(map(pattern.fullmatch, ("Totalmente oxidado", "Sumaria 12/2020", "C-1")))


def test_several_serials_of_a_cell_are_cut_where_both_sides_are_serials(draft):
    assert draft(HEADINGS["es"]).profile.serials == {}
    rows = [[*row[:2], "KLM10011 / KLM10012", *row[3:]] for row in ROWS]
    [pattern] = draft(HEADINGS["es"], rows).profile.serials.values()
    assert split_text(pattern, "TKA1001 / TKA1002; TKA1003 y 10045") == [
        "TKA1001",
        "TKA1002",
        "TKA1003",
        "10045",
    ]
    for whole in ("S/N", "SIN SERIE, limado", "12345/67", "D123456 (ilegible)"):
        assert split_text(pattern, whole) == [whole]


def test_several_serials_in_rows_that_count_one_gun_are_of_that_gun(draft):
    rows = [[*row[:2], "KLM10011 / KLM10012", *row[3:], "1"] for row in ROWS]
    assert draft([*HEADINGS["pt"], "Qtd"], rows).profile.serials == {}


@pytest.mark.parametrize("heading", ["Marca y modelo", "Modelo/Calibre", "Type / cal."])
def test_a_heading_of_two_things_of_a_gun_is_its_description(draft, heading):
    rows = [[*row[:3], "G2C / 9", *row[6:]] for row in ROWS]
    header = [*HEADINGS["es"][:3], heading, HEADINGS["es"][6]]
    fields = draft(header, rows, subjects=["seizures"]).profile.documents[0].fields
    assert fields["items.description"].columns == (heading,)


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        (["Fecha de venta", "Vendedor", "Comprador"], "transfers"),
        (["Fecha de robo", "Denunciante", "Lugar"], "reports"),
    ],
)
def test_headings_tell_what_the_rows_are(draft, words, subject):
    header = [*words, "Serie", "Marca"]
    rows = [["13/2/2020", "Juan", "Lugar", "TKA52390", "Taurus"]]
    assert draft(header, rows).profile.documents[0].subject == subject


def test_a_draft_with_what_was_missing_loads_its_file(draft, actor, run, tmp_path):
    from dataclasses import replace

    from salsa_ext.administration import agencies
    from salsa_ext.administration.agencies import AgencyData

    police = AgencyData("BRA-POLICE", "police", "Polícia", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])
    profile = draft(HEADINGS["pt"]).profile
    [mapping] = profile.documents
    mapping = replace(mapping, constants={**mapping.constants, "agency": "BRA-POLICE"})
    loaded = import_file(
        tmp_path / "guns.csv", replace(profile, documents=(mapping,)), actor("BRA")
    )
    assert loaded.counts == {"created": 2}


@pytest.mark.parametrize(
    ("headings", "parts"),
    [
        (["Jour et mois", "Année"], ["8 janvier", "2020"]),
        (["Día", "Mes", "Año"], ["8", "enero", "2020"]),
        (["Année", "Mois", "Jour"], ["2020", "1", "8"]),
    ],
)
def test_a_date_in_columns_side_by_side_is_one(draft, headings, parts):
    header = ["Dossier", *headings, "Désignation", "Numéro de série", "Lieu"]
    rows = [[f"PV {at}", *parts, "Pist. 9 mm", f"TKA5239{at}", "Delmas"] for at in range(4)]
    fields = draft(header, rows, subjects=["seizures"]).profile.documents[0].fields
    assert (fields["occurred_on"].columns, fields["occurred_on"].join) == ((*headings,), " ")
    assert fields["items.description"].columns == ("Désignation",)
