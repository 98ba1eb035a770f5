"""Schemas of shipments, their checkpoints, holds and incidents."""

from typing import Any

from marshmallow import Schema, fields, pre_dump, pre_load

from api.http.fields.declared import DeclaredRequest, request_schema
from api.http.fields.scalars import (
    Code,
    Day,
    Flag,
    Id,
    Moment,
    PostCode,
    QueryFlag,
    StateCode,
    Text,
    Whole,
)
from api.http.fields.schemas import Items, Nested, RequestSchema, repeats
from api.http.pagination import ListQuery, listing_fields
from api.schemas.common import (
    FirearmRequest,
    ItemResponse,
    PartyRequest,
    RecordedResponse,
    TimelineResponse,
    present_items,
)
from api.schemas.trade.permits import reject_fixed_fields
from api.schemas.trade.receipts import TOO_MANY_ITEMS, ReceiptResponse
from salsa_ext.core import codes
from salsa_ext.core.batches import MAX_BODY_ITEMS
from salsa_ext.firearms.records.queries import RecordView
from salsa_ext.trade.permits.values import AmendmentData, StatusDecision
from salsa_ext.trade.shipments.queries import LISTING, ShipmentView
from salsa_ext.trade.shipments.values import (
    CheckpointData,
    ExpectedStageData,
    IncidentData,
    ReleaseData,
    ShipmentData,
    Transport,
)


class CheckpointRequest(RequestSchema):
    """Stage passed, held or refused; `reason` if not passed.

    A stage held or refused by another state needs `confirm_held`. `expected_version`: version of the
    shipment known to the officer; then a pass may also need (409) `confirm_held_since`, `confirm_unreleased`
    or `confirm_differs`.
    """

    value = CheckpointData
    stage = Code(codes.CHECKPOINT_STAGES, required=True)
    post = PostCode()
    occurred_at = Moment(required=True)
    outcome = Code(codes.CHECKPOINT_OUTCOMES, required=True)
    quantity = Whole()
    seals = Items(Text(most=50), most=50, load_default=())
    reason = Text(most=1000)
    confirm_held = Flag(load_default=False)
    expected_version = Whole()
    confirm_held_since = Flag(load_default=False)
    confirm_unreleased = Flag(load_default=False)
    confirm_differs = Flag(load_default=False)


@repeats(CheckpointRequest, "expected_version")
class CheckpointResponse(Schema):
    """Stage as recorded by one side; `reason` if not passed."""

    state = StateCode(attribute="owner_state", required=True)


class HoldResponse(Schema):
    """Active hold of a shipment.

    `kind`: `hold` (order of a state), `held` or `refused` (outcome of a `stage` or incident), or
    `lost`.
    """

    state = StateCode(required=True)
    kind = Code(("hold", "held", "refused", "lost"), required=True)
    since = fields.DateTime(attribute="at", required=True)
    stage = Code(codes.CHECKPOINT_STAGES, allow_none=True)
    reason = fields.String(allow_none=True)


class ShipmentIncidentResponse(Schema):
    """Open incident of a shipment."""

    state = StateCode(attribute="owner_state", required=True)
    kind = Code(codes.INCIDENT_KINDS, attribute="data.kind", required=True)
    occurred_at = fields.DateTime(required=True)
    note = fields.String(attribute="reason", allow_none=True)


class ShipmentDiscrepancyResponse(Schema):
    """Open discrepancy of a shipment; `data` by side."""

    id = fields.UUID(required=True)
    kind = Code(codes.DISCREPANCY_KINDS, required=True)
    key = fields.String(required=True)
    status = Code(codes.DISCREPANCY_STATUSES, required=True)
    raised_at = fields.DateTime(required=True)
    data = fields.Dict(keys=fields.String())


class ExpectationRequest(DeclaredRequest):
    """Expected time of a stage."""

    value = ExpectedStageData


TransportRequest = request_schema(Transport)


class ShippedItemRequest(FirearmRequest):
    """Firearm, part or lot; omitted fields come from its permit line."""

    category = Code(codes.CATEGORIES)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the item, without category if none is named."""
        return super().build({"category": None} | data)


class ShipmentDocumentRequest(DeclaredRequest):
    """Export attachment (Model Regulations 2.2.2) with items in a manifest."""

    value = ShipmentData


class ShipmentRequest(ShipmentDocumentRequest):
    """Export attachment (Model Regulations 2.2.2) with listed items."""

    items = Items(
        Nested(ShippedItemRequest),
        most=MAX_BODY_ITEMS,
        load_default=(),
        error_messages={"long": TOO_MANY_ITEMS},
    )


class NextStageResponse(Schema):
    """Next expected stage; overdue after the state's grace period."""

    stage = Code(codes.CHECKPOINT_STAGES, attribute="due_stage", allow_none=True)
    at = fields.DateTime(attribute="due_at", required=True)
    overdue_at = fields.DateTime(allow_none=True)


class ShipmentFindingResponse(Schema):
    """Difference between the manifest and a permit line.

    `ours` of the manifest, `theirs` of the permit line; `count` of items, `serials` of the first.
    """

    code = fields.String(dump_default="mismatch", required=True)
    line = fields.Integer(required=True)
    field = fields.String(required=True)
    ours = fields.String(required=True)
    theirs = fields.String(required=True)
    count = fields.Integer(required=True)
    serials = fields.List(fields.String(), required=True)


