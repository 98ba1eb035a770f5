"""Schemas of reports of loss, theft, recovery and surrender."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code
from api.http.fields.schemas import Nested, RequestSchema
from api.http.fields.texts import Flag, Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.common import (
    CorrectionRequest,
    DatedRequest,
    FirearmRequest,
    ItemResponse,
    PartyRequest,
    PartyResponse,
    PlaceRequest,
    PlaceResponse,
    VersionedResponse,
    present_single_gun,
    row_fields,
)
from api.schemas.records import MatchResponse
from salsa_ext.alerts.queries import AlertView
from salsa_ext.core import codes
from salsa_ext.documents.queries import DocumentView
from salsa_ext.documents.reports import ReportView
from salsa_ext.documents.values import ReportData


class ReportFieldsRequest(DatedRequest):
    """Fields of a report."""

    value = ReportData
    kind = Code(codes.REPORT_KINDS, required=True)
    number = Text(most=100, required=True)
    place = Nested(PlaceRequest)
    firearm = Nested(FirearmRequest, required=True)
    giver = Nested(PartyRequest, data_key="from")
    stolen_from = Code(codes.THEFT_SOURCES)


class ReportRequest(ReportFieldsRequest):
    """New report; a duplicate (kind, serial, day) needs `confirm_second`."""

    confirm_second = Flag()


class ReportCorrectionRequest(CorrectionRequest, ReportFieldsRequest):
    """Corrected report and the reason."""


class ReportWithdrawalRequest(RequestSchema):
    """Reason to withdraw a report made in error."""

    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the reason."""
        return data["reason"]


class ReportResponse(VersionedResponse):
    """Version of a report; `withdrawn`: made in error."""

    kind = Code(codes.REPORT_KINDS, required=True)
    status = Code(codes.REPORT_STATUSES, required=True)
    number = fields.String(required=True)
    place = fields.Nested(PlaceResponse, allow_none=True)
    stolen_from = Code(codes.THEFT_SOURCES, allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        return present_report(view)


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

    @pre_dump
    def _present(self, whole: ReportView, **_: Any) -> dict[str, Any]:
        return present_report(whole.view) | {"matches": whole.matches, "alerts": whole.alerts}


class ReportQuery(ListQuery):
    """Filter of reports."""

    kind = Code(codes.REPORT_KINDS)
    status = Code(codes.REPORT_STATUSES)
    number = Text(most=100)
    occurred_on = Day()


def present_report(view: DocumentView) -> dict[str, Any]:
    """Return the fields of a report."""
    return present_single_gun(view) | {"place": view.document.place if view.may("place") else None}
