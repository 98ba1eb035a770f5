"""Routes, one file a concept; each says what is special of its routes and nothing more."""

from __future__ import annotations

from api.resource import Resource
from api.resources import (
    accounts,
    alerts,
    attachments,
    calls,
    checks,
    consents,
    discrepancies,
    hits,
    leads,
    licensees,
    matches,
    notifications,
    papers,
    permits,
    posts,
    records,
    reference,
    reports,
    requests,
    seizures,
    settings,
    shipments,
    statistics,
    traces,
    transfers,
)

BLUEPRINTS: tuple[Resource, ...] = tuple(
    module.blueprint
    for module in (
        permits, papers, shipments, discrepancies, transfers, seizures, reports, records, consents,
        matches, leads, alerts, hits, attachments, checks, traces, requests, posts, calls,
        licensees, notifications, statistics, reference,
        settings, accounts,
    )
)  # fmt: skip
