"""Files as clerks write them: keys of codes, ditto signs, descriptions, rows that are no guns."""

from dataclasses import replace

import pytest

from api.schemas.imports import field_labels
from importers.bodies import interpret_guns
from importers.drafting.guess import draft_profile
from importers.profiles import from_data
from importers.reading.calibres import complete_calibre
from importers.reading.cells import is_no_value, read_date
from importers.reading.code_keys import find_keys
from importers.reading.descriptions import describe, take_apart
from importers.reading.patterns import compile_pattern
from importers.reading.row_kinds import RowAbove, SkipRules, find_skips, is_ditto
from importers.reading.tables import fold, open_table
from importers.subjects import SUBJECTS, targets
from importers.values import with_meanings
from salsa_ext.administration import agencies
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.documents.values import TransferData
from salsa_ext.reference import names
from tests.support.imported import importing, write_csv

HEADER = ["N", "Expediente", "Fecha", "Tipo", "Marca", "Serie", "Municipio", "Nota"]
FIRST = ["1", "EXP-7", "3/2/2020", "PI", "Taurus", "TKA52390", "Colón", ""]


@pytest.fixture
def read(actor, run, tmp_path):
    """Draft a profile of rows, and judge them by it; return the judgement."""
    police = AgencyData("PAN-POLICE", "police", "Policía", "America/Panama")
    run("PAN", agencies.register_missing, batch=[police])

    def call(*rows):
        path = write_csv(tmp_path / "guns.csv", [HEADER, *rows])
        with open_table(path, asides=True) as table:
            draft = draft_profile(
                table, field_labels(), name="guns", state="PAN", subjects=["seizures"]
            )
        [mapping] = draft.profile.documents
        constants = {**mapping.constants, "agency": "PAN-POLICE"}
        profile = replace(draft.profile, documents=(replace(mapping, constants=constants),))
        return importing(path, profile, actor("PAN")).judge()

    return call


def guns(judgement):
    return [
        (each["document"]["number"], gun.get("type"), gun.get("serial"))
        for each in judgement.preview
        for gun in each["document"]["items"]
    ]


def test_rows_below_a_case_belong_to_it(read):
    judgement = read(
        FIRST,
        ["2", "", '""""', "PI", "Glock", "BFN95011", "ídem", ""],
        ["3", "ídem", "", "RE", "Rossi", "W516234", "", ""],
        ["4", "EXP-8", "4/2/2020", "RE", "Rossi", "W516299", "Tela", ""],
        ["5", "EXP-9", "4/2/2020", "RE", "Rossi", "W516300", "Tela", ""],
    )
    assert [number for number, *_ in guns(judgement)] == ["EXP-7"] * 3 + ["EXP-8", "EXP-9"]


def test_the_key_below_a_table_says_what_codes_mean(read):
    judgement = read(
        FIRST,
        ["2", "EXP-8", "3/2/2020", "RE", "Rossi", "W516234", "Tela", ""],
        ["3", "EXP-9", "3/2/2020", "MU", "Águila", "", "Tela", ""],
        [],
        ["PI = Pistola; RE = Revólver"],
        ["MU = Munición"],
    )
    assert [kind for _, kind, _ in guns(judgement)] == ["Pistola", "Revólver"]
    assert judgement.skipped["ammunition"] == 1


@pytest.mark.parametrize(
    ("name", "subject"), [("incautaciones-2020", "seizures"), ("ventas-2020", "transfers")]
)
def test_the_name_of_a_file_tells_what_its_rows_are(session, tmp_path, name, subject):
    path = write_csv(
        tmp_path / "guns.csv", [["No", "Fecha", "Marca", "Serie"], FIRST[1:3] + FIRST[4:6]]
    )
    with open_table(path) as table:
        draft = draft_profile(table, field_labels(), name=name, state="PAN")
    assert draft.profile.documents[0].subject == subject


def test_a_code_without_a_key_is_no_type(read):
    judgement = read(FIRST, ["2", "EXP-8", "3/2/2020", "RE", "Rossi", "W516234", "Tela", ""])
    assert [kind for _, kind, _ in guns(judgement)] == [None, None]
    assert judgement.unknown["type", "RE"] == 1


