"""Lists as CSV and XLSX: one row an item, nested fields as columns, formulas disarmed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from flask import Response, request
from marshmallow import Schema

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTENT = {
    "text/csv": {"schema": {"type": "string"}},
    XLSX: {"schema": {"type": "string", "format": "binary"}},
}
RELEASE = ("handling", "withheld", "uses")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def wanted(form: str | None) -> str | None:
    """Return csv or xlsx where the query or the Accept header asks for it, else None."""
    if form is not None:
        return None if form == "json" else form
    best = request.accept_mimetypes.best_match(["application/json", "text/csv", XLSX])
    return {"text/csv": "csv", XLSX: "xlsx"}.get(best or "")


def render(
    form: str, schema: Schema, items: Sequence[Any], name: str, headers: Mapping[str, str]
) -> Response:
    """Return items as a file to be saved, with the headers of its page."""
    rows = [_ordered(_flat(schema.dump(item))) for item in items]
    never = getattr(schema, "never_listed", frozenset())
    named = (field.data_key or key for key, field in schema.fields.items() if key not in never)
    columns = list(_ordered(dict.fromkeys(named)))
    response = file(rows, form, name, columns)
    response.headers.update(headers)
    return response


def _ordered(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with what is said of its release behind what it says."""
    return dict(sorted(row.items(), key=lambda item: item[0].split(".")[0] in RELEASE))


def file(
    rows: Sequence[Mapping[str, Any]], form: str, name: str, empty: Sequence[str] = ()
) -> Response:
    """Return flat rows as a file to be saved; one without rows has the columns of `empty`."""
    columns = list(dict.fromkeys(column for row in rows for column in row)) or list(empty)
    body = _csv(columns, rows) if form == "csv" else _xlsx(columns, rows)
    response = Response(body, content_type=CSV if form == "csv" else XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping):
            flat |= _flat(inner, f"{prefix}{key}.")
        elif isinstance(inner, list):
            flat[prefix + key] = json.dumps(inner, ensure_ascii=False) if inner else ""
        else:
            flat[prefix + key] = inner
    return flat


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([disarmed(row.get(column)) for column in columns] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def disarmed(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _xlsx(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False}  # fmt: skip
    with xlsxwriter.Workbook(buffer, options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, columns)
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, [row.get(column) for column in columns])
    return buffer.getvalue()
