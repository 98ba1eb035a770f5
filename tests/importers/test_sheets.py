"""Workbooks of several sheets, years of their headings, and rows that are left out."""

import pytest
import xlsxwriter

from api.routes.imports import rejects_csv
from importers.profiles import from_data
from salsa_ext.administration import agencies, imports
from salsa_ext.administration.agencies import AgencyData
from salsa_ext.core.errors import ImportRejected
from salsa_ext.database.session import db, execute_raw, transaction
from salsa_ext.documents.models import Seizure
from tests.support.imported import begin, import_file, importing

MONTHLY = {
    "name": "monthly",
    "sheets": ["*"],
    "documents": [
        {
            "subject": "seizures",
            "number": "{sheet}/{case}",
            "constants": {"kind": "seized", "agency": "BRA-POLICE"},
            "fields": {"occurred_on": "month", "items.serial": "serial", "place.admin1": "{sheet}"},
        }
    ],
}


@pytest.fixture
def bra(actor, run):
    """Return the operator of Brazil, whose agency of the profile is registered."""
    police = AgencyData("BRA-POLICE", "police", "Polícia Exemplo", "America/Sao_Paulo")
    run("BRA", agencies.register_missing, batch=[police])
    return actor("BRA")


@pytest.fixture
def monthly_book(tmp_path):
    """A workbook of two provinces with the same columns, and a sheet of another shape."""
    header = ["Case", "Month", "Serial"]
    sheets = {
        "Itapúa": [
            ["Seizures of 2023"],
            header,
            ["1", "marzo", "TKA52390"],
            header,
            ["2", "soon", "TKA52391"],
            ["AÑO 2024"],
            ["3", "enero", "TKA52392"],
        ],
        "Notes": [["Read me", "Or not"], ["a", "b"]],
        "Caazapá": [
            ["Serial", "Case", "Month"],
            ["ROS00017", "1", "2/2022"],
            ["ROS00018", "", "x"],
        ],
    }
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


def test_sheets_of_one_shape_are_read_as_one_table(bra, monthly_book):
    profile = from_data({**MONTHLY, "skip": [{"reason": "a year", "when": {"*": "AÑO.*"}}]})
    work = importing(monthly_book, profile, bra)
    run_id = begin(work, monthly_book)
    judgement = work.load(run_id)
    assert judgement.counts == {"created": 3, "rejected": 2, "skipped": 2}
    assert (judgement.read, judgement.other_sheets) == (["Itapúa", "Caazapá"], ["Notes"])
    seizures = db.session.query(Seizure.number, Seizure.occurred_on, Seizure.admin1)
    assert {(number, str(day), place) for number, day, place in seizures} == {
        ("Itapúa/1", "2023-03-01", "Itapúa"),
        ("Itapúa/3", "2024-01-01", "Itapúa"),
        ("Caazapá/1", "2022-02-01", "Caazapá"),
    }
    with transaction(bra):
        refused = [line.split(",") for line in "".join(rejects_csv(bra, run_id)).splitlines()]
        skipped = "".join(rejects_csv(bra, run_id, is_skipped=True)).splitlines()
    assert [cells[:5] for cells in refused] == [
        ["Case", "Month", "Serial", "{sheet}", "row"],
        ["2", "soon", "TKA52391", "Itapúa", "5"],
        ["", "x", "ROS00018", "Caazapá", "3"],
    ]
    assert [line.split(",")[4:] for line in skipped[1:]] == [
        ["4", "a heading again"],
        ["6", "a year"],
    ]


def test_one_sheet_is_chosen_among_others(bra, monthly_book):
    profile = from_data({**MONTHLY, "sheets": ["Caazapá"]})
    judgement = import_file(monthly_book, profile, bra)
    assert judgement.counts == {"created": 1, "rejected": 1}
    with pytest.raises(ImportRejected, match="no sheet"):
        import_file(monthly_book, from_data({**MONTHLY, "sheets": ["Guairá"]}), bra)


def test_what_a_run_found_is_encrypted(bra, monthly_book):
    work = importing(monthly_book, from_data(MONTHLY), bra)
    run_id = begin(work, monthly_book)
    for _ in work.steps(run_id, writes=False):
        pass
    stored = execute_raw("SELECT report FROM import_run").fetchall()
    stored += execute_raw("SELECT content FROM import_reject").fetchall()
    assert len(stored) > 1 and not any("soon" in text for (text,) in stored)
    with transaction(bra):
        assert "soon" in str(imports.read_run(bra, run_id).report["problems"])
