"""Lists as CSV and XLSX: nested fields as columns, formulas escaped."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import xlsxwriter
from flask import Response, g, request
from marshmallow import Schema

from api.http.fields.declared import list_columns

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OCTETS = "application/octet-stream"
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
    """Return a file as application/octet-stream if only that is accepted.

    Generated clients know no other type of file.
    """
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
    body = _write_csv(columns, rows) if form == "csv" else _write_xlsx(columns, rows)
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


def _write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write a file with the separator that spreadsheets in the reader's language expect."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter="," if g.language == "en" else ";")
    writer.writerow(columns)
    writer.writerows([escape_formula(row.get(column)) for column in columns] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def escape_formula(value: Any) -> Any:
    """Escape a cell of which a spreadsheet would run a part as formula."""
    return FORMULA_START.sub(r"\1'", value) if isinstance(value, str) else value


def _write_xlsx(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    lines = [[row.get(column) for column in columns] for row in rows]
    return write_workbook({"Sheet1": [columns, *lines]})


def write_workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], width: float = 0) -> bytes:
    """Return a workbook of sheets, each of lines; `width` is that of the first columns."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name[:31])
            if width:
                sheet.set_column(0, 0, width)
            for number, line in enumerate(lines):
                sheet.write_row(number, 0, line)
    return buffer.getvalue()
