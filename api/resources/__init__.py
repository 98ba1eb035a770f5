"""Routes, one file a concept; each says what is special of its routes and nothing more."""

from __future__ import annotations

from api.resource import Resource
from api.resources import (
    accounts,
    checks,
    discrepancies,
    permits,
    posts,
    records,
    reference,
    reports,
    seizures,
    shipments,
    statistics,
    traces,
    transfers,
)

BLUEPRINTS: tuple[Resource, ...] = tuple(
    module.blueprint
    for module in (
        permits, shipments, discrepancies, transfers, seizures, reports, records, checks, traces, posts,
        statistics, reference, accounts,
    )
)  # fmt: skip
