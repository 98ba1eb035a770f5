"""Reports of loss, theft, recovery and surrender over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import (
    FirearmRequest,
    ItemResponse,
    OccurringRequest,
    PartyRequest,
    PartyResponse,
    PlaceRequest,
    PlaceResponse,
    VersionedResponse,
    columns,
    items,
    named,
    remarked,
    shared,
)
from api.schemas.fields import Code, Day, Nested, Text
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.values import codes
from salsa_ext.values.documents import ReportData


class ReportRequest(OccurringRequest):
    """A report."""

    value = ReportData
    kind = Code(codes.REPORT_KINDS, required=True)
    number = Text(most=100, required=True)
    place = Nested(PlaceRequest)
    firearm = Nested(FirearmRequest, required=True)
    giver = Nested(PartyRequest, data_key="from")
    stolen_from = Code(codes.STOLEN_FROM)


class ReportCorrection(ReportRequest):
    """A report as it should have been, and why."""

    reason = Text(most=500, required=True)

    def make(self, data: dict[str, Any]) -> Any:
        """Return the report and the reason."""
        reason = data.pop("reason")
        return super().make(data), reason


class ReportResponse(VersionedResponse):
    """One version of a report."""

    kind = fields.String(required=True)
    number = fields.String(required=True)
    place = fields.Nested(PlaceResponse, allow_none=True)
    stolen_from = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        row = view.document
        return (
            columns(row)
            | remarked(view)
            | shared(view)
            | {
                "firearm": next(iter(items(view.items)), None),
                "giver": named(view.parties, row.giver_id, view.may),
                "place": row.place if view.may("place") else None,
            }
        )


class ReportQuery(ListQuery):
    """Which reports."""

    kind = Code(codes.REPORT_KINDS)
    number = Text(most=100)
    occurred_on = Day()
