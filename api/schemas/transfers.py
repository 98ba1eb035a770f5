"""Schemas of transfers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, pre_dump

from api.http.fields.codes import Code
from api.http.fields.schemas import Nested
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.i18n.messages import LazyMessage
from api.schemas.common import (
    CorrectionRequest,
    DatedRequest,
    FirearmRequest,
    ItemResponse,
    PartyRequest,
    PartyResponse,
    VersionedResponse,
    present_party,
    present_single_gun,
)
from salsa_ext.core import codes
from salsa_ext.core.errors import CodeLabel
from salsa_ext.documents.queries import DocumentView
from salsa_ext.documents.values import TransferData


class TransferKindField(Code):
    """Kind of a transfer; errors name the route of other kinds."""

    default_error_messages = {
        "reported": LazyMessage("A {kind} is reported by POST /api/v1/reports."),
        "shipped": LazyMessage("An {kind} comes in by POST /api/v1/permits/<id>/shipments alone."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if value in codes.REPORT_KINDS:
            raise self.make_error("reported", kind=CodeLabel("report_kind", value))
        if value in ("export", "import"):
            raise self.make_error("shipped", kind=value)
        return super()._deserialize(value, *args, **kwargs)


class TransferRequest(DatedRequest):
    """A transfer inside a state."""

    value = TransferData
    kind = TransferKindField(codes.TRANSFER_KINDS, required=True)
    number = Text(most=100)
    firearm = Nested(FirearmRequest, required=True)
    giver = Nested(PartyRequest, data_key="from")
    receiver = Nested(PartyRequest, data_key="to")
    licence = Text(most=100)


class TransferCorrectionRequest(CorrectionRequest, TransferRequest):
    """Corrected transfer and the reason."""


class TransferResponse(VersionedResponse):
    """One version of a transfer."""

    kind = Code(codes.TRANSFER_KINDS, required=True)
    number = fields.String(allow_none=True)
    licence = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        row = view.document
        return present_single_gun(view) | {
            "receiver": present_party(view.parties, row.receiver_id, view.may),
            "licence": row.licence if view.may("persons") else None,
        }


class TransferQuery(ListQuery):
    """Filter of transfers."""

    kind = Code(codes.TRANSFER_KINDS)
    number = Text(most=100)
    occurred_on = Day()
