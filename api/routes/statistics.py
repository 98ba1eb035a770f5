"""Routes of statistics."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.http import tables
from api.http.resource import Resource
from api.schemas.statistics import DatasetsResponse, StatisticsQuery, TableResponse, present_table
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.figures import DATASETS
from salsa_ext.reference import names
from salsa_ext.statistics import queries as statistic_queries

blueprint = Resource("statistics", "Figures of ended quarters; cells under 5 are withheld")


def list_datasets(actor: Actor) -> dict[str, Any]:
    """Return the datasets of figures."""
    labels = names.labels("dataset", actor.language)
    codes = [dataset.code for dataset in statistic_queries.list_datasets(actor, DATASETS)]
    return {"items": [{"code": code, "name": labels.get(code, code)} for code in codes]}


def get_dataset(
    actor: Actor, dataset: str, format: str | None = None, **filters: Any
) -> dict[str, Any] | Response:
    """Return the figures of a dataset."""
    table = present_table(statistic_queries.get_table(actor, DATASETS, dataset, filters))
    form = tables.requested_format(format)
    return tables.table_response(table["cells"], form, dataset) if form else table


blueprint.reading("/statistics", DatasetsResponse, list_datasets, Permission.STATISTICS_READ)
blueprint.reading(
    "/statistics/<slug:dataset>",
    TableResponse,
    get_dataset,
    Permission.STATISTICS_READ,
    StatisticsQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
