"""Figures, with small cells withheld."""

from __future__ import annotations

from typing import Any

from flask import Response

from api import tables
from api.resource import Resource
from api.schemas.statistics import (
    DatasetsResponse,
    StatisticsQuery,
    TableResponse,
    present,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import names, statistics
from salsa_ext.values.actor import Actor

blueprint = Resource("statistics", "Figures of ended quarters; cells under 5 are withheld")


def _datasets(actor: Actor) -> dict[str, Any]:
    """Return what there are figures of."""
    named = names.labels("dataset", actor.language)
    codes = statistics.list_datasets(actor)
    return {"items": [{"code": code, "name": named.get(code, code)} for code in codes]}


def _table(
    actor: Actor, dataset: str, format: str | None = None, **filters: Any
) -> dict[str, Any] | Response:
    """Return the figures of one dataset."""
    table = present(statistics.get_table(actor, dataset, filters))
    form = tables.wanted(format)
    return tables.file(table["cells"], form, dataset) if form else table


blueprint.reading("/statistics", DatasetsResponse, _datasets, Permission.STATISTICS_READ)
blueprint.reading(
    "/statistics/<slug:dataset>", TableResponse, _table, Permission.STATISTICS_READ, StatisticsQuery,
    as_file=True,
)  # fmt: skip
