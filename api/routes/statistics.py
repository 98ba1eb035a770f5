"""Routes of statistics, with small cells withheld."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.http import tables
from api.http.resource import Resource
from api.schemas.statistics import DatasetsResponse, StatisticsQuery, TableResponse, present_table
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.reference import names
from salsa_ext.statistics import queries as statistic_queries

blueprint = Resource("statistics", "Figures of ended quarters; cells under 5 are withheld")


def list_datasets(actor: Actor) -> dict[str, Any]:
    """Return the datasets of figures."""
    named = names.labels("dataset", actor.language)
    codes = statistic_queries.list_datasets(actor)
    return {"items": [{"code": code, "name": named.get(code, code)} for code in codes]}


def get_dataset(
    actor: Actor, dataset: str, format: str | None = None, **filters: Any
) -> dict[str, Any] | Response:
    """Return the figures of a dataset."""
    table = present_table(statistic_queries.get_table(actor, dataset, filters))
    form = tables.requested_format(format)
    return tables.table_response(table["cells"], form, dataset) if form else table


blueprint.reading("/statistics", DatasetsResponse, list_datasets, Permission.STATISTICS_READ)
blueprint.reading(
    "/statistics/<slug:dataset>",
    TableResponse,
    get_dataset,
    Permission.STATISTICS_READ,
    StatisticsQuery,
    as_file=True,
)