class ShipmentResponse(RecordedResponse):
    """Shipment with checkpoints; items and events in the detail.

    `holds`: active holds. `discrepancies`: open ones, in the detail and with permission. `items` is
    left out above 5,000 items: see `/shipments/{shipment_id}/items`.
    """

    value, row = ShipmentData, "shipment"
    permit = fields.UUID(attribute="permit_id", required=True)
    permit_number = fields.String(required=True)
    status = Code(codes.SHIPMENT_STATUSES, required=True)
    exporting_state = StateCode(required=True)
    importing_state = StateCode(required=True)
    due_at = fields.DateTime(allow_none=True)
    due = fields.Nested(NextStageResponse, allow_none=True)
    document_kind = Code(codes.TRANSPORT_DOCUMENTS, allow_none=True)
    document_number = fields.String(allow_none=True)
    plates = fields.List(fields.String(), required=True)
    container = fields.String(allow_none=True)
    item_count = fields.Integer(required=True)
    items = fields.List(fields.Nested(ItemResponse), attribute="shown")
    checkpoints = fields.List(fields.Nested(CheckpointResponse))
    receipt = fields.Nested(ReceiptResponse, allow_none=True)
    return_receipt = fields.Nested(ReceiptResponse, allow_none=True)
    findings = fields.List(fields.Nested(ShipmentFindingResponse), required=True)
    holds = fields.List(fields.Nested(HoldResponse), required=True)
    discrepancies = fields.List(fields.Nested(ShipmentDiscrepancyResponse), required=True)
    events = fields.List(fields.Nested(TimelineResponse))

    def frame(self, answer: Any, view: ShipmentView) -> dict[str, Any]:
        """Return the frame, with what happened to the shipment."""
        names = "status checkpoints receipt return_receipt events discrepancies".split()
        frame = super().frame(answer, view) | {name: getattr(view, name) for name in names}
        frame |= {
            "findings": view.contradictions,
            "holds": view.hold.active_stops,
            "due_at": view.progress.due_at,
            "due": view.progress if view.progress.due_at else None,
        }
        return frame if view.items is None else frame | {"shown": present_items(view.items)}


class ShipmentQuery(ListQuery):
    """Filter and order of shipments."""

    from_day, to_day, sort = listing_fields(LISTING)
    serial = Text(most=64)
    external_id = Text(most=100)
    permit = Id()
    number = Text(most=100)
    licensee = Id()
    plate = Text(most=20)
    document = Text(most=100)
    post = PostCode()
    status = Code(codes.SHIPMENT_STATUSES)
    due_before = Moment()
    awaiting_receipt = QueryFlag()


class ShipmentItemResponse(ItemResponse):
    """Item of a shipment with its record."""

    @pre_dump
    def _present(self, view: RecordView, **_: Any) -> Any:
        return present_items([view])[0]


class ShipmentItemQuery(ListQuery):
    """Page of the items of a shipment."""


class PermitShipmentQuery(ListQuery):
    """Filter of the shipments of a permit."""

    status = Code(codes.SHIPMENT_STATUSES)


class ReleaseRequest(RequestSchema):
    """Release of a shipment; the day defaults to today."""

    value = ReleaseData
    on = Day()
    note = Text(most=1000)


class ShipmentAmendRequest(RequestSchema):
    """Amended plan of a shipment (Model Regulations 8.5)."""

    port_of_exit = Text(most=100)
    port_of_entry = Text(most=100)
    route = Items(PostCode(), most=20)
    mode = Code(codes.TRANSPORT_MODES)
    ships_on = Day()
    expected = Items(Nested(ExpectationRequest), most=20)
    carrier = Nested(PartyRequest)
    transport = Nested(TransportRequest)
    seals = Items(Text(most=50), most=50)
    authentication = Text(
        metadata={"description": "The stamp, seal or authorised signature that shows the change."}
    )
    reason = Text(
        most=1000, metadata={"description": "Required for all but a change of the mode alone."}
    )

    @pre_load
    def _fixed(self, data: Any, **_: Any) -> Any:
        reject_fixed_fields(data, self, ShipmentRequest._declared_fields)
        return data

    def build(self, data: dict[str, Any]) -> AmendmentData:
        """Return the amendment, its changes by the fields of a shipment."""
        authentication, reason = data.pop("authentication", None), data.pop("reason", None)
        return AmendmentData(data, authentication, reason)


class ShipmentDecisionRequest(RequestSchema):
    """Reason to cancel, hold or resume a shipment."""

    value = StatusDecision
    reason = Text(most=1000, required=True)


class IncidentRequest(RequestSchema):
    """Incident of a shipment (Model Regulations 9.10)."""

    value = IncidentData
    kind = Code(codes.INCIDENT_KINDS, required=True)
    occurred_at = Moment(required=True)
    new_expected_at = Moment(
        metadata={"description": "When the next stage is expected now; later ones move with it."}
    )
    note = Text(most=1000, required=True)
    is_total = Flag(
        load_default=False,
        metadata={"description": "Nothing is left of the shipment, as after a theft of it all."},
    )


class ReceiptReminderRequest(RequestSchema):
    """Empty body of a request for the receipt."""
