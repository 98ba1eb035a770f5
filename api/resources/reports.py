"""Reports."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.reports import ReportCorrection, ReportQuery, ReportRequest, ReportResponse
from api.versioned import add_reading
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents, remarks
from salsa_ext.readmodels.documents import REPORTS, DocumentView
from salsa_ext.services import reports
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData

blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")
standing = add_reading(blueprint, REPORTS, ReportQuery, ReportResponse)


def remarked(actor: Actor, data: ReportData, report_id: UUID) -> DocumentView:
    """Return a report that was just written, with the words of it that nobody knows."""
    noted = remarks.on_firearms([("firearm", data.firearm)], actor.language)
    return replace(documents.read(REPORTS, report_id), remarks=noted)


@blueprint.posting("/reports", ReportRequest, ReportResponse, Permission.REPORT_RECORD)
def record_report(actor: Actor, data: ReportData) -> DocumentView:
    """Record a report."""
    return remarked(actor, data, reports.record(actor=actor, data=data))


@blueprint.posting(
    "/reports/<uuid:report_id>/correct", ReportCorrection, ReportResponse, Permission.REPORT_RECORD,
    status=200, standing=standing,
)  # fmt: skip
def correct_report(actor: Actor, data: tuple[ReportData, str], report_id: UUID) -> DocumentView:
    """Add a version with other facts, and the reason."""
    corrected, reason = data
    reports.correct(actor=actor, report_id=report_id, seen=g.seen, data=corrected, reason=reason)
    return remarked(actor, corrected, report_id)