def test_merged_cases_are_no_serials(session, tmp_path):
    header = ["N° Proced.", "Causa", "Numeración", "Estado"]
    rows = [[f"00{at // 3}/23", f"FLP 1011{at}/2023", f"26-9771{at}", "1"] for at in range(9)]
    rows[4][1] = rows[5][1] = ""
    path = write_csv(tmp_path / "guns.csv", [header, *rows])
    with open_table(path) as table:
        draft = draft_profile(table, field_labels(), name="guns", state="ARG")
    [mapping] = draft.profile.documents
    assert (mapping.number, mapping.group) == ("{N° Proced.}", True)
    assert mapping.fields["items.serial"].columns == ("Numeración",)


def test_a_depot_with_what_became_of_guns_is_of_seizures(session, tmp_path):
    header = ["Réf. dossier", "Date", "Marque", "N° de série", "Déposant", "Sort"]
    rows = [
        [f"PV {at // 2}/20", "8/1/2020", "Taurus", f"TKA5239{at}", "AGD", "G"] for at in range(6)
    ]
    path = write_csv(tmp_path / "guns.csv", [header, *rows, [*rows[0][:3], "TKA52399", "", "ANN."]])
    with open_table(path) as table:
        draft = draft_profile(table, field_labels(), name="registre_depot", state="HTI")
    assert draft.profile.documents[0].subject == "seizures"
    skips = SkipRules(draft.profile.skip)
    assert skips.find(dict(zip(header, ["", "", "", "", "", "ANN."], strict=True)), {})


@pytest.mark.parametrize(
    ("cell", "serial", "marking", "marks"),
    [
        ("raspado, revelado na perícia TKA52390", "TKA52390", "restored", []),
        ("filed off, revealed by the lab TKA52390", "TKA52390", "restored", []),
        ("parcialmente limada, legible sólo 004", "*004*", None, []),
        ("effacé en partie, on ne lit que 4471", "*4471*", None, []),
        ("Cano ARS981425, Armação HFF459180.", "HFF459180", None, ["barrel", "frame"]),
        ("Cano 17672G, Armação BMK126127", "BMK126127", None, ["barrel", "frame"]),
        ("canon ARS981425, carcasse HFF459180", "HFF459180", None, ["barrel", "frame"]),
    ],
)
def test_the_number_in_words_is_the_serial(read, cell, serial, marking, marks):
    _, last = read(FIRST, ["2", "EXP-8", *FIRST[2:5], f'"{cell}"', *FIRST[6:]]).preview
    [gun] = last["document"]["items"]
    assert (gun["serial"], gun.get("marking")) == (serial, marking)
    assert [mark["location"] for mark in gun.get("marks", ())] == marks


def test_a_number_of_several_calibres_is_reported_by_type_and_model(session):
    values = {"7 65 pistola": ".32 ACP"}
    guns = [
        {"calibre": "7.65", "type": "Mosquetón"},
        {"calibre": "7.65", "type": "pistola"},
        {"calibre": "7,65", "type": "pistola"},
        {"calibre": "7.62", "type": "fusil", "model": "FAL IV"},
        {"calibre": "7.62", "type": "fusil", "model": "62"},
        {"calibre": "0.38", "type": "pistola"},
        {"calibre": "0.4", "type": "pistola"},
        {"calibre": "7,62", "type": "fuzil", "model": "FAL"},
    ]
    values["7 62 fuzil"] = "7,62 fuzil"  # of others it stays as it is
    asked = [complete_calibre(gun, values if at in (1, 7) else {}) for at, gun in enumerate(guns)]
    assert asked == ["7.65", "", "7,65 pistola", "", "7.62 fusil", "0.38 pistola", "", ""]
    assert [gun["calibre"] for gun in guns[1:4]] == [".32 ACP", "7,65", "7.62x51 mm NATO"]
    assert [gun["calibre"] for gun in guns[5:]] == [".38", ".40", "7.62x51 mm NATO"]


