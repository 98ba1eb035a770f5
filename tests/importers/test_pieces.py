"""Rows with several guns: ranges, lists, and serials in two columns."""

import pytest

from api.schemas.imports import field_labels
from importers.drafting.guess import draft_profile
from importers.pieces import cut_row
from importers.profiles import from_data, shipped_profiles, to_data
from importers.reading.cells import CellError, read_date
from importers.reading.tables import open_table
from tests.support.imported import importing, write_csv

COLUMNS = {"serial": ("letters", "digits"), "quantity": ("count",)}


@pytest.mark.parametrize(
    ("digits", "count", "serials"),
    [
        ("477 à 480", "4", ["477", "478", "479", "480"]),
        ("041 al 043", "3", ["041", "042", "043"]),
        ("TKA998-TKA1000", "3", ["TKA998", "TKA999", "TKA1000"]),
        ("45120 to 22", "3", ["45120", "45121", "45122"]),
        ("4471, 4476 et 4480", "3", ["4471", "4476", "4480"]),
        ("4471 y 4476", "3", ["4471", "4476", ""]),
        ("477 à 480", "3", ["477 à 480"]),
        ("12345-67", "1", ["12345-67"]),
        ("inconnu", "2", ["inconnu"]),
    ],
)
def test_a_row_becomes_as_many_guns_as_it_counts(digits, count, serials):
    pieces = cut_row({"letters": "P", "digits": digits, "count": count}, COLUMNS, {})
    assert [piece["digits"] for piece in pieces] == serials
    assert {piece["letters"] for piece in pieces} == {"P"}
    assert sum(int(piece["count"]) for piece in pieces) == int(count)


def test_letters_and_digits_in_two_columns_are_one_serial(session, actor, tmp_path):
    header = ["Dossier", "Date du fait", "Qté", "N° DE SÉRIE", "", "Marque / modèle"]
    rows = [["", "", "", "Lettres", "Chiffres"]]
    rows += [["1", "1er mars 2020", "1", "TKA", "52390", "Taurus PT92"]]
    rows += [["2", "2 mars 2020", "3", "YPRK", "041 à 043", "Glock 17"]]
    rows += [["3", "3 mars 2020", "1", "", "finit par 4471", "Colt AR-15"]]
    path = write_csv(tmp_path / "lost.csv", [header, *rows])
    with open_table(path) as table:
        profile = draft_profile(
            table, field_labels(), name="lost", state="PAN", subjects=["reports"]
        ).profile
    profile = from_data(to_data(profile))
    judgement = importing(path, profile, actor("PAN")).judge()
    serials = [each["document"]["firearm"]["serial"] for each in judgement.preview]
    assert serials == ["TKA52390", "YPRK041", "YPRK042", "YPRK043", "*4471"]
    numbers = [each["document"]["number"] for each in judgement.preview]
    assert numbers == ["1", "2", "2/2", "2/3", "3"]


def test_a_column_of_another_field_is_no_part_of_a_serial(session, tmp_path):
    header = ["Prefijo", "Número", "Fecha de robo", "Marca"]
    rows = [[f"TKA5239{at}", f"D-{at}", "1/3/2020", "Taurus"] for at in range(3)]
    with open_table(write_csv(tmp_path / "lost.csv", [header, *rows])) as table:
        drafted = draft_profile(
            table, field_labels(), name="lost", state="PAN", subjects=["reports"]
        )
    [mapping] = drafted.profile.documents
    assert mapping.number == "{Número}"
    assert mapping.fields["firearm.serial"].columns == ("Prefijo",)


def test_serials_of_several_parts_in_columns_are_all_of_the_gun(session, actor, tmp_path):
    header = ["Denuncia", "Fecha de robo", "Marca", "Serie", "Serie cañón", "Serie corredera"]
    rows = [["1", "1/3/2020", "Taurus", "TKA52390", "TKA52390", "KLM1071"]]
    rows += [
        ["2", "2/3/2020", "Glock", "S/N", "BFN95011", "-"],
        ["3", "3/3/2020", "Rossi", "S/N", "", ""],
    ]
    path = write_csv(tmp_path / "parts.csv", [header, *rows])
    with open_table(path) as table:
        profile = draft_profile(
            table, field_labels(), name="parts", state="PAN", subjects=["reports"]
        ).profile
    judgement = importing(path, from_data(to_data(profile)), actor("PAN")).judge()
    guns = [each["document"]["firearm"] for each in judgement.preview]
    assert [gun.get("serial") for gun in guns] == ["TKA52390; KLM1071", "BFN95011", None]
    marks = [[mark["text"] for mark in each["guns"][0]["marks"]] for each in judgement.preview]
    assert marks[0][-2:] == ["TKA52390", "KLM1071"]


@pytest.mark.parametrize("text", ["541-88490 à 541-88492", "541-88490-88492", "541-88490 al 88492"])
def test_numbers_with_a_hyphen_are_counted(text):
    row = {"n": text, "q": "3"}
    rows = cut_row(row, {"quantity": ["q"], "serial": ["n"]}, {})
    assert [each["n"] for each in rows] == ["541-88490", "541-88491", "541-88492"]


@pytest.mark.parametrize(
    ("model", "number", "stored"),
    [
        ("Redhawk", "Redhawk", "Redhawk"),
        ("1911 A1", "1911-A1", "1911 A1"),
        ("1911 Government Model", "1911", "1911 Government Model"),
        ("XD", "Service", "XD Service"),
        ("19", "1911", "19 1911"),
        ("New Model Single Six", "Unknown", "New Model Single Six"),
    ],
)
def test_a_model_in_two_columns_is_written_once(run, actor, tmp_path, model, number, stored):
    header = "Dealer Name,Application Number,Make,Model,Model Number,Caliber,Weapon Transfer Date"
    row = ["Example Arms", "2017000001", "Ruger", model, number, "45", "2/15/17"]
    path = write_csv(tmp_path / "sales.csv", [header.split(","), row])
    [only] = importing(path, shipped_profiles()["us-handgun-sales"], actor("USA")).judge().preview
    assert only["document"]["firearm"]["model"] == stored


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("courant févr. 2020", "2020-02"),
        ("mediados de marzo de 2020", "2020-03"),
        ("março/21", "2021-03"),
        ("fines de 2019", "2019"),
        ("1er trim. 2020", "2020"),
        ("2020 Q3", "2020"),
        ("nuit du 26 au 27 mars 2021", "2021-03-26"),
        ("na noite de 26 para 27/03/2021", "2021-03-26"),
        ("night of 31 March to 1 April 2021", "2021-03-31"),
        ("entre el 3 y el 8 de mayo de 2020", "2020-05"),
        ("12 de marzo de 2021 a las 14:30", "2021-03-12"),
    ],
)
def test_dates_are_read_as_far_as_they_are_known(text, day):
    assert read_date(text, "dmy") == day


def test_a_number_of_a_case_is_no_date():
    with pytest.raises(CellError):
        read_date("3206014505-2022-2137-0", "dmy")
