"""Requests and responses of seizures, reports and transfers."""

from typing import Any

from marshmallow import Schema, fields

from api.http.fields.declared import DeclaredRequest
from api.http.fields.scalars import Code, EventDay, PostCode, StateCode, Text
from api.http.fields.schemas import Nested, RequestSchema, ViewResponse
from api.http.pagination import ListQuery, listing_fields
from api.i18n.messages import LazyMessage
from api.schemas.checks import CandidateResponse
from api.schemas.common import CorrectionRequest, DocumentResponse, FirearmRequest, MarkRequest
from api.schemas.records import MatchResponse
from salsa_ext.core import codes
from salsa_ext.core.errors import CodeLabel
from salsa_ext.documents.queries import REPORTS, SEIZURES, TRANSFERS, DocumentView, MatchedDocument
from salsa_ext.documents.related import MatchedSeizure
from salsa_ext.documents.reports import ReportView
from salsa_ext.documents.values import ReportData, SeizureData, TransferData
from salsa_ext.firearms.marks.values import SeizedItem


class SeizedItemRequest(DeclaredRequest):
    """Seized gun, part or lot."""

    value, needed = SeizedItem, ("line",)


class SeizureRequest(DeclaredRequest):
    """Firearms seized, found or surrendered on one occasion."""

    value = SeizureData


class SeizureCorrectionRequest(CorrectionRequest, SeizureRequest):
    """Corrected seizure with all items, and the reason."""


class GunCorrectionRequest(RequestSchema):
    """Corrected description of one gun, and the reason."""

    firearm = Nested(FirearmRequest, required=True)
    reason = Text(most=500, required=True)


class AddedMarkRequest(MarkRequest):
    """Mark found or restored on a seized gun, with method and reason.

    Other methods than `visual` imply the condition `restored` by default.
    """

    method = Code(codes.MARK_METHODS, required=True)
    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the mark and the reason."""
        reason = data.pop("reason")
        if data["method"] != "visual":
            data.setdefault("condition", "restored")
        return super().build(data), reason


class ItemMatchesResponse(Schema):
    """Records with a mark of an item; `more` counts weaker ones not listed.

    `complete` is false: near marks are matched after the response; GET shows what was found.
    """

    line = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(CandidateResponse), required=True)
    complete = fields.Boolean(attribute="is_complete", required=True)
    more = fields.Integer(required=True)


class JointSeizureResponse(Schema):
    """Joint seizure of another state: `joined` if both name each other.

    Else `waiting`. `recorded_at`: when the other state recorded its seizure.
    """

    state = StateCode(required=True)
    number = fields.String(required=True)
    status = Code(("joined", "waiting"), required=True)
    seizure = fields.UUID(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True, allow_none=True)


class SeizureResponse(DocumentResponse):
    """One version of a seizure."""

    value = SeizureData

    joint = fields.Nested(JointSeizureResponse, allow_none=True)

    def frame(self, answer: Any, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the joint seizure of another state."""
        return super().frame(answer, view) | {"joint": view.joint if view.may("remarks") else None}


class SeizureDetailResponse(SeizureResponse):
    """Version of a seizure with its current matches, as in `GET /matches/…`.

    Null without permission. `complete` once its guns were compared with all records.
    """

    matches = fields.List(fields.Nested(MatchResponse), required=True, allow_none=True)
    complete = fields.Boolean(required=True, allow_none=True)

    def frame(self, answer: MatchedSeizure, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the matches."""
        frame = super().frame(answer, view)
        return frame | {"matches": answer.matches, "complete": answer.is_complete}


class SeizureMatchedResponse(SeizureResponse):
    """New version of a seizure with its matches."""

    matches = fields.List(fields.Nested(ItemMatchesResponse), required=True)

    def frame(self, answer: MatchedDocument, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the matches."""
        return super().frame(answer, view) | {"matches": answer.matches}


class SeizureQuery(ListQuery):
    """Filter and order of seizures."""

    from_day, to_day, sort = listing_fields(SEIZURES.listing)
    serial = Text(most=64)
    external_id = Text(most=100)
    kind = Code(codes.SEIZURE_KINDS)
    status = Code(codes.DOCUMENT_STATUSES)
    number = Text(most=100)
    occurred_on = EventDay()
    post = PostCode()
    make = Text(most=200)
    place = Text(most=300)
    admin1 = Text(most=100)
    agency = Text(most=100)
    missing = Code(codes.SEIZURE_GAPS)


class ReportRequest(DeclaredRequest):
    """New report; a duplicate (kind, serial, day) needs `confirm_second`."""

    value = ReportData


class ReportCorrectionRequest(CorrectionRequest, ReportRequest):
    """Corrected report and the reason."""

    class Meta:
        """A correction needs no such confirmation."""

        exclude = ("confirm_second",)


class WithdrawalRequest(RequestSchema):
    """Reason to withdraw what was recorded in error."""

    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the reason."""
        return data["reason"]


class ReportResponse(DocumentResponse):
    """Version of a report."""

    value = ReportData


class ReportAlertResponse(ViewResponse):
    """Alert entered from a report; `serial` as of then."""

    row = "alert"
    id = fields.UUID(required=True)
    status = Code(codes.ALERT_STATUSES, required=True)
    action = Code(codes.ALERT_ACTIONS, required=True)
    case_number = fields.String(required=True)
    serial = fields.String(attribute="gun.record.serial", required=True, allow_none=True)
    expires_on = fields.Date(required=True)


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
    """Filter and order of reports."""

    from_day, to_day, sort = listing_fields(REPORTS.listing)
    serial = Text(most=64)
    external_id = Text(most=100)
    kind = Code(codes.REPORT_KINDS)
    status = Code(codes.DOCUMENT_STATUSES)
    number = Text(most=100)
    occurred_on = EventDay()


class TransferKindField(Code):
    """Kind of a transfer; errors name the route of other kinds."""

    default_error_messages = {
        "reported": LazyMessage("A {kind} is reported by POST /api/v1/reports.")
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if value in codes.REPORT_KINDS:
            raise self.make_error("reported", kind=CodeLabel("report_kind", value))
        return super()._deserialize(value, *args, **kwargs)


class TransferRequest(DeclaredRequest):
    """A transfer inside a state."""

    value = TransferData

    kind = TransferKindField(codes.TRANSFER_KINDS, required=True)


class TransferCorrectionRequest(CorrectionRequest, TransferRequest):
    """Corrected transfer and the reason."""


class TransferResponse(DocumentResponse):
    """One version of a transfer."""

    value = TransferData


class TransferQuery(ListQuery):
    """Filter and order of transfers."""

    from_day, to_day, sort = listing_fields(TRANSFERS.listing)
    serial = Text(most=64)
    external_id = Text(most=100)
    kind = Code(codes.TRANSFER_KINDS)
    number = Text(most=100)
    occurred_on = EventDay()
