"""Reports."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.reports import (
    ReportCorrection,
    ReportQuery,
    ReportRequest,
    ReportResponse,
    ReportWholeResponse,
    ReportWithdrawal,
)
from api.versioned import add_reading
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents, remarks
from salsa_ext.readmodels.documents import REPORTS
from salsa_ext.readmodels.reports import ReportView, whole
from salsa_ext.services import report_withdrawals, reports
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData

blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")
standing = add_reading(
    blueprint, REPORTS, ReportQuery, ReportResponse, (ReportWholeResponse, whole)
)


def matched(actor: Actor, data: ReportData, report_id: UUID) -> ReportView:
    """Return a report that was just written, with what nobody knows of it and what its gun matches."""
    noted = remarks.on_firearms([("firearm", data.firearm)], actor.language)
    return whole(actor, replace(documents.read(REPORTS, report_id), remarks=noted))


@blueprint.posting("/reports", ReportRequest, ReportWholeResponse, Permission.REPORT_RECORD)
def record_report(actor: Actor, data: ReportData) -> ReportView:
    """Record a report; the answer says at once what its gun matches."""
    return matched(actor, data, reports.record(actor=actor, data=data))


@blueprint.posting(
    "/reports/<uuid:report_id>/correct", ReportCorrection, ReportWholeResponse,
    Permission.REPORT_RECORD, status=200, standing=standing,
)  # fmt: skip
def correct_report(actor: Actor, data: tuple[ReportData, str], report_id: UUID) -> ReportView:
    """Add a version with other facts, and the reason; its gun is matched anew."""
    corrected, reason = data
    reports.correct(actor=actor, report_id=report_id, seen=g.seen, data=corrected, reason=reason)
    return matched(actor, corrected, report_id)


@blueprint.posting(
    "/reports/<uuid:report_id>/withdraw", ReportWithdrawal, ReportWholeResponse,
    Permission.REPORT_RECORD, status=200, standing=standing,
)  # fmt: skip
def withdraw_report(actor: Actor, data: str, report_id: UUID) -> ReportView:
    """Say for good that a report was made in error, and why; alerts that were entered from it stand."""
    report_withdrawals.withdraw(actor=actor, report_id=report_id, seen=g.seen, reason=data)
    return whole(actor, documents.read(REPORTS, report_id))