def test_rows_that_are_no_guns_are_skipped(read):
    judgement = read(
        FIRST,
        ["2", "EXP-8", "3/2/2020", "Pistola", "Glock", "BFN95011", "Tela", "ANULADO"],
        ["3", "EXP-8", "3/2/2020", "Pistola", "Glock", "BFN95012", "Tela", "multa anulada"],
        ["4", "EXP-8", "3/2/2020", "Pistola", "Glock", "BFN-95012", "Tela", ""],
        HEADER,
        ["5", "EXP-9", "5/2/2020", "Pistola", "", "", "Tela", "réplica"],
    )
    assert dict(judgement.skipped) == {
        "cancelled": 1,
        "the same gun again": 1,
        "a heading again": 1,
        "toy or replica": 1,
    }


def test_a_serial_in_the_remarks_is_read_where_its_cell_points_there(read):
    start = ["1", "EXP-7", "3/2/2020", "Pistola"]
    judgement = read(
        [*start, "Taurus", "TKA52390", "Colón", ""],
        [*start, "Glock", "ver observaciones", "Colón", "nº de serie BFN95011 en el armazón"],
        [*start, "Glock", "ver observaciones", "Colón", "sin cargador"],
    )
    assert [serial for _, _, serial in guns(judgement)] == ["TKA52390", "BFN95011", None]


@pytest.mark.parametrize("words", ["caseira", "hechiza", "artisanale", "de fabricación casera"])
def test_a_home_made_gun_has_no_make(read, words):
    row = ["2", "EXP-8", "3/2/2020", "Pistola", words, "", "Tela", ""]
    [_, document] = read(FIRST, row).preview
    [gun] = document["document"]["items"]
    assert ("make" in gun, gun["origin_kind"]) == (False, "craft")


def test_a_row_without_a_case_is_a_document_of_its_own(read):
    judgement = read(
        ["1", "S/E", "3/2/2020", "Pistola", "Glock", "BFN95011", "Tela", ""],
        ["2", "S/E", "9/8/2021", "Pistola", "Glock", "BFN95012", "Colón", ""],
    )
    assert judgement.counts["created"] == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Rev. Taurus mod. 82 38 spécial", ("revolver", "Taurus", "82", "38 spécial")),
        ("cal. 9mm GLOCK 17", (None, "GLOCK", "17", "9mm")),
        ("Rossi Puma 92 357", (None, "Rossi", "Puma 92", "357")),
        ("ROMARM WASR-10 7,62x39", (None, "ROMARM", "WASR-10", "7,62x39")),
        (".45 COLT 1911", (None, "COLT", "1911", ".45")),
        ("fusil Mossberg 500 cal. 12", ("shotgun", "Mossberg", "500", "12")),
        ("Glock 17 9mm pistol", ("pistol", "Glock", "17", "9mm")),
        ("Fusil Ruger 10/22 22 Long Rifle", ("rifle", "Ruger", "10/22", "22 Long Rifle")),
        ("Pistola Zoraki 914", ("pistol", "Zoraki", "914", None)),
        ("pistolet semi-auto glock G17 cal 9mm", ("pistol", "glock", "G17", "9mm")),
        (
            "cal. 12, fusil de chasse, marque MOSSBER type 500A",
            ("shotgun", "mossberg", "500A", "12"),
        ),
        ("pistolet Walther PPK cal 7,65 mm", ("pistol", "Walther", "PPK", "7,65 mm")),
        ("REVÓLVER INA .32 6 TIROS", ("revolver", "INA", None, ".32")),
        ("GARRUCHA SEM MARCA CAL 22", ("derringer", None, None, "22")),
        ("escopeta fabricación casera cal. 12", ("shotgun", None, None, "12")),
        ("Revolver Taurus s/modelo", ("revolver", "Taurus", None, None)),
        ("Smit & Wesson M&P 9", (None, "Smit & Wesson", "M&P 9", None)),
        ("REVOLVER CASTELO CAL 38", ("revolver", "CASTELO", None, "38")),
        ("P.M. Uzi 9 mm", ("submachine_gun", None, "Uzi", "9 mm")),
        ("F. d'assaut Norinco 56 7,62x39", ("assault_rifle", "Norinco", "56", "7,62x39")),
        ("Rexio Pucará .38", (None, "Rexio", "Pucará", ".38")),
        ("fusil à pompe Mossberg 12", ("shotgun", "Mossberg", None, "12")),
        ("Revolver Taurus mod. 38", ("revolver", "Taurus", "38", None)),
        ("No make seen", (None, None, None, None)),
        ("make not seen", (None, None, None, None)),
        ("pistola marca não identificada", ("pistol", None, None, None)),
        ("marque non visible pistolet", ("pistol", None, None, None)),
        ("shotgun sin marca visible, un cañón", ("shotgun", None, None, None)),
        ("Glk 22", (None, "Glk", "22", None)),
        ("GLOCK/G17/9mm", (None, "GLOCK", "G17", "9mm")),
        ("GLOCK/G17", (None, "GLOCK", "G17", None)),
        ("Taurs/PT 24/7/.40", (None, "Taurs", "PT 24/7", ".40")),
        ("SEM MARCA/NI/.38", (None, None, None, ".38")),
        ("Pistola/Glock/17/9mm", ("pistol", "Glock", "17", "9mm")),
        ("- / 22", (None, None, None, "22")),
        (".38 revolver", ("revolver", None, None, ".38")),
        ("9mm s.m.g.", ("submachine_gun", None, None, "9mm")),
    ],
)
def test_a_description_is_taken_apart(session, text, parts):
    found = describe(text)
    known = names.resolve("type", found.get("type"))
    assert (known, *(found.get(name) for name in ("make", "model", "calibre"))) == parts


