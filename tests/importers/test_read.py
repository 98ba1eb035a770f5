"""Tables of any format, and files that would hurt the reader."""

import datetime
import io
import json
import time
import zipfile

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.reading.tables import open_table
from salsa_ext.core.errors import ImportRejected
from tests.support.imported import write_csv

HEADER = ["No. de serie", "Marca", "Fecha"]
ROWS = [["00123", "Glock", "2020-01-31"], ["1E5", "Cañón", "2019-05-01"]]
MIB = 1024 * 1024


def read(path, **options):
    with open_table(path, **options) as table:
        return table, [list(row.cells.values()) for row in table.rows]


def text_file(path, delimiter=",", encoding="utf-8", rows=ROWS):
    lines = (delimiter.join(row) for row in [HEADER, *rows])
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def sheet_file(path, rows, **more):
    with xlsxwriter.Workbook(path) as book:
        for name, content in {"Hoja1": rows, **more}.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(content):
                sheet.write_row(number, 0, row)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "mac_roman", "utf-16", "utf-16-le"]
)
def test_delimiter_and_encoding_are_found(tmp_path, delimiter, encoding):
    table, rows = read(text_file(tmp_path / "guns.txt", delimiter, encoding))
    assert (table.columns, rows) == (HEADER, ROWS)
    assert table.delimiter == delimiter


def test_an_apostrophe_alone_is_enough_to_know_the_encoding(tmp_path):
    path = tmp_path / "guns.csv"
    path.write_bytes("Serial;Town\nTKA1;Brown’s Town\n".encode("cp1252"))
    _, rows = read(path)
    assert rows == [["TKA1", "Brown’s Town"]]


def test_a_spreadsheet_is_read_behind_empty_rows_and_a_title(tmp_path):
    rows = [[], [], ["Armas incautadas"], HEADER, *ROWS]
    table, read_rows = read(sheet_file(tmp_path / "guns.xlsx", rows, Notas=[["x"]]))
    assert (table.sheet, table.header_row, table.columns) == ("Hoja1", 4, HEADER)
    assert read_rows == ROWS


def test_known_headings_tell_the_header_row(tmp_path):
    rows = [["Informe", "del", "año"], HEADER, *ROWS]
    table, _ = read(text_file(tmp_path / "guns.csv", rows=rows), headings={"no de serie", "marca"})
    assert table.header_row == 1
    path = sheet_file(tmp_path / "guns.xlsx", rows)
    assert read(path, headings={"no de serie", "marca"})[0].header_row == 2


def test_cells_of_a_spreadsheet_are_texts_as_a_person_reads_them(tmp_path):
    rows = [["number", "part", "flag"], [380.0, 0.357, True]]
    assert read(sheet_file(tmp_path / "a.xlsx", rows))[1] == [["380", "0.357", "TRUE"]]


def test_json_lines_are_read_with_their_inner_fields(tmp_path):
    path = tmp_path / "guns.jsonl"
    lines = [{"serial": "00123", "maker": {"name": "Glock"}}, {"maker": {"name": "Taurus"}}]
    path.write_text("\n".join(map(json.dumps, lines)))
    table, rows = read(path)
    assert table.columns == ["serial", "maker.name"]
    assert rows == [["00123", "Glock"], ["", "Taurus"]]


def test_a_table_in_an_archive_is_read(tmp_path):
    path = tmp_path / "guns.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(text_file(tmp_path / "guns.csv"), "guns.csv")
        archive.writestr("README.md", "about")
    table, rows = read(path)
    assert (table.member, rows) == ("guns.csv", ROWS)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="00123"', "00123"),
        ("'=1+1", "=1+1"),
        ("AB\0C", "ABC"),
        ("AB\u202eC\u200b", "ABC"),
        ("\ufeffAB", "AB"),
        ("NA", "NA"),
        (" 1.0 ", "1.0"),
    ],
)
def test_a_cell_is_made_harmless_and_else_stays(tmp_path, cell, text):
    path = text_file(tmp_path / "guns.csv", "\t", rows=[[cell, "Glock", "2020"]])
    assert read(path)[1] == [[text, "Glock", "2020"]]


