"""Shipments, checkpoints and receipts over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import Lazy
from api.pagination import ListQuery
from api.schemas.checkpoints import (
    CheckpointResponse,
    HoldResponse,
    ShipmentDiscrepancyResponse,
)
from api.schemas.common import (
    FirearmRequest,
    ItemResponse,
    PartyRequest,
    PartyResponse,
    RemarkedResponse,
    columns,
    items,
    remarked,
    side,
)
from api.schemas.events import TimelineResponse
from api.schemas.fields import (
    Code,
    Day,
    Flag,
    Id,
    Items,
    Moment,
    Nested,
    PostCode,
    Quantity,
    RequestSchema,
    Text,
    Whole,
)
from salsa_ext.readmodels.receipts import ReceiptView
from salsa_ext.readmodels.records import RecordView
from salsa_ext.readmodels.shipments import ShipmentView
from salsa_ext.values import codes
from salsa_ext.values.manifests import MOST_LISTED
from salsa_ext.values.permits import (
    Bulk,
    Expectation,
    ImportMark,
    ReceiptData,
    ReceivedItem,
    ShipmentData,
)

TOO_LONG = Lazy(
    "At most {most} items stand in a body. More go as a manifest: a CSV or NDJSON file, the second part of"
    " multipart/form-data, or --file on the command line."
)


class BulkRequest(RequestSchema):
    """Goods without serials."""

    value = Bulk
    line = Whole(least=1, most=1_000_000, required=True)
    quantity = Quantity(required=True)
    lot = Text(most=100)


class BulkResponse(Schema):
    """Goods without serials."""

    line = fields.Integer(required=True)
    quantity = fields.Float(required=True)
    lot = fields.String(allow_none=True)


class ExpectationRequest(RequestSchema):
    """When a stage is expected."""

    stage = Code(codes.STAGES, required=True)
    post = PostCode()
    at = Moment(required=True)

    def build(self, data: dict[str, Any]) -> Expectation:
        """Return the expectation with its moment in ISO 8601."""
        return Expectation(data["stage"], data["at"].isoformat(), data.get("post"))


class ExpectationResponse(Schema):
    """When a stage is expected."""

    stage = fields.String(required=True)
    post = fields.String(allow_none=True)
    at = fields.String(required=True)


class TransportRequest(RequestSchema):
    """The transport document and the vehicle."""

    document_kind = Code(codes.TRANSPORT_DOCUMENTS, required=True)
    document_number = Text(most=100, required=True)
    plates = Items(Text(most=20), most=10, load_default=())
    container = Text(most=30)


class ShippedItemRequest(FirearmRequest):
    """A firearm, part or lot; its permit's line says what it leaves open, the category too."""

    category = Code(codes.CATEGORIES)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the item, of no category yet where it names none."""
        return super().build({"category": None} | data)


class ShipmentDocumentRequest(RequestSchema):
    """The export attachment (Model Regulations 2.2.2), whose items come as a manifest."""

    value = ShipmentData
    number = Text(most=100, required=True)
    ships_on = Day(required=True)
    mode = Code(codes.MODES, required=True)
    port_of_exit = Text(most=100)
    port_of_entry = Text(most=100)
    route = Items(PostCode(), most=20, load_default=())
    expected = Items(Nested(ExpectationRequest), most=20, load_default=())
    carrier = Nested(PartyRequest)
    seals = Items(Text(most=50), most=50, load_default=())
    transport = Nested(TransportRequest)
    bulk = Items(Nested(BulkRequest), most=1000, load_default=())


class ShipmentRequest(ShipmentDocumentRequest):
    """The export attachment (Model Regulations 2.2.2); of more items, send a manifest."""

    items = Items(Nested(ShippedItemRequest), most=MOST_LISTED, load_default=(),
                  error_messages={"long": TOO_LONG})  # fmt: skip


class ReceivedItemRequest(RequestSchema):
    """A serial that arrived, as it was read; line and make tell guns of one serial apart."""

    value = ReceivedItem
    serial = Text(most=64, required=True)
    line = Whole(least=1, most=1_000_000)
    make = Text(most=200)


class ImportMarkRequest(RequestSchema):
    """What is stamped on each gun at the import (CIFTA VI.1 b)."""

    value = ImportMark
    text = Text(most=100, required=True)
    year = Whole(least=1400, most=2200)


class ReceiptDocumentRequest(RequestSchema):
    """What arrived, or came back to the exporter, as a manifest lists it."""

    value = ReceiptData
    received_on = Day(required=True)
    bulk = Items(Nested(BulkRequest), most=1000, load_default=())
    import_mark = Nested(ImportMarkRequest)
    confirm_nothing_matches = Flag(load_default=False)


class ReceiptRequest(ReceiptDocumentRequest):
    """What arrived: all of it, or what is listed; the same of what came back to the exporter."""

    all = Flag(load_default=False)
    items = Items(Nested(ReceivedItemRequest), most=MOST_LISTED, load_default=(),
                  error_messages={"long": TOO_LONG})  # fmt: skip


class ReceiptCorrectionDocumentRequest(ReceiptDocumentRequest):
    """What arrived after all, as a manifest lists it, and why it was told otherwise."""

    reason = Text(most=1000, required=True)


class ReceiptCorrectionRequest(ReceiptRequest):
    """What arrived after all, the whole of it again, and why it was told otherwise."""

    reason = Text(most=1000, required=True)


class MissingResponse(Schema):
    """A gun that was shipped and did not arrive."""

    line = fields.Integer(required=True)
    serial = fields.String(allow_none=True)


class MiskeyedResponse(Schema):
    """A gun that arrived under a serial that was read or written otherwise."""

    line = fields.Integer(required=True)
    shipped = fields.String(required=True)
    received = fields.String(required=True)


class DifferenceResponse(Schema):
    """Goods without serials, of a line: above zero where more came than was sent."""

    line = fields.Integer(required=True)
    quantity = fields.Float(required=True)


class ImportMarkResponse(Schema):
    """What was stamped on each gun at the import."""

    text = fields.String(required=True)
    year = fields.Integer(allow_none=True)


class DueResponse(Schema):
    """The next stage that is expected, and when; overdue after the grace of the state."""

    stage = fields.String(attribute="due_stage", allow_none=True)
    at = fields.DateTime(attribute="due_at", required=True)
    overdue_at = fields.DateTime(allow_none=True)


class ReceiptResponse(Schema):
    """What a state says that it received; `reason` says why a later version took another's place."""

    version = fields.Integer(required=True)
    reason = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    state = fields.String(attribute="owner_state", required=True)
    received_on = fields.Date(required=True)
    item_count = fields.Integer(required=True)
    missing = fields.List(fields.Nested(MissingResponse))
    unexpected = fields.List(fields.String())
    miskeyed = fields.List(fields.Nested(MiskeyedResponse))
    differences = fields.List(fields.Nested(DifferenceResponse))
    bulk = fields.List(fields.Nested(BulkResponse))
    import_mark = fields.Nested(ImportMarkResponse, allow_none=True)


