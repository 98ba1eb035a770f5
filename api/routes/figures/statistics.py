"""Routes of statistics."""

from typing import Any

from flask import Response

from api.http import tables
from api.http.resource import Resource
from api.schemas.figures.statistics import (
    CoverageQuery,
    CoverageResponse,
    CoverageRowResponse,
    DatasetsResponse,
    MirrorQuery,
    MirrorResponse,
    MirrorRowResponse,
    OriginShareQuery,
    OriginShareResponse,
    StatisticsQuery,
    TableResponse,
    flat_rows,
    present_table,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.figures import DATASETS, origin_share
from salsa_ext.reference import names
from salsa_ext.statistics import coverage
from salsa_ext.statistics import queries as statistic_queries
from salsa_ext.trade import mirror

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
    table = statistic_queries.get_table(actor, DATASETS, dataset, filters)
    form = tables.requested_format(format)
    return tables.table_response(flat_rows(table), form, dataset) if form else present_table(table)


def get_origin_share(actor: Actor, year: int) -> dict[str, Any]:
    """Return indicator 16.4.2: the share of a year's guns whose origin is established."""
    share = origin_share(actor, year)
    return share._asdict() | {"percent": share.percent}


def get_mirror(
    actor: Actor, year: int, format: str | None = None, **filters: Any
) -> dict[str, Any] | Response:
    """Return mirror figures: what an exporter and its importer recorded of trade."""
    rows = mirror.list_mirror(actor, year, filters)
    if form := tables.requested_format(format):
        return tables.list_response(form, MirrorRowResponse(), rows, "mirror", {})
    return {"items": rows}


def get_coverage(actor: Actor, year: int, format: str | None = None) -> dict[str, Any] | Response:
    """Return coverage: registers that states declare, and months of a year without records."""
    rows = coverage.list_coverage(actor, DATASETS, year)
    if form := tables.requested_format(format):
        return tables.list_response(form, CoverageRowResponse(), rows, "coverage", {})
    return {"items": rows}


blueprint.reading("/statistics", DatasetsResponse, list_datasets, Permission.STATISTICS_READ)
blueprint.reading(
    "/statistics/<slug:dataset>",
    TableResponse,
    get_dataset,
    Permission.STATISTICS_READ,
    StatisticsQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
blueprint.reading(
    "/statistics/origins-established",
    OriginShareResponse,
    get_origin_share,
    Permission.STATISTICS_READ,
    OriginShareQuery,
)
blueprint.reading(
    "/statistics/mirror",
    MirrorResponse,
    get_mirror,
    Permission.STATISTICS_READ,
    MirrorQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
blueprint.reading(
    "/statistics/coverage",
    CoverageResponse,
    get_coverage,
    Permission.STATISTICS_READ,
    CoverageQuery,
    media_types=("text/csv", tables.XLSX_TYPE),
)
