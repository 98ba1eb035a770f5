"""Reports of loss, theft, recovery and surrender over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import (
    CorrectionRequest,
    FirearmRequest,
    ItemResponse,
    OccurringRequest,
    PartyRequest,
    PartyResponse,
    PlaceRequest,
    PlaceResponse,
    VersionedResponse,
    columns,
    of_one_gun,
)
from api.schemas.fields import Code, Day, Flag, Nested, RequestSchema, Text
from api.schemas.matches import MatchResponse
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.readmodels.reports import ReportView
from salsa_ext.values import codes
from salsa_ext.values.documents import ReportData


class ReportedRequest(OccurringRequest):
    """What a report says."""

    value = ReportData
    kind = Code(codes.REPORT_KINDS, required=True)
    number = Text(most=100, required=True)
    place = Nested(PlaceRequest)
    firearm = Nested(FirearmRequest, required=True)
    giver = Nested(PartyRequest, data_key="from")
    stolen_from = Code(codes.STOLEN_FROM)


class ReportRequest(ReportedRequest):
    """A report. A second one of its kind on one serial and day is taken only with `confirm_second`."""

    confirm_second = Flag()


class ReportCorrection(CorrectionRequest, ReportedRequest):
    """A report as it should have been, and why."""


class ReportWithdrawal(RequestSchema):
    """Why a report was made in error."""

    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the reason."""
        return data["reason"]


class ReportResponse(VersionedResponse):
    """One version of a report; one that is `withdrawn` was made in error."""

    kind = fields.String(required=True)
    status = fields.String(required=True)
    number = fields.String(required=True)
    place = fields.Nested(PlaceResponse, allow_none=True)
    stolen_from = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        return present(view)


class EnteredAlertResponse(Schema):
    """An alert that was entered from a report; its `serial` is what the report said then."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    action = fields.String(required=True)
    case_number = fields.String(required=True)
    serial = fields.String(required=True, allow_none=True)
    expires_on = fields.Date(required=True)

    @pre_dump
    def _present(self, view: AlertView, **_: Any) -> dict[str, Any]:
        return columns(view.alert) | {"serial": view.gun.record.serial}


class ReportWholeResponse(ReportResponse):
    """One version of a report, with what its gun matches and the alerts that were entered from it.

    Both are told as they stand now, each as `GET /matches/…` and `GET /alerts/…` would; null for a
    key that may not read them. A match has whom to ask in the other state. What lets its gun pass is not
    among the alerts.
    """

    matches = fields.List(fields.Nested(MatchResponse), required=True, allow_none=True)
    alerts = fields.List(fields.Nested(EnteredAlertResponse), required=True, allow_none=True)

    @pre_dump
    def _present(self, whole: ReportView, **_: Any) -> dict[str, Any]:
        return present(whole.view) | {"matches": whole.matches, "alerts": whole.alerts}


class ReportQuery(ListQuery):
    """Which reports."""

    kind = Code(codes.REPORT_KINDS)
    status = Code(codes.REPORT_STATUSES)
    number = Text(most=100)
    occurred_on = Day()


def present(view: DocumentView) -> dict[str, Any]:
    """Return the fields of a report."""
    return of_one_gun(view) | {"place": view.document.place if view.may("place") else None}
