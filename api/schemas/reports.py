"""Schemas of reports of loss, theft, recovery and surrender."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code
from api.http.fields.declared import DeclaredRequest
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.common import CorrectionRequest, DocumentResponse, row_fields
from api.schemas.records import MatchResponse
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core import codes
from salsa_ext.documents.queries import DocumentView
from salsa_ext.documents.reports import ReportView
from salsa_ext.documents.values import ReportData


class ReportRequest(DeclaredRequest):
    """New report; a duplicate (kind, serial, day) needs `confirm_second`."""

    value = ReportData


class ReportCorrectionRequest(CorrectionRequest, ReportRequest):
    """Corrected report and the reason."""

    class Meta:
        """A correction needs no such confirmation."""

        exclude = ("confirm_second",)


class ReportWithdrawalRequest(RequestSchema):
    """Reason to withdraw a report made in error."""

    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the reason."""
        return data["reason"]


class ReportResponse(DocumentResponse):
    """Version of a report; `withdrawn`: made in error."""

    value = ReportData

    status = Code(codes.REPORT_STATUSES, required=True)

    def frame(self, answer: Any, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the status."""
        return super().frame(answer, view) | {"status": view.document.status}


class ReportAlertResponse(Schema):
    """Alert entered from a report; `serial` as of then."""

    id = fields.UUID(required=True)
    status = Code(codes.ALERT_STATUSES, required=True)
    action = Code(codes.ALERT_ACTIONS, required=True)
    case_number = fields.String(required=True)
    serial = fields.String(required=True, allow_none=True)
    expires_on = fields.Date(required=True)

    @pre_dump
    def _present(self, view: AlertView, **_: Any) -> dict[str, Any]:
        return row_fields(view.alert) | {"serial": view.gun.record.serial}


class ReportDetailResponse(ReportResponse):
    """Version of a report with its current matches and alerts.

    Each as in `GET /matches/…` and `GET /alerts/…`; null without permission. Without alerts to let
    pass.
    """

    matches = fields.List(fields.Nested(MatchResponse), required=True, allow_none=True)
    alerts = fields.List(fields.Nested(ReportAlertResponse), required=True, allow_none=True)

    def frame(self, answer: ReportView, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with matches and alerts."""
        frame = super().frame(answer, view)
        return frame | {"matches": answer.matches, "alerts": answer.alerts}


class ReportQuery(ListQuery):
    """Filter of reports."""

    kind = Code(codes.REPORT_KINDS)
    status = Code(codes.REPORT_STATUSES)
    number = Text(most=100)
    occurred_on = Day()
