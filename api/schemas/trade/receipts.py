"""Schemas of receipts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import StateCode
from api.http.fields.declared import DeclaredRequest, DeclaredResponse
from api.http.fields.numbers import Whole
from api.http.fields.schemas import RESPONSES, Items, Nested, RequestSchema, repeats
from api.http.fields.texts import Flag, Text
from api.http.fields.times import Day
from api.i18n.messages import LazyMessage
from salsa_ext.core.batches import MAX_BODY_ITEMS
from salsa_ext.trade.receipts.queries import ReceiptView
from salsa_ext.trade.receipts.values import ImportMark, ReceiptData, ReceivedItem
from salsa_ext.trade.shipments.values import BulkGoods

TOO_MANY_ITEMS = LazyMessage(
    "A body has at most {most} items. Send more as a manifest: a CSV or NDJSON file, the"
    " second part of multipart/form-data, or --file on the command line."
)


class BulkRequest(DeclaredRequest):
    """Goods without serials."""

    value = BulkGoods


class BulkResponse(DeclaredResponse):
    """Goods without serials."""

    value = BulkGoods
    quantity = fields.Float(required=True)


RESPONSES[BulkRequest] = BulkResponse


class ReceivedItemRequest(RequestSchema):
    """Received serial as read; `line` and `make` distinguish equal serials."""

    value = ReceivedItem
    serial = Text(most=64, required=True)
    line = Whole(least=1, most=1_000_000)
    make = Text(most=200)


class ImportMarkRequest(RequestSchema):
    """Import mark of each gun (CIFTA VI.1 b)."""

    value = ImportMark
    text = Text(most=100, required=True)
    year = Whole(least=1400, most=2200)


class ReceiptDocumentRequest(RequestSchema):
    """Receipt or return with items in a manifest."""

    value = ReceiptData
    received_on = Day(required=True)
    bulk = Items(Nested(BulkRequest), most=1000, load_default=())
    import_mark = Nested(ImportMarkRequest)
    confirm_nothing_matches = Flag(load_default=False)


class ReceiptRequest(ReceiptDocumentRequest):
    """Receipt or return: `all`, or the listed items."""

    all = Flag(load_default=False)
    items = Items(
        Nested(ReceivedItemRequest),
        most=MAX_BODY_ITEMS,
        load_default=(),
        error_messages={"long": TOO_MANY_ITEMS},
    )


class ReceiptCorrectionDocumentRequest(ReceiptDocumentRequest):
    """Corrected receipt with items in a manifest, and the reason."""

    reason = Text(most=1000, required=True)


class ReceiptCorrectionRequest(ReceiptRequest):
    """Corrected receipt, complete, and the reason."""

    reason = Text(most=1000, required=True)


class MissingItemResponse(Schema):
    """Gun shipped and not received."""

    line = fields.Integer(required=True)
    serial = fields.String(allow_none=True)


class MisreadItemResponse(Schema):
    """Gun received under a differently read serial."""

    line = fields.Integer(required=True)
    shipped = fields.String(required=True)
    received = fields.String(required=True)


class QuantityDifferenceResponse(Schema):
    """Difference of goods without serials; positive if more arrived."""

    line = fields.Integer(required=True)
    quantity = fields.Float(required=True)


@repeats(ImportMarkRequest)
class ImportMarkResponse(Schema):
    """Import mark of each gun."""


@repeats(ReceiptDocumentRequest)
class ReceiptResponse(Schema):
    """Receipt of a state; `reason` of a later version."""

    version = fields.Integer(required=True)
    reason = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    state = StateCode(attribute="owner_state", required=True)
    item_count = fields.Integer(required=True)
    missing = fields.List(fields.Nested(MissingItemResponse))
    unexpected = fields.List(fields.String())
    misread = fields.List(fields.Nested(MisreadItemResponse), attribute="miskeyed")
    differences = fields.List(fields.Nested(QuantityDifferenceResponse))


class ReceiptVersionResponse(ReceiptResponse):
    """Version of the importing state's receipt."""

    @pre_dump
    def _present(self, view: ReceiptView, **_: Any) -> Any:
        return view.receipt