def test_cells_beyond_the_header_are_distinguished(tmp_path):
    path = text_file(tmp_path / "guns.csv", rows=[[*ROWS[0], "more"]])
    with open_table(path) as table:
        [row] = table.rows
    assert row.beyond == ["more"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1),
            min_size=3,
            max_size=3,
        ).filter(lambda row: not any(cell[0] in "='" for cell in row)),
        min_size=1,
        max_size=5,
    )
)
def test_what_was_written_is_read(tmp_path, rows):
    path = tmp_path / "guns.csv"
    with path.open("w", newline="", encoding="utf-8") as opened:
        import csv

        csv.writer(opened).writerows([HEADER, *rows])
    assert read(path)[1] == rows


# --- hostile files ------------------------------------------------------------------------------


def bomb(name="xl/worksheets/sheet1.xml"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        with archive.open(name, "w") as member:
            for _ in range(64):
                member.write(bytes(MIB))
    return buffer.getvalue()


def lying_bomb():
    """Return an archive whose directory says that it is small."""
    whole = bomb()
    at = whole.rindex(b"PK\x01\x02")
    return whole[: at + 24] + (100).to_bytes(4, "little") + whole[at + 28 :]


def nested():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.xlsx", bomb())
    return buffer.getvalue()


def several():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    return buffer.getvalue()


def far_cells(row, column):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(row, column, "b")
    return buffer.getvalue()


HOSTILE = {
    "bomb": (bomb(), "unpacks to far more"),
    "bomb that lies": (lying_bomb(), "unpacks to far more|damaged"),
    "bomb in an archive": (nested(), "unpacks to far more"),
    "several tables": (several(), "several tables"),
    "a million columns": (b"a," * 500_000 + b"\n1", "longer|more than 500 columns"),
    "a cell without an end": (b'a,b\n"' + b"x" * 3 * MIB, "longer than a million"),
    "a sheet of all cells": (far_cells(1_048_575, 16_383), "memory|columns"),
    "a sheet of twenty long columns": (far_cells(1_048_575, 19), "memory"),
    "a sheet of most columns": (far_cells(100_000, 498), "memory"),
    "nothing": (b"\0\0\n", "empty"),
    "no spreadsheet": (b"PK\x03\x04" + b"x" * 100, "damaged"),
    "no old spreadsheet": (b"\xd0\xcf\x11\xe0" + b"x" * 2000, "damaged"),
    "deep JSON": (b'{"a":' * 100_000, "damaged|longer"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(tmp_path, name):
    content, reason = HOSTILE[name]
    path = tmp_path / "file"
    path.write_bytes(content)
    began = time.monotonic()
    with pytest.raises(ImportRejected, match=reason):
        read(path)
    assert time.monotonic() - began < 30  # bounded on a busy machine; a second where it is idle


def test_the_reader_imports_nothing_of_the_service(tmp_path):
    import ast
    from pathlib import Path

    from importers.reading import reader

    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for each in Path(reader.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(each.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    others = {name for name in names if not name.startswith("importers.reading.reader.")}
    assert not any(name.startswith(("salsa_ext", "importers", "api")) for name in others)


def test_days_that_are_shown_as_months_are_months(tmp_path):
    path = tmp_path / "months.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 1, ["Fecha", "Serie"])
        for row, shown in enumerate(("mmm-yy", "dd/mm/yyyy", "[$-80A]mmmm \\d\\e yyyy", "yyyy"), 2):
            day = datetime.date(2022, 3, 1)
            sheet.write_datetime(row, 1, day, book.add_format({"num_format": shown}))
            sheet.write(row, 2, f"TKA5239{row}")
    with open_table(path) as table:
        days = [row.cells["Fecha"] for row in table.rows]
    assert days == ["2022-03", "2022-03-01", "2022-03", "2022"]


NAMES = "urn:oasis:names:tc:opendocument:xmlns"
SPACES = " ".join(f'xmlns:{each}="{NAMES}:{each}:1.0"' for each in ("office", "table", "text"))


def ods_cell(text, attributes='office:value-type="string"'):
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def write_ods(path, rows):
    """Write an ODS of one sheet; its rows are the cells as they stand in the file."""
    table = "".join(f"<table:table-row>{cells}</table:table-row>" for cells in rows)
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", "<manifest/>")
        book.writestr(
            "content.xml",
            f"<office:document-content {SPACES}><office:body><office:spreadsheet>"
            f'<table:table table:name="A">{table}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    return path


def test_days_of_an_ods_that_are_shown_as_months_are_months(tmp_path):
    blank = '<table:table-cell table:number-columns-repeated="2"/>'
    day = 'office:value-type="date" office:date-value="2022-03-01"'
    shown = (ods_cell(each, day) for each in ("mars 22", "01/03/22", "03/2022", "2022"))
    rows = [blank + cell for cell in (ods_cell("Date"), *shown)]
    with open_table(write_ods(tmp_path / "months.ods", rows)) as table:
        days = [row.cells["Date"] for row in table.rows]
    assert days == ["2022-03", "2022-03-01", "2022-03", "2022"]


MERGED = [
    ["Caso", "Serie", "Lugar"],
    ["C-1", "TKA52390", "Quilmes"],
    ["C-1", "TKA52391", "Quilmes"],
    ["C-1", "", "Quilmes"],
    ["C-2", "TKA52392", ""],
    ["", "TKA52393", ""],
]


def test_a_merged_cell_of_an_xlsx_is_the_text_of_its_rows(tmp_path):
    path = tmp_path / "merged.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("B2:D2", "Registro")
        sheet.merge_range("B3:B4", "Caso")
        sheet.merge_range("C3:D3", "Arma")
        sheet.write_column("C4", ["Serie", "TKA52390", "TKA52391", "", "TKA52392", "TKA52393"])
        sheet.write_column("D4", ["Lugar"])
        sheet.merge_range("B5:B7", "C-1")
        sheet.merge_range("D5:D6", "Quilmes")
        sheet.write_column("D7", ["Quilmes"])
        sheet.write_column("B8", ["C-2"])
        sheet.merge_range("B10:D12", "")  # no text
    with open_table(path) as table:
        rows = [[*row.cells.values()] for row in table.rows]
    assert table.columns == ["Caso", "Arma › Serie", "Arma › Lugar"]
    assert rows == MERGED[1:]


def test_a_merged_cell_of_an_ods_is_the_text_of_its_rows(tmp_path):
    def spanned(text, rows):
        return ods_cell(text, f'table:number-rows-spanned="{rows}" office:value-type="string"')

    covered, empty = "<table:covered-table-cell/>", "<table:table-cell/>"
    rows = [
        "".join(map(ods_cell, MERGED[0])),
        spanned("C-1", 3) + ods_cell("TKA52390") + spanned("Quilmes", 2),
        covered + ods_cell("TKA52391") + covered,
        covered + empty + ods_cell("Quilmes"),
        ods_cell("C-2") + ods_cell("TKA52392") + empty,
        empty + ods_cell("TKA52393") + empty,
    ]
    with open_table(write_ods(tmp_path / "merged.ods", rows)) as table:
        assert [[*row.cells.values()] for row in table.rows] == MERGED[1:]


def test_a_heading_of_two_rows_is_one(tmp_path):
    rows = [
        ["Dossier", "ARME", "", "N° de série", "", "Lieu"],
        ["", "Type", "Cal.", "Lettres", "Chiffres"],
    ]
    first = ["1", "pistolet", "9 mm", "TKA", "52390", "Delmas"]
    path = write_csv(tmp_path / "two.csv", [*rows, first])
    with open_table(path) as table:
        assert table.columns == [
            "Dossier",
            "ARME › Type",
            "ARME › Cal.",
            "N° de série › Lettres",
            "N° de série › Chiffres",
            "Lieu",
        ]
        assert [[*row.cells.values()] for row in table.rows] == [first]
    with open_table(write_csv(tmp_path / "one.csv", [rows[0], first])) as table:
        assert [row.number for row in table.rows] == [2]


def test_a_number_that_a_spreadsheet_rounded_is_shown_as_such(tmp_path):
    path = tmp_path / "rounded.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write_column(0, 0, ["Serie", 5e15, 123456789012345])
    with open_table(path) as table:
        assert [row.cells["Serie"] for row in table.rows] == ["5E+15", "123456789012345"]
