"""Routes, one module for each subject."""

from __future__ import annotations

from api.http.resource import Resource
from api.routes import (
    access,
    alerts,
    attachments,
    boards,
    checks,
    documents,
    papers,
    permits,
    records,
    reference,
    requests,
    shipments,
    traces,
)

BLUEPRINTS: tuple[Resource, ...] = (
    permits.blueprint,
    papers.blueprint,
    shipments.blueprint,
    shipments.discrepancies_blueprint,
    documents.transfers_blueprint,
    documents.seizures_blueprint,
    documents.reports_blueprint,
    records.blueprint,
    records.guns_blueprint,
    records.consents_blueprint,
    records.matches_blueprint,
    records.leads_blueprint,
    alerts.blueprint,
    alerts.hits_blueprint,
    attachments.blueprint,
    checks.blueprint,
    traces.blueprint,
    requests.blueprint,
    boards.blueprint,
    boards.calls_blueprint,
    permits.licensees_blueprint,
    boards.notifications_blueprint,
    reference.statistics_blueprint,
    reference.blueprint,
    access.settings_blueprint,
    access.blueprint,
)
