"""Transfers over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, pre_dump

from api.i18n import Lazy
from api.pagination import ListQuery
from api.schemas.common import (
    CorrectionRequest,
    FirearmRequest,
    ItemResponse,
    OccurringRequest,
    PartyRequest,
    PartyResponse,
    VersionedResponse,
    named,
    of_one_gun,
)
from api.schemas.fields import Code, Day, Nested, Text
from salsa_ext.errors import Coded
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.values import codes
from salsa_ext.values.documents import TransferData


class TransferKind(Code):
    """A transfer's kind; what comes in by another route names it."""

    default_error_messages = {
        "reported": Lazy("A {kind} is reported by POST /api/v1/reports."),
        "shipped": Lazy("An {kind} comes in by POST /api/v1/permits/<id>/shipments alone."),
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if value in codes.REPORT_KINDS:
            raise self.make_error("reported", kind=Coded("report_kind", value))
        if value in ("export", "import"):
            raise self.make_error("shipped", kind=value)
        return super()._deserialize(value, *args, **kwargs)


class TransferRequest(OccurringRequest):
    """A transfer inside a state."""

    value = TransferData
    kind = TransferKind(codes.TRANSFER_KINDS, required=True)
    number = Text(most=100)
    firearm = Nested(FirearmRequest, required=True)
    giver = Nested(PartyRequest, data_key="from")
    receiver = Nested(PartyRequest, data_key="to")
    licence = Text(most=100)


class TransferCorrection(CorrectionRequest, TransferRequest):
    """A transfer as it should have been, and why."""


class TransferResponse(VersionedResponse):
    """One version of a transfer."""

    kind = fields.String(required=True)
    number = fields.String(allow_none=True)
    licence = fields.String(allow_none=True)
    firearm = fields.Nested(ItemResponse, allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        row = view.document
        return of_one_gun(view) | {
            "receiver": named(view.parties, row.receiver_id, view.may),
            "licence": row.licence if view.may("persons") else None,
        }


class TransferQuery(ListQuery):
    """Which transfers."""

    kind = Code(codes.TRANSFER_KINDS)
    number = Text(most=100)
    occurred_on = Day()
