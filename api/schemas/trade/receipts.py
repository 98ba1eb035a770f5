"""Schemas of receipts."""

from typing import Any

from marshmallow import Schema, fields

from api.http.fields.declared import DeclaredRequest, request_schema
from api.http.fields.scalars import Flag, StateCode, Text
from api.http.fields.schemas import Items, Nested
from api.i18n.messages import LazyMessage
from api.schemas.common import FramedResponse, present_row, row_fields
from salsa_ext.core.batches import MAX_BODY_ITEMS
from salsa_ext.trade.receipts.queries import ReceiptView
from salsa_ext.trade.receipts.values import ReceiptData, ReceivedItem
from salsa_ext.trade.shipments.values import BulkGoods

TOO_MANY_ITEMS = LazyMessage(
    "A body has at most {most} items. Send more as a manifest: a CSV or NDJSON file, the"
    " second part of multipart/form-data, or --file on the command line."
)


class BulkRequest(DeclaredRequest):
    """Goods without serials."""

    value = BulkGoods


ReceivedItemRequest = request_schema(ReceivedItem)


class ReceiptDocumentRequest(DeclaredRequest):
    """Receipt or return with items in a manifest."""

    value = ReceiptData


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


def present_receipt(receipt: Any) -> dict[str, Any]:
    """Return the declared fields of a receipt."""
    return present_row(ReceiptData, receipt)


class ReceiptResponse(FramedResponse):
    """Receipt of a state; `reason` of a later version."""

    value = ReceiptData
    version = fields.Integer(required=True)
    reason = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    state = StateCode(required=True)
    item_count = fields.Integer(required=True)
    missing = fields.List(fields.Nested(MissingItemResponse))
    unexpected = fields.List(fields.String())
    misread = fields.List(fields.Nested(MisreadItemResponse), attribute="miskeyed")
    differences = fields.List(fields.Nested(QuantityDifferenceResponse))

    def frame(self, answer: Any, view: Any) -> dict[str, Any]:
        """Return the row, with what differs from the shipment."""
        return row_fields(view)

    def present(self, view: Any) -> dict[str, Any]:
        """Return the declared fields."""
        return present_receipt(view)


class ReceiptVersionResponse(ReceiptResponse):
    """Version of the importing state's receipt."""

    def dump(self, obj: ReceiptView, *, many: bool | None = None) -> Any:
        """Return the receipt; `version` of the view is the shipment's."""
        return super().dump(obj.receipt, many=many)