class ReceiptVersionResponse(ReceiptResponse):
    """What the importing state says that it received, as it stands or stood."""

    @pre_dump
    def _present(self, view: ReceiptView, **_: Any) -> Any:
        return view.receipt


class ShipmentFindingResponse(Schema):
    """A line and a field of which the manifest says something else than the permit.

    `ours` are the words of the manifest, `theirs` those of the permit's line; `count` items say so,
    and `serials` are the first of them.
    """

    code = fields.String(dump_default="mismatch", required=True)
    line = fields.Integer(required=True)
    field = fields.String(required=True)
    ours = fields.String(required=True)
    theirs = fields.String(required=True)
    count = fields.Integer(required=True)
    serials = fields.List(fields.String(), required=True)


class ShipmentResponse(RemarkedResponse):
    """A shipment with the stages that each side ticked; items and events where one is read.

    `holds` are what stops it, and `discrepancies`, where one is read by who may read them, those that
    are not settled.

    `items` is left out of a shipment of more than 5,000 items, as `item_count` counts them: those
    are listed at `/shipments/{shipment_id}/items`.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    permit = fields.UUID(attribute="permit_id", required=True)
    permit_number = fields.String(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    ships_on = fields.Date(required=True)
    mode = fields.String(required=True)
    port_of_exit = fields.String(allow_none=True)
    port_of_entry = fields.String(allow_none=True)
    route = fields.List(fields.String())
    expected = fields.List(fields.Nested(ExpectationResponse))
    due_at = fields.DateTime(allow_none=True)
    due = fields.Nested(DueResponse, allow_none=True)
    carrier = fields.Nested(PartyResponse, allow_none=True)
    seals = fields.List(fields.String())
    document_kind = fields.String(allow_none=True)
    document_number = fields.String(allow_none=True)
    plates = fields.List(fields.String())
    container = fields.String(allow_none=True)
    item_count = fields.Integer(required=True)
    bulk = fields.List(fields.Nested(BulkResponse))
    items = fields.List(fields.Nested(ItemResponse), attribute="shown")
    checkpoints = fields.List(fields.Nested(CheckpointResponse))
    receipt = fields.Nested(ReceiptResponse, allow_none=True)
    came_back = fields.Nested(ReceiptResponse, allow_none=True)
    findings = fields.List(fields.Nested(ShipmentFindingResponse), required=True)
    holds = fields.List(fields.Nested(HoldResponse), required=True)
    discrepancies = fields.List(fields.Nested(ShipmentDiscrepancyResponse), required=True)
    events = fields.List(fields.Nested(TimelineResponse))
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, view: ShipmentView, **_: Any) -> dict[str, Any]:
        shown = columns(view.shipment) | remarked(view) | {
            "status": view.status, "checkpoints": view.checkpoints, "receipt": view.receipt,
            "came_back": view.came_back, "events": view.events,
            "findings": view.findings, "holds": view.held.standing,
            "discrepancies": view.discrepancies,
            "due": view.shipment if view.shipment.due_at else None,
            "carrier": side(view.parties, view.shipment.carrier_id),
        }  # fmt: skip
        return shown if view.items is None else shown | {"shown": items(view.items)}


class ShipmentQuery(ListQuery):
    """Which shipments."""

    permit = Id()
    number = Text(most=100)
    plate = Text(most=20)
    document = Text(most=100)
    post = PostCode()
    status = Code(codes.SHIPMENT_STATUSES)
    due_before = Moment()


class ShipmentItemResponse(ItemResponse):
    """An item of a shipment, with the record that it made."""

    @pre_dump
    def _present(self, view: RecordView, **_: Any) -> Any:
        return items([view])[0]


class ShipmentItemQuery(ListQuery):
    """Which items of a shipment."""


class PermitShipmentQuery(ListQuery):
    """Which shipments of one permit."""

    status = Code(codes.SHIPMENT_STATUSES)