@pytest.mark.parametrize("country", ["USA", "États-Unis d'Amérique", "EE.UU."])
def test_a_country_in_brackets_made_the_gun(session, country):
    found = describe(f"pist. COLT M1911 ({country}) cal .45")
    assert (found["country_of_manufacture"], found["model"]) == ("USA", "M1911")


def test_no_make_is_read_in_the_model_of_a_gun_whose_make_is_known(session):
    assert describe("Thunder 380 .380 ACP", "bersa") == {
        "model": "Thunder 380",
        "calibre": ".380 ACP",
    }
    assert describe("Taurus G2C", "taurus")["model"] == "G2C"


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("Reúna / 36", "shotgun", {"model": "Reúna", "calibre": "36"}),
        ("Pump 12", "shotgun", {"model": "Pump", "calibre": "12"}),
        ("36", "homemade", {"calibre": "36"}),
        ("MT 12", "submachine_gun", {"model": "MT 12"}),
        ("Princess / 22", "revolver", {"model": "Princess", "calibre": "22"}),
        ("Bagual / 22", "pistol", {"model": "Bagual", "calibre": "22"}),
        ("A680/cal. 12", "shotgun", {"model": "A680", "calibre": "12"}),
        ("85S/.38 SPL", "revolver", {"model": "85S", "calibre": ".38 SPL"}),
        ("Pump Military 3.0/12", "shotgun", {"model": "Pump Military 3.0", "calibre": "12"}),
        ("/36", "shotgun", {"calibre": "36"}),
        ("10/22", "rifle", {"model": "10/22"}),
    ],
)
def test_a_number_behind_a_model_is_the_calibre_by_the_type(session, text, kind, parts):
    assert describe(text, "boito", kind) == parts


def test_a_make_meaning_given_by_a_person_counts_in_descriptions(session):
    mapping = {"subject": "transfers", "number": "{no}", "fields": {"firearm.description": "gun"}}
    profile = from_data({"name": "register", "documents": [mapping]})
    profile = with_meanings(profile, {("make", "Torus"): "Taurus"})
    source = profile.documents[0].fields["firearm.description"]
    path = targets(TransferData)["firearm.description"]
    body = {"firearm": {"description": {}}}
    values = {fold(text): means for text, means in source.values.items()}
    texts = take_apart(body, path, "Torus mod. 82 .38 Spl", values)
    assert {*texts} == {("make", "Torus", True), ("calibre", ".38 Spl", True)}
    assert body["firearm"] == {"make": "Taurus", "model": "82", "calibre": ".38 Spl"}


