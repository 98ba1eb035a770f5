"""Schemas of statistics."""

from typing import Any, Final

from marshmallow import Schema, fields, post_load

from api.http.fields.scalars import Code, Day, QueryWhole, StateCode, Text
from api.http.fields.schemas import RequestSchema
from api.i18n.messages import language, translate
from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.figures import DATASETS
from salsa_ext.reference import names
from salsa_ext.statistics.dataset_types import Dataset
from salsa_ext.statistics.queries import PERIODS, StatisticsTable


class Names(fields.Field[tuple[str, ...]]):
    """Several names in a query string, with commas between them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.strip() for part in str(value).split(",") if part.strip()))


DIMENSIONS: Final = tuple(dict.fromkeys(code for each in DATASETS for code in each.dimensions))
"""Those of all datasets: each is a filter by one of its values."""


UNKNOWN_NAME: Final = message("Unknown")
UNKNOWN_NAMES: Final = {"exported_by": message("Not traced")}
NONE_NAMES: Final = {
    "disposition": message("In custody"),
    "established_by": message("Not established"),
    "diverted_in": message("Not established"),
    "reached": message("Nobody"),
    "exported_by": message("No export found"),
}


class StatisticsQuery(
    RequestSchema.from_dict({code: Text(most=100) for code in DIMENSIONS}, name="Dimensions")  # type: ignore[misc]
):
    """Which table of a dataset, of which cells."""

    format = Code(("json", "csv", "xlsx"))
    state = StateCode()
    partner = StateCode()
    by = Names(metadata={"type": "string", "maxLength": 200})
    grain = Code(PERIODS)
    from_period = Day()
    to_period = Day()

    @post_load
    def gather(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Gather the dimensions in `where`."""
        return {"where": {code: data.pop(code) for code in DIMENSIONS if code in data}} | data


class FiguresQuery(StatisticsQuery):
    """Which figures a page shows, and how."""

    dataset = Text(most=50)
    then = Text(most=50)
    year = QueryWhole(least=2000, most=2100)
    picture = Text(most=50)


class CellResponse(Schema):
    """Figure of a state, and of its partner in trade."""

    state = StateCode(required=True)
    partner = fields.String(allow_none=True)
    values = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    period = fields.String(required=True)
    amount = fields.Integer(required=True)


class TableResponse(Schema):
    """Cells of a dataset; no total where an object may count under several values."""

    dataset = fields.String(required=True)
    by = fields.List(fields.String(), required=True)
    before = fields.Date(required=True)
    cells = fields.List(fields.Nested(CellResponse), required=True)
    total = fields.Integer(allow_none=True, required=True)


class DimensionResponse(Schema):
    """A dimension of a dataset; by how many finer ones a table may be is one."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    is_finer = fields.Boolean(required=True)


class DatasetResponse(Schema):
    """A dataset with its name in the caller's language."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    dimensions = fields.List(fields.Nested(DimensionResponse), required=True)


class DatasetsResponse(Schema):
    """Available datasets."""

    items = fields.List(fields.Nested(DatasetResponse), required=True)


class OriginShareQuery(RequestSchema):
    """Of which year."""

    year = QueryWhole(least=2000, most=2100, required=True)


class MirrorFilters(RequestSchema):
    """Which mirror figures a page shows: of which year, states and heading."""

    format = Code(("json", "csv", "xlsx"))
    year = QueryWhole(least=2000, most=2100)
    exporting_state = StateCode()
    importing_state = StateCode()
    heading = Text(most=10)


class MirrorQuery(MirrorFilters):
    """Which mirror figures are read."""

    year = QueryWhole(least=2000, most=2100, required=True)


class MirrorRowResponse(Schema):
    """Pieces of a heading from an exporter to an importer; a side without figures is null."""

    exporting_state = StateCode(required=True)
    importing_state = StateCode(required=True)
    heading = fields.String(required=True)
    export_authorised = fields.Integer(allow_none=True, required=True)
    shipped = fields.Integer(allow_none=True, required=True)
    import_authorised = fields.Integer(allow_none=True, required=True)
    received = fields.Integer(allow_none=True, required=True)
    difference = fields.Integer(allow_none=True, required=True)
    discrepancies = fields.Integer(allow_none=True, required=True)


class MirrorResponse(Schema):
    """Mirror figures, the largest difference first."""

    items = fields.List(fields.Nested(MirrorRowResponse), required=True)


class CoverageQuery(RequestSchema):
    """Coverage of which year."""

    format = Code(("json", "csv", "xlsx"))
    year = QueryWhole(least=2000, most=2100, required=True)


class CoverageRowResponse(Schema):
    """What a state reports of a dataset; `register` and `mode` are null where none is declared."""

    state = StateCode(required=True)
    dataset = fields.String(required=True)
    register = Code(codes.REGISTERS, allow_none=True, required=True)
    mode = Code(codes.REGISTER_MODES, allow_none=True, required=True)
    since = fields.Date(allow_none=True, required=True)
    until = fields.Date(allow_none=True, required=True)
    complete = fields.Boolean(required=True)
    with_records = fields.List(fields.Integer(), required=True)
    without_records = fields.List(fields.Integer(), required=True)


class CoverageResponse(Schema):
    """Coverage by dataset, register and state."""

    items = fields.List(fields.Nested(CoverageRowResponse), required=True)


class OriginShareResponse(Schema):
    """Indicator 16.4.2: `percent` is null without guns."""

    established = fields.Integer(required=True)
    recovered = fields.Integer(required=True)
    percent = fields.Float(allow_none=True, required=True)


def flat_rows(table: StatisticsTable) -> list[dict[str, Any]]:
    """Return the cells of a table as rows of a file."""
    return [
        {
            "state": cell.state,
            "partner": cell.partner,
            **cell.values,
            "period": cell.period,
            "amount": cell.amount,
        }
        for cell in table.cells
    ]


def present_table(table: StatisticsTable) -> dict[str, Any]:
    """Return a table as response."""
    return {
        "dataset": table.dataset.code,
        "by": table.by,
        "before": table.through,
        "cells": table.cells,
        "total": table.total,
    }


def value_name(dataset: Dataset, code: str, value: str) -> str:
    """Return a value of a dimension in words."""
    if value == "unknown":
        return translate(UNKNOWN_NAMES.get(code, UNKNOWN_NAME))
    if value == "none" and code in NONE_NAMES:
        return translate(NONE_NAMES[code])
    kind = dataset.dimensions[code].labels
    if kind == "calibre":
        return names.display_name("calibre", value, "en")
    return names.label(kind, value, language.get()) if kind else value
