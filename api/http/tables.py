"""Lists as CSV and XLSX: nested fields as columns, formulas escaped."""

import csv
import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import xlsxwriter
from flask import Response, g, request
from marshmallow import Schema

from api.http.fields.declared import list_columns

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OCTETS = "application/octet-stream"
SHEET_SIGNS: Final = re.compile(r"[\[\]:*?/\\]")
"""Signs that the name of a sheet may not have."""
LAST_COLUMNS = ("handling", "withheld", "uses")
FORMULA_START = re.compile(
    r'(^(?!-\d+(?:\.\d+)?\Z)|[;,\t\r\n])(?=(?:"|[^\S\t\r\n])*[=+\-@＝＋－＠])|^(?=[\t\r\n])'
)
"""Where a spreadsheet begins a formula: in a cell, or behind what its language takes as separator.

Quotation marks and blanks may come between. A cell that is a negative number is none.
"""


def describe_files(media_types: Collection[str]) -> dict[str, Any]:
    """Describe answers that are files, for OpenAPI."""
    binary = {"type": "string", "format": "binary"}
    return {
        each: {"schema": {"type": "string"} if each.startswith("text/") else binary}
        for each in media_types
    }


def as_requested(response: Response) -> Response:
    """Return a file as application/octet-stream for clients that accept no other type."""
    kinds = (str(response.mimetype), OCTETS)
    if request.accept_mimetypes.best_match(kinds) == OCTETS:
        response.mimetype = OCTETS
    return response


def requested_format(form: str | None) -> str | None:
    """Return csv or xlsx by query or Accept header, else None."""
    if form is not None:
        return None if form == "json" else form
    best = request.accept_mimetypes.best_match(["application/json", "text/csv", XLSX_TYPE])
    return {"text/csv": "csv", XLSX_TYPE: "xlsx"}.get(best or "")


def list_response(
    form: str, schema: Schema, items: Sequence[Any], name: str, headers: Mapping[str, str]
) -> Response:
    """Return a page of items as a file response."""
    rows = [_flatten(schema.dump(item)) for item in items]
    columns = [*list_columns(schema)]
    columns.sort(key=lambda column: column in LAST_COLUMNS)
    response = table_response(rows, form, name, columns)
    response.headers.update(headers)
    return response


def table_response(
    rows: Sequence[Mapping[str, Any]], form: str, name: str, columns: Sequence[str] = ()
) -> Response:
    """Return flat rows as a file; `columns` come first, then others of the rows."""
    columns = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    lines = [[row.get(column) for column in columns] for row in rows]
    return file_response(columns, lines, form, name, "Sheet1")


def file_response(
    columns: Sequence[str], lines: Sequence[Sequence[Any]], form: str, name: str, sheet: str
) -> Response:
    """Return lines below their headings as a file; `sheet` is the name of that of a workbook."""
    table = [columns, *lines]
    body = _write_csv(table) if form == "csv" else write_workbook({sheet: table}, is_list=True)
    response = Response(body, content_type=CSV_TYPE if form == "csv" else XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            flat |= _flatten(inner, f"{prefix}{key}.")
        elif isinstance(inner, list):
            flat[prefix + key] = json.dumps(inner, ensure_ascii=False) if inner else ""
        elif inner is not None:
            flat[prefix + key] = inner
    return flat


def _write_csv(table: Sequence[Sequence[Any]]) -> bytes:
    """Write a file with the separator that spreadsheets in the reader's language expect."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter="," if g.language == "en" else ";")
    writer.writerow(table[0])
    writer.writerows([escape_formula(cell) for cell in line] for line in table[1:])
    return buffer.getvalue().encode("utf-8-sig")


def escape_formula(value: Any) -> Any:
    """Escape a cell of which a spreadsheet would run a part as formula."""
    return FORMULA_START.sub(r"\1'", value) if isinstance(value, str) else value


def write_workbook(
    sheets: Mapping[str, Sequence[Sequence[Any]]], width: float = 0, *, is_list: bool = False
) -> bytes:
    """Return a workbook of sheets, each of lines; `width` is that of the first columns."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": 22})
        for name, lines in sheets.items():
            sheet = book.add_worksheet(SHEET_SIGNS.sub(" ", name)[:31])
            sheet.add_write_handler(datetime, partial(_write_moment, moment))
            if width:
                sheet.set_column(0, 0, width)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line, bold if is_list and not number else None)
            if is_list and lines[0]:
                sheet.freeze_panes(1, 0)
                sheet.autofilter(0, 0, len(lines) - 1, len(lines[0]) - 1)
                sheet.autofit(max_width=300)
    return buffer.getvalue()


def _write_moment(form: Any, sheet: Any, row: int, column: int, at: datetime, *_: Any) -> Any:
    return sheet.write_datetime(row, column, at, form)