def test_a_person_can_say_that_words_of_a_description_are_no_value(session):
    path = targets(TransferData)["firearm.description"]
    body = {"firearm": {"description": "OXIDADO"}}
    assert take_apart(body, path, "revolver OXIDADO cal 38", {"oxidado": "-"})
    assert body["firearm"] == {"type": "revolver", "calibre": "38"}


def test_the_meaning_of_a_calibre_leaves_the_type_beside_it(read, session, actor, run, tmp_path):
    mapping = {"subject": "transfers", "number": "{no}", "constants": {"kind": "registration"}}
    mapping["fields"] = {"occurred_on": "day", "firearm.description": "gun", "to.name": "who"}
    profile = from_data({"name": "register", "documents": [mapping]})
    profile = with_meanings(profile, {("calibre", ".38 revolver"): ".38 Special"})
    path = write_csv(
        tmp_path / "held.csv", [["no", "day", "gun", "who"], ["1", "1/2/2020", ".38 revolver", "X"]]
    )
    [document] = importing(path, profile, actor("PAN")).judge().preview
    gun = document["document"]["firearm"]
    assert gun["type"] == "revolver"
    assert names.resolve("calibre", gun["calibre"], gun["type"]) == "38-special"


def test_two_columns_of_another_sheet_are_a_key():
    asides = [["01", "Pistola"], ["02", "Revólver"], ["10", "Réplica"], [], ["5", "total"]]
    keys = find_keys(asides, {"Tipo (cód.)": ["1", "02", "2"], "Cant.": ["1", "2", "1"]})
    assert {column: key["1"] for column, key in keys.items()} == {"Tipo (cód.)": "Pistola"}


@pytest.mark.parametrize(
    "text", ["-", "0000", "XXXXX", "N/D", "s.d.", "NULL", "sin dato", "à compléter", "#REF!"]
)
def test_signs_and_words_for_no_value(session, text):
    assert is_no_value(text)


@pytest.mark.parametrize("text", ["SC", "Santo Domingo", "22", "Thunder 380", "No. 5", "X-5"])
def test_names_are_values(session, text):
    assert not is_no_value(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("le 10 février 2021", "2021-02-10"),
        ("1er janvier 2019", "2019-01-01"),
        ("02JAN2022", "2022-01-02"),
        ("14MAR2022/SEG", "2022-03-14"),
        ("02/01/2022 DOM", "2022-01-02"),
        ("lun. 3 mars 2021", "2021-03-03"),
        ("mar 2 mar 2021", "2021-03-02"),
        ("Friday, 5th March 2021", "2021-03-05"),
        ("mar 2021", "2021-03"),
        ("20200300", "2020-03"),
        ("31/4/22", "2022-04"),
        ("20210000", "2021"),
    ],
)
def test_dates_of_registers(text, day):
    assert read_date(text, "dmy") == day


def test_kinds_that_are_no_guns():
    pattern = compile_pattern("*no_gun")
    assert all(
        map(pattern.fullmatch, ["Otros (no arma de fuego)", "outros objetos", "pas une arme"])
    )
    assert not any(map(pattern.fullmatch, ["arma no identificada", "Otras armas", "Pistola no. 5"]))


@pytest.mark.parametrize("text", ["ANULADO", "Otros (no arma de fuego)"])
def test_a_description_leaves_out_its_row(text):
    rows = [{"Arma": "Rev. Taurus 82"}, {"Arma": text}]
    skips = SkipRules([*find_skips(rows, {"Arma": "items.description"})])
    assert skips.find(rows[1], rows[1]) and not skips.find(rows[0], rows[0])


def test_ditto_signs():
    assert all(map(is_ditto, ['"', "''", "ídem", "Idem.", '- " -', "lo mismo"]))
    assert not any(map(is_ditto, ["", "-", "Ideal", "Colón"]))


