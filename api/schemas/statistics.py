"""Figures over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from api.schemas.fields import Code, Day, RequestSchema, StateCode, Text
from salsa_ext.readmodels.statistics import Table


class StatisticsQuery(RequestSchema):
    """Which cells: of one state, partner or subject, or of some quarters."""

    format = Code(("json", "csv", "xlsx"))
    state = StateCode()
    partner = StateCode()
    subject = Text(most=50)
    from_period = Day()
    to_period = Day()


class CellResponse(Schema):
    """One figure; `amount` is null and `withheld` true where it is too small to be shown."""

    state = fields.String(required=True)
    partner = fields.String(allow_none=True)
    subject = fields.String(required=True)
    period = fields.String(required=True)
    amount = fields.Integer(allow_none=True, required=True)
    withheld = fields.Boolean(required=True)


class TableResponse(Schema):
    """The cells of a dataset; the total is null beside withheld cells."""

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
    """What there are figures of."""

    items = fields.List(fields.Nested(DatasetResponse), required=True)


def present(table: Table) -> dict[str, Any]:
    """Return a table as it is answered; a quarter is written 2026-Q1."""
    cells = [
        vars(cell) | {
            "period": f"{cell.period.year}-Q{(cell.period.month + 2) // 3}",
            "withheld": cell.amount is None,
        }
        for cell in table.cells
    ]  # fmt: skip
    return {"dataset": table.dataset, "subject": table.subject, "before": table.through,
            "cells": cells, "withheld": table.withheld, "total": table.total}  # fmt: skip
