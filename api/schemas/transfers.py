"""Schemas of transfers."""

from __future__ import annotations

from typing import Any

from api.http.fields.codes import Code
from api.http.fields.declared import DeclaredRequest
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.i18n.messages import LazyMessage
from api.schemas.common import CorrectionRequest, DocumentResponse
from salsa_ext.core import codes
from salsa_ext.core.errors import CodeLabel
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
    """Filter of transfers."""

    kind = Code(codes.TRANSFER_KINDS)
    number = Text(most=100)
    occurred_on = Day()