def test_ditto_signs_are_filled_in_any_column():
    fields = {"items.make": "make", "items.serial": "serial", "place.name": "place"}
    mapping = {"subject": "seizures", "number": "{case}", "fields": fields}
    above = RowAbove(from_data({"name": "seizures", "documents": [mapping]}))
    above.fill({"case": "7", "make": "Taurus", "serial": "TKA52390", "place": "Tela"})
    assert above.fill({"case": "8", "make": '"', "serial": '"', "place": "id."}) == {
        "case": "8",
        "make": "Taurus",
        "serial": "",
        "place": "Tela",
    }


def test_cancelled_entries_and_those_restored():
    cancelled = compile_pattern("*cancelled")
    assert all(map(cancelled.fullmatch, ["ANULADO", "*** ANNULÉ ***", "Registro anulado"]))
    others = ["permis annulé puis rétabli le 12/06", "amende annulée", "multa anulada"]
    assert not any(map(cancelled.fullmatch, others))


def read_numbers(judgement):
    return [gun.get("serial") for each in judgement.preview for gun in each["document"]["items"]]


def test_a_number_in_brackets_is_that_of_before(read):
    rows = [[str(at), f"ANI-22-{at} (ant. 0502-2022-144)", *FIRST[2:]] for at in (1, 2, 3)]
    document, *_ = [each["document"] for each in read(*rows).preview]
    assert document["number"] == "ANI-22-1"
    assert document["external_ids"] == [{"system": "Expediente", "number": "0502-2022-144"}]


def test_a_ditto_sign_with_another_date_is_of_the_same_case_on_that_day(read):
    again = ["2", "ídem", "4/2/2020", "RE", "Rossi", "W516234", "Tela", ""]
    judgement = read(FIRST, again, ["3", "EXP-8", *FIRST[2:]])
    days = {
        each["document"]["number"]: each["document"]["occurred_on"] for each in judgement.preview
    }
    assert days == {"EXP-7": "2020-02-03", "EXP-7 (4/2/2020)": "2020-02-04", "EXP-8": "2020-02-03"}


@pytest.mark.parametrize(
    "note",
    [
        "NUMERAÇÃO 544.747; AO FÓRUM",
        "Nº DE SÉRIE 544.747 NO CANO",
        "Matricule 544747",
        "serial 544.747",
    ],
)
def test_a_cell_that_points_to_the_remarks_has_the_number_there(read, note):
    [serial] = read_numbers(read([*FIRST[:5], "vide obs.", "Colón", note]))
    assert serial.replace(".", "") == "544747"


def test_a_star_behind_several_serials_says_that_they_were_restored(read):
    rows = [[str(at), f"EXP-{at}", *FIRST[2:5], f"TKA5239{at}*", *FIRST[6:]] for at in range(3)]
    judgement = read(*rows)
    guns_read = [gun for each in judgement.preview for gun in each["document"]["items"]]
    assert [(gun["serial"], gun["marking"]) for gun in guns_read] == [
        (f"TKA5239{at}", "restored") for at in range(3)
    ]
    assert read_numbers(read(rows[0])) == ["TKA52390*"]


def test_two_stars_or_an_underscore_at_the_end_are_unread_characters(read):
    numbers = ["U**0*2", "31*8*7", "TKA5_390", "TKA5239_", "TKA5238_"]
    rows = [
        [str(at), f"EXP-{at}", *FIRST[2:5], number, *FIRST[6:]] for at, number in enumerate(numbers)
    ]
    found = [gun["serial"] for each in read(*rows).preview for gun in each["document"]["items"]]
    assert found == ["U??0?2", "31?8?7", "TKA5?390", "TKA5239?", "TKA5238?"]


@pytest.mark.parametrize(
    ("cell", "serial"),
    [
        ("5E+15", None),
        ("1.7E+27", None),
        ("ver obs.", None),
        ("T12", "T12"),
        ("TKA52390", "TKA52390"),
    ],
)
def test_odd_serials_are_named_with_their_rows(read, cell, serial):
    judgement = read(FIRST, ["2", "EXP-8", *FIRST[2:5], cell, *FIRST[6:]])
    assert read_numbers(judgement) == ["TKA52390", serial]
    rows = [rows for _, _, rows in judgement.odd_serials.values()]
    assert rows == ([] if cell == "TKA52390" else [[("", 3, cell)]])


