"""Routes, one module for each subject."""

from __future__ import annotations

from api.http.resource import Resource
from api.routes import (
    access,
    alerts,
    attachments,
    boards,
    checks,
    custody,
    documents,
    imports,
    lookups,
    papers,
    personal_data,
    records,
    reference,
    sealed_log,
)
from api.routes.exchange import changes, webhooks
from api.routes.figures import annual_reports, releases, sdmx, statistics
from api.routes.tracing import conversations, requests, traces
from api.routes.trade import discrepancies, licensees, permits, shipments

BLUEPRINTS: tuple[Resource, ...] = (
    permits.blueprint,
    papers.blueprint,
    shipments.blueprint,
    discrepancies.blueprint,
    documents.transfers_blueprint,
    imports.blueprint,
    imports.profiles_blueprint,
    documents.seizures_blueprint,
    custody.blueprint,
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
    conversations.blueprint,
    boards.blueprint,
    boards.calls_blueprint,
    licensees.blueprint,
    boards.notifications_blueprint,
    statistics.blueprint,
    releases.blueprint,
    sdmx.blueprint,
    annual_reports.blueprint,
    reference.blueprint,
    lookups.canaries_blueprint,
    lookups.blueprint,
    personal_data.blueprint,
    personal_data.holds_blueprint,
    access.settings_blueprint,
    access.blueprint,
    sealed_log.blueprint,
    changes.blueprint,
    webhooks.blueprint,
)
