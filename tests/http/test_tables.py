"""Lists as CSV and XLSX: files that a spreadsheet opens, and in which nothing runs."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from api.http.tables import CSV_TYPE, XLSX_TYPE
from tests.support import bodies

NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
FORMULAS = ["=1+1", "+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://example.org")']


def rows(response):
    return list(csv.DictReader(io.StringIO(response.get_data().decode("utf-8-sig"))))


def sheet(response):
    with zipfile.ZipFile(io.BytesIO(response.get_data())) as book:
        assert book.testzip() is None
        return (
            ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")),
            ElementTree.fromstring(book.read("xl/sharedStrings.xml")),
        )


def test_a_list_is_given_as_csv(pry):
    pry.post("/transfers", bodies.transfer(number="T-1"))
    response = pry.get("/transfers?format=csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="transfers.csv"'
    [row] = rows(response)
    assert (row["number"], row["firearm.serial"]) == ("T-1", "ABC123456")


def test_a_serial_keeps_its_zeros_in_csv(pry):
    pry.post("/transfers", bodies.transfer(firearm=bodies.firearm(serial="00123")))
    [row] = rows(pry.get("/transfers?format=csv"))
    assert row["firearm.serial"] == "00123"


def test_accents_survive_in_csv(pry):
    pry.post("/transfers", bodies.transfer(to=bodies.party("Íñigo Muñoz", "PRY", "individual")))
    assert rows(pry.get("/transfers?format=csv"))[0]["to.name"] == "Íñigo Muñoz"


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_disarmed_in_csv(pry, formula):
    pry.post("/transfers", bodies.transfer(number=formula))
    [row] = rows(pry.get("/transfers?format=csv"))
    assert row["number"] == f"'{formula}"


def test_the_accept_header_asks_for_csv_too(pry):
    assert pry.get("/transfers", Accept="text/csv").content_type == CSV_TYPE


def test_the_query_goes_before_the_accept_header(pry):
    assert pry.get("/transfers?format=json", Accept="text/csv").is_json


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", ""])
def test_json_is_given_to_who_asks_for_nothing_else(pry, accept):
    assert pry.get("/transfers", Accept=accept).is_json


def test_a_list_is_given_as_xlsx(pry):
    pry.post("/transfers", bodies.transfer(number="T-1"))
    response = pry.get("/transfers?format=xlsx")
    assert response.content_type == XLSX_TYPE
    cells, strings = sheet(response)
    assert len(cells.findall(".//x:row", NAMESPACE)) == 2
    assert "T-1" in [text.text for text in strings.iter(f"{{{NAMESPACE['x']}}}t")]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_text_in_xlsx(pry, formula):
    pry.post("/transfers", bodies.transfer(number=formula))
    cells, strings = sheet(pry.get("/transfers?format=xlsx"))
    assert cells.findall(".//x:f", NAMESPACE) == []
    assert formula in [text.text for text in strings.iter(f"{{{NAMESPACE['x']}}}t")]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_empty_list_is_a_file_too(pry, form):
    assert pry.get(f"/transfers?format={form}").get_data()


@pytest.mark.parametrize("form", ["pdf", "CSV", ""])
def test_an_unknown_form_is_refused(pry, form):
    assert list(pry.get(f"/transfers?format={form}", 422).json["errors"]) == ["format"]


@pytest.mark.parametrize(
    "path",
    [
        "/states",
        "/posts",
        "/makes",
        "/calibres",
        "/types",
        "/offences",
        "/agencies",
        "/contacts",
        "/permits",
        "/shipments",
        "/transfers",
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_is_given_as_a_file(pry, path, form):
    assert pry.get(f"{path}?format={form}&limit=5").get_data()


@pytest.mark.parametrize("form,kind", [("csv", CSV_TYPE), ("xlsx", XLSX_TYPE)])
def test_figures_are_given_as_a_file(pry, form, kind):
    assert pry.get(f"/statistics/seizures?state=PRY&format={form}").content_type == kind