def test_a_row_without_a_date_has_the_year_of_its_report(session, actor, run, tmp_path):
    police = AgencyData("PAN-POLICE", "police", "Policía", "America/Panama")
    run("PAN", agencies.register_missing, batch=[police])
    header = ["Dossier", "Date du fait", "Déclaré le", "Nat.", "N° de série"]
    rows = [["1", "courant mars 2020", "1/4/2020", "vol", "TKA52390"]]
    rows += [["2", "inconnue", "3/5/2021", "perte", "TKA52391"], ["3", "", "", "vol", "TKA52392"]]
    rows += [["4", "31/6/2021", "2/7/2021", "vol", "TKA52393"]]
    path = write_csv(tmp_path / "lost.csv", [header, *rows])
    with open_table(path) as table:
        drafted = draft_profile(
            table, field_labels(), name="lost", state="PAN", subjects=["reports"]
        )
    judgement = importing(path, drafted.profile, actor("PAN")).judge()
    days = [each["document"]["occurred_on"] for each in judgement.preview]
    assert days == ["2020-03", "2021", "2021-06"]
    notes = [each["document"].get("note") for each in judgement.preview]
    assert notes == [None, "Déclaré le: 3/5/2021", "Date du fait: 31/6/2021"]
    assert [problem.text.text[:19] for problem, *_ in judgement.top_problems()] == [
        "The row has no date"
    ]


def test_a_code_that_was_chosen_counts_whatever_its_case(read):
    values = {"Estado": ["A", "B", "a"]}
    keys = find_keys([["A", "Legible"], ["B", "Limada"]], values)
    assert keys == {"Estado": {"A": "Legible", "B": "Limada", "a": "Legible"}}


def test_keys_of_two_columns_in_two_lines_are_apart():
    lines = [["Nat. : P = perte ; V = vol"], ["Type : PA = pistolet ; P = fusil"]]
    values = {"Nat.": ["P", "V", "P"], "Type": ["PA", "P", "PA"]}
    keys = find_keys(lines, values)
    assert (keys["Nat."]["P"], keys["Type"]["P"]) == ("perte", "fusil")


@pytest.mark.parametrize(
    ("cell", "note", "serial", "marking"),
    [
        ("TKA52390 (revelado em exame)", "", "TKA52390", "restored"),
        ("TKA52390 (restored in lab)", "", "TKA52390", "restored"),
        ("TKA52390 (révélé au labo)", "", "TKA52390", "restored"),
        ("filed off", "Lab restored 407136", "407136", "restored"),
        ("raspada", "revelado KRK1", "KRK1", "restored"),
        ("vide obs.", "nº Y39901Z revelado pelo IC", "Y39901Z", "restored"),
        ("raspada", "laudo 123/2023 revelado", None, "obliterated"),
        ("limada", "recuperada en pericia: TKA52390. Sin cargador", "TKA52390", "restored"),
        ("limé", "numéro restitué au laboratoire KRK1234", "KRK1234", "restored"),
        ("filed off", "3 rounds recovered by the lab 1234/23", None, "obliterated"),
        ("raspada", "revelado no laudo 123/2023", None, "obliterated"),
        ("TKA52390 USA", "", "TKA52390", None),
        ("TKA52390 Brasil", "", "TKA52390", None),
    ],
)
def test_a_number_is_read_without_words_and_from_the_laboratory(read, cell, note, serial, marking):
    _, last = read(FIRST, ["2", "EXP-8", *FIRST[2:5], cell, "Colón", note]).preview
    [gun] = last["document"]["items"]
    assert (gun.get("serial"), gun.get("marking")) == (serial, marking)


def test_an_unread_sign_in_a_word_is_a_letter():
    gun = {"serial": "HPH18x (revelado em exame)"}
    assert not [*interpret_guns({"items": [gun]}, SUBJECTS["seizures"], unread="x")]
    assert (gun["serial"], gun["marking"]) == ("HPH18?", "restored")
    gun = {"serial": "n.c."}
    assert not [*interpret_guns({"items": [gun]}, SUBJECTS["seizures"], unread=".")]
    assert "?" not in gun.get("serial", "")
