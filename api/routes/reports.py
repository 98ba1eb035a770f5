"""Routes of reports of loss, theft, recovery and surrender."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.http.resource import Resource
from api.routes.documents import add_document_routes
from api.schemas.reports import (
    ReportCorrectionRequest,
    ReportDetailResponse,
    ReportQuery,
    ReportRequest,
    ReportResponse,
    ReportWithdrawalRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.documents import queries as document_queries
from salsa_ext.documents import reports
from salsa_ext.documents.queries import REPORTS
from salsa_ext.documents.reports import ReportView, with_matches_and_alerts
from salsa_ext.documents.values import ReportData
from salsa_ext.reference import suggestions

blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")
current_version = add_document_routes(
    blueprint, REPORTS, ReportQuery, ReportResponse, (ReportDetailResponse, with_matches_and_alerts)
)


def report_with_matches(actor: Actor, data: ReportData, report_id: UUID) -> ReportView:
    """Return a new version of a report with remarks and matches."""
    noted = suggestions.remarks_on_firearms([("firearm", data.firearm)], actor.language)
    return with_matches_and_alerts(
        actor, replace(document_queries.load_document(REPORTS, report_id), remarks=noted)
    )


@blueprint.posting("/reports", ReportRequest, ReportDetailResponse, Permission.REPORT_RECORD)
def create_report(actor: Actor, data: ReportData) -> ReportView:
    """Create a report; returns its matches."""
    return report_with_matches(actor, data, reports.record(actor=actor, data=data))


@blueprint.posting(
    "/reports/<uuid:report_id>/correct",
    ReportCorrectionRequest,
    ReportDetailResponse,
    Permission.REPORT_RECORD,
    status=200,
    standing=current_version,
)
def correct_report(actor: Actor, data: tuple[ReportData, str], report_id: UUID) -> ReportView:
    """Add a corrected version of a report, with the reason."""
    corrected, reason = data
    reports.correct(
        actor=actor,
        report_id=report_id,
        expected_version=g.expected_version,
        data=corrected,
        reason=reason,
    )
    return report_with_matches(actor, corrected, report_id)


@blueprint.posting(
    "/reports/<uuid:report_id>/withdraw",
    ReportWithdrawalRequest,
    ReportDetailResponse,
    Permission.REPORT_RECORD,
    status=200,
    standing=current_version,
)
def withdraw_report(actor: Actor, data: str, report_id: UUID) -> ReportView:
    """Withdraw a report made in error; alerts entered from it stay."""
    reports.withdraw(
        actor=actor, report_id=report_id, expected_version=g.expected_version, reason=data
    )
    return with_matches_and_alerts(actor, document_queries.load_document(REPORTS, report_id))
