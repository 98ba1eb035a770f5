"""Reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.common import AsOfQuery
from api.schemas.reports import ReportCorrection, ReportQuery, ReportRequest, ReportResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import documents
from salsa_ext.readmodels.documents import REPORTS, DocumentView
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import disclosures, reports
from salsa_ext.values.actor import Actor
from salsa_ext.values.documents import ReportData

blueprint = Resource("reports", "A gun is lost, stolen, recovered or surrendered")


def _list(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[DocumentView]:
    """Return a page of your state's reports; with Salsa-Purpose, of all that concern it."""
    return disclosures.list_documents(
        actor=actor, kind=REPORTS, filters=filters, limit=limit, cursor=cursor
    )


def _get(actor: Actor, report_id: UUID, as_of: datetime | None = None) -> DocumentView:
    """Return one report as it stands, or as it stood; another state's needs Salsa-Purpose."""
    return disclosures.read_document(actor=actor, kind=REPORTS, document_id=report_id, as_of=as_of)


def _standing(actor: Actor, report_id: UUID) -> int:
    return documents.version(REPORTS, report_id)


blueprint.listing("/reports", ReportQuery, ReportResponse, _list, Permission.REPORT_READ)
blueprint.reading(
    "/reports/<uuid:report_id>", ReportResponse, _get, Permission.REPORT_READ, AsOfQuery
)


@blueprint.posting("/reports", ReportRequest, ReportResponse, Permission.REPORT_RECORD)
def record_report(actor: Actor, data: ReportData) -> DocumentView:
    """Record a report."""
    return documents.read(REPORTS, reports.record(actor=actor, data=data))


@blueprint.posting(
    "/reports/<uuid:report_id>/correct", ReportCorrection, ReportResponse, Permission.REPORT_RECORD,
    status=200, standing=_standing,
)  # fmt: skip
def correct_report(actor: Actor, data: tuple[ReportData, str], report_id: UUID) -> DocumentView:
    """Add a version with other facts, and the reason."""
    corrected, reason = data
    reports.correct(actor=actor, report_id=report_id, seen=g.seen, data=corrected, reason=reason)
    return documents.read(REPORTS, report_id)
