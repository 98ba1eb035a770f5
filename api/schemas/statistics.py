"""Schemas of statistics."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from api.http.fields.codes import Code, StateCode
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from api.http.fields.times import Day
from salsa_ext.statistics.queries import StatisticsTable


class StatisticsQuery(RequestSchema):
    """Filter of cells."""

    format = Code(("json", "csv", "xlsx"))
    state = StateCode()
    partner = StateCode()
    subject = Text(most=50)
    from_period = Day()
    to_period = Day()


class CellResponse(Schema):
    """Figure; a `withheld` one has a null `amount`."""

    state = StateCode(required=True)
    partner = fields.String(allow_none=True)
    subject = fields.String(required=True)
    period = fields.String(required=True)
    amount = fields.Integer(allow_none=True, required=True)
    withheld = fields.Boolean(required=True)


class TableResponse(Schema):
    """Cells of a dataset; no total with withheld cells."""

    dataset = fields.String(required=True)
    subject = fields.String(required=True)
    before = fields.Date(required=True)
    cells = fields.List(fields.Nested(CellResponse), required=True)
    withheld = fields.Integer(required=True)
    total = fields.Integer(allow_none=True, required=True)


class DatasetResponse(Schema):
    """A dataset with its name in the caller's language."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class DatasetsResponse(Schema):
    """Available datasets."""

    items = fields.List(fields.Nested(DatasetResponse), required=True)


def present_table(table: StatisticsTable) -> dict[str, Any]:
    """Return a table as response."""
    cells = [vars(cell) | {"withheld": cell.amount is None} for cell in table.cells]
    return {
        "dataset": table.dataset.code,
        "subject": table.dataset.subject,
        "before": table.through,
        "cells": cells,
        "withheld": table.withheld,
        "total": table.total,
    }
