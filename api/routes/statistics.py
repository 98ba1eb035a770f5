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

blueprint = Resource(
    "statistics", "Figures: your own whole, those of others by ended quarters without small cells"
)


def list_datasets(actor: Actor) -> dict[str, Any]:
    """Return the datasets of figures."""
    labels = names.labels("dataset", actor.language)
    names_of = names.labels("dimension", actor.language)
    return {
        "items": [
            {
                "code": dataset.code,
                "name": labels.get(dataset.code, dataset.code),
                "dimensions": [
                    {"code": code, "name": names_of[code], "is_finer": each in dataset.finer}
                    for code, each in dataset.dimensions.items()
                ],
            }
            for dataset in statistic_queries.list_datasets(actor, DATASETS)
        ]
    }


def get_dataset(
    actor: Actor, dataset: str, format: str | None = None, **filters: Any
) -> dict[str, Any] | Response:
    """Return the figures of a dataset."""
    table = present_table(statistic_queries.get_table(actor, DATASETS, dataset, filters))
    form = tables.requested_format(format)
    rows = [
        {"state": cell["state"], "partner": cell["partner"]}
        | cell["values"]
        | {name: cell[name] for name in ("period", "amount", "withheld")}
        for cell in table["cells"]
    ]
    return tables.table_response(rows, form, dataset) if form else table


blueprint.reading("/statistics", DatasetsResponse, list_datasets, Permission.STATISTICS_READ)
blueprint.reading(
    "/statistics/<slug:dataset>",
    TableResponse,
    get_dataset,
    Permission.STATISTICS_READ,
    StatisticsQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
