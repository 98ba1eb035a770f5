"""Schemas of boards, their events and calls."""

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from marshmallow import Schema, fields, pre_dump

from api.http import pagination
from api.http.fields.scalars import Code, EventDay, Id, QueryFlag, QueryWhole, StateCode, Text
from api.http.fields.schemas import RequestSchema, ViewResponse
from api.http.pagination import ListQuery
from api.schemas.alerts import AlertEndedResponse, CauseChangedResponse
from api.schemas.common import row_fields
from api.schemas.documents import JointSeizureResponse
from api.schemas.reference import ContactResponse, PostResponse
from api.schemas.trade.discrepancies import StatementResponse
from api.schemas.trade.shipments import CheckpointResponse, HoldResponse, ShipmentIncidentResponse
from salsa_ext.alerts.queries import HitView
from salsa_ext.boards.board import Board
from salsa_ext.boards.calls import CallRequestData
from salsa_ext.boards.crossings import Crossing
from salsa_ext.boards.events import EVENT_KINDS, EventPage
from salsa_ext.boards.seizures import NearSeizure, SeizurePlace
from salsa_ext.boards.weekly_crossings import CrossingFlow
from salsa_ext.core import codes


class CallRequest(RequestSchema):
    """Request for a call, optionally about a shipment, and with words."""

    value = CallRequestData
    shipment = Id()
    words = Text(most=500)


class CallResponse(ViewResponse):
    """Request for a call between the sides; `contact` of the asking side.

    `answered_at`: the other side called. The shipment is named if it concerns both.
    """

    row = "call"
    id = fields.UUID(required=True)
    post = fields.String(required=True)
    asking_state = StateCode(attribute="owner_state", required=True)
    asked_state = StateCode(required=True)
    agency = fields.String(allow_none=True)
    shipment = fields.UUID(attribute="shipment_id", allow_none=True)
    shipment_number = fields.String(allow_none=True)
    words = fields.String(allow_none=True)
    asked_at = fields.DateTime(attribute="requested_at", required=True)
    contact = fields.Nested(ContactResponse, attribute="office", allow_none=True)
    answered_at = fields.DateTime(allow_none=True)


class CallQuery(ListQuery):
    """Filter of calls: answered or waiting."""

    answered = QueryFlag()


class BoardStageResponse(Schema):
    """Stage of one side at this post with its last checkpoint.

    `resumed_at`: the hold of the checkpoint was released.
    """

    state = StateCode(required=True)
    stage = Code(codes.CHECKPOINT_STAGES, required=True)
    checkpoint = fields.Nested(CheckpointResponse, allow_none=True)
    resumed_at = fields.DateTime(allow_none=True)


class BoardShipmentResponse(Schema):
    """Shipment through the post with the checkpoints of both sides.

    `stages`: exit side first. `is_today`: due today at the reader's side. `is_unreleased`: never
    released by the exporting state.
    """

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    permit_number = fields.String(required=True)
    status = Code(codes.SHIPMENT_STATUSES, required=True)
    exporting_state = StateCode(required=True)
    importing_state = StateCode(required=True)
    due_at = fields.DateTime(allow_none=True)
    plates = fields.List(fields.String())
    document_kind = Code(codes.TRANSPORT_DOCUMENTS, allow_none=True)
    document_number = fields.String(allow_none=True)
    item_count = fields.Integer(required=True)
    exit = fields.Nested(CheckpointResponse, allow_none=True)
    entry = fields.Nested(CheckpointResponse, allow_none=True)
    is_today = fields.Boolean(required=True)
    stages = fields.List(fields.Nested(BoardStageResponse), required=True)
    is_unreleased = fields.Boolean(required=True)
    holds = fields.List(fields.Nested(HoldResponse), required=True)
    incidents = fields.List(fields.Nested(ShipmentIncidentResponse), required=True)

    @pre_dump
    def _present(self, crossing: Crossing, **_: Any) -> dict[str, Any]:
        view, checkpoints = crossing.view, {each.stage: each for each in crossing.view.checkpoints}
        return row_fields(crossing.shipment) | {
            "status": view.status,
            "exit": checkpoints.get("exit"),
            "entry": checkpoints.get("entry"),
            "is_today": crossing.is_today,
            "is_unreleased": view.is_unreleased,
            "stages": crossing.stages,
            "holds": view.hold.active_stops,
            "incidents": view.incidents,
        }


class BoardCheckpointResponse(Schema):
    """Checkpoint of today at the reader's side, with its shipment."""

    shipment = fields.UUID(attribute="shipment.id", required=True)
    number = fields.String(attribute="shipment.number", required=True)
    exporting_state = StateCode(attribute="shipment.exporting_state", required=True)
    importing_state = StateCode(attribute="shipment.importing_state", required=True)
    plates = fields.List(fields.String(), attribute="shipment.plates")
    checkpoint = fields.Nested(CheckpointResponse, required=True)


class BoardPermitResponse(Schema):
    """Permit between both states that expires soon; `last_day` of validity."""

    id = fields.UUID(attribute="permit.id", required=True)
    kind = Code(codes.PERMIT_KINDS, attribute="permit.kind", required=True)
    number = fields.String(attribute="permit.number", required=True)
    state = StateCode(attribute="permit.owner_state", required=True)
    expires_on = fields.Date(attribute="permit.expires_on", required=True)
    last_day = fields.Date(attribute="permit.last_day", required=True)
    counterpart_status = Code(codes.COUNTERPART_STATUSES, required=True)


class BoardDiscrepancyResponse(ViewResponse):
    """Discrepancy of a shipment through this post, with statements."""

    row = "discrepancy"
    id = fields.UUID(required=True)
    kind = Code(codes.DISCREPANCY_KINDS, required=True)
    key = fields.String(required=True)
    status = Code(codes.DISCREPANCY_STATUSES, attribute="discrepancy.status", required=True)
    shipment = fields.UUID(attribute="subject_id", required=True)
    shipment_number = fields.String(attribute="subject_number", required=True)
    state = StateCode(attribute="owner_state", required=True)
    raised_at = fields.DateTime(required=True)
    statements = fields.List(fields.Nested(StatementResponse), required=True)
    waiting_for = fields.List(StateCode(), required=True)


class BoardHitResponse(Schema):
    """Hit on an alert; `possible`: may be another gun.

    `alert_ended`, `cause_changed`: the hit is no ground for action.
    """

    id = fields.UUID(required=True)
    status = Code(codes.HIT_STATUSES, required=True)
    alert_state = StateCode(required=True)
    asking_state = StateCode(attribute="finding_state", required=True)
    agency = fields.String(allow_none=True)
    action = Code(codes.ALERT_ACTIONS, required=True)
    priority = Code(codes.HIT_PRIORITIES, required=True)
    alert_ended = fields.Nested(AlertEndedResponse, attribute="ended", allow_none=True)
    cause_changed = fields.Nested(CauseChangedResponse, allow_none=True)
    possible = fields.Boolean(required=True)
    matched_at = fields.DateTime(attribute="found_at", required=True)
    due_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)

    @pre_dump
    def _present(self, view: HitView, **_: Any) -> dict[str, Any]:
        return row_fields(view.hit) | {
            "possible": view.hit.strength != "strong",
            "contact": view.contact,
            "ended": view.ended,
            "cause_changed": view.cause_changed,
        }


class NearSeizureResponse(Schema):
    """Seizure near the post or a route; `precision_km` of its place.

    `distance_km` is null if the place is the post by name, without coordinates.
    """

    id = fields.UUID(attribute="seizure.id", required=True)
    number = fields.String(attribute="seizure.number", required=True)
    kind = Code(codes.SEIZURE_KINDS, attribute="seizure.kind", required=True)
    state = StateCode(attribute="seizure.owner_state", required=True)
    occurred_on = EventDay(attribute="seizure.occurred_on", required=True)
    place = fields.String(attribute="seizure.place_name", allow_none=True)
    precision_km = fields.Float(attribute="seizure.precision", allow_none=True)
    distance_km = fields.Float(required=True, allow_none=True)
    items = fields.Integer(required=True)
    firearms = fields.Integer(required=True)
    types = fields.List(fields.String(allow_none=True), required=True)
    firearms_by_type = fields.Dict(
        keys=fields.String(), values=fields.Integer(), attribute="of_type", required=True
    )
    joint = fields.Nested(JointSeizureResponse, allow_none=True)

    @pre_dump
    def _present(self, near: NearSeizure, **_: Any) -> dict[str, Any]:
        return vars(near) | {
            "items": len(near.items),
            "types": sorted(near.of_type),
            "of_type": near.of_type,
            "firearms": near.firearms,
        }


class BoardPlaceResponse(Schema):
    """Nearby seizures as one place of the map.

    No more exact than the least exact of them.
    """

    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    within_km = fields.Float(allow_none=True)
    is_near = fields.Boolean(required=True)
    seizures = fields.List(fields.UUID(), required=True)
    firearms = fields.Integer(required=True)

    @pre_dump
    def _present(self, place: SeizurePlace, **_: Any) -> dict[str, Any]:
        return vars(place) | {
            "seizures": [near.seizure.id for near in place.seizures],
            "firearms": place.firearms,
        }


class BoardRouteResponse(Schema):
    """Two consecutive posts of a route through this post."""

    start = fields.String(attribute="start.code", required=True)
    end = fields.String(attribute="end.code", required=True)
    width_km = fields.Integer(required=True)


class BoardDeadlineResponse(Schema):
    """Open trace request: `asked` by the reader's state or `owed` by it.

    `share` of the term that is over, in percent. `id` and `case_number` need permission to read
    traces or requests.
    """

    kind = Code(("asked", "owed"), required=True)
    asking_state = StateCode(required=True)
    asked_state = StateCode(required=True)
    priority = Code(codes.PRIORITIES, required=True)
    status = Code(codes.REQUEST_STATUSES, required=True)
    asked_at = fields.DateTime(required=True)
    due_at = fields.DateTime(allow_none=True)
    share = fields.Integer(allow_none=True)
    id = fields.UUID(attribute="subject_id", allow_none=True)
    case_number = fields.String(allow_none=True)


class BoardPassedResponse(Schema):
    """Shipments and firearms passed in a week, by one state."""

    shipments = fields.Integer(required=True)
    firearms = fields.Integer(required=True)


class BoardGoodsResponse(Schema):
    """Goods without serials."""

    type = fields.String(required=True)
    unit = fields.String(allow_none=True)
    quantity = fields.Float(required=True)


class BoardFlowResponse(Schema):
    """Weekly crossings of one direction, by both states' counts.

    `goods`: without serials, last week.
    """

    leaving = StateCode(required=True, allow_none=True)
    entering = StateCode(required=True, allow_none=True)
    left = fields.List(fields.Nested(BoardPassedResponse), required=True)
    entered = fields.List(fields.Nested(BoardPassedResponse), required=True)
    goods = fields.List(fields.Nested(BoardGoodsResponse), required=True)

    @pre_dump
    def _present(self, flow: CrossingFlow, **_: Any) -> dict[str, Any]:
        goods = [
            {"type": type_, "unit": unit or None, "quantity": quantity}
            for (type_, unit), quantity in sorted(flow.goods.items())
        ]
        return vars(flow) | {"goods": goods}


class BoardWeekResponse(Schema):
    """Seizures near the post in seven days."""

    starts_on = fields.Date(required=True)
    seizures = fields.Integer(required=True)
    firearms = fields.Integer(required=True)


class BoardResponse(Schema):
    """Board of one side of a post, 50 rows a list.

    `due` within seven days; `passed_today` newest first; `seizures` within the radius of the post,
    `along_routes` of its routes. `counts` of rows; 50 may be more.
    """

    post = fields.Nested(PostResponse, required=True)
    as_of = fields.DateTime(required=True)
    today = fields.Date(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    calls = fields.List(fields.Nested(CallResponse), required=True)
    due = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    late = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    passed_today = fields.List(
        fields.Nested(BoardCheckpointResponse), attribute="checkpoints", required=True
    )
    expiring = fields.List(fields.Nested(BoardPermitResponse), required=True)
    discrepancies = fields.List(fields.Nested(BoardDiscrepancyResponse), required=True)
    hits = fields.List(fields.Nested(BoardHitResponse), required=True)
    seizures = fields.List(fields.Nested(NearSeizureResponse), required=True)
    along_routes = fields.List(
        fields.Nested(NearSeizureResponse), attribute="route_seizures", required=True
    )
    routes = fields.List(fields.Nested(BoardRouteResponse), attribute="corridors", required=True)
    places = fields.List(fields.Nested(BoardPlaceResponse), required=True)
    deadlines = fields.List(fields.Nested(BoardDeadlineResponse), required=True)
    traces = fields.Dict(
        keys=fields.String(), values=fields.Integer(), attribute="open_traces", required=True
    )
    figures = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    weeks = fields.List(fields.Nested(BoardWeekResponse), required=True)
    flows = fields.List(fields.Nested(BoardFlowResponse), required=True)

    @pre_dump
    def _present(self, board: Board, **_: Any) -> dict[str, Any]:
        weeks = [
            {"starts_on": day, **vars(seized)}
            for day, seized in zip(board.weeks, board.weekly_seizures, strict=True)
        ]
        return vars(board) | {"weeks": weeks, "counts": board.counts}


class BoardEventsQuery(RequestSchema):
    """Cursor and number of events."""

    after = Text(most=20_000)
    limit = QueryWhole(least=1, most=200, load_default=50)


class BoardEventResponse(Schema):
    """Changed object and its present state.

    `state`: the author (of a hit the alert's state, of a request or call the asking state). `id`:
    the shipment for checkpoints and receipts; null for traces and requests of unreadable cases.
    `incident`: last open incident of a shipment.
    """

    at = fields.DateTime(required=True)
    kind = Code(EVENT_KINDS, required=True)
    state = StateCode(required=True)
    id = fields.UUID(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    stage = Code(codes.CHECKPOINT_STAGES, required=True, allow_none=True)
    outcome = Code(codes.CHECKPOINT_OUTCOMES, required=True, allow_none=True)
    incident = Code(codes.INCIDENT_KINDS, required=True, allow_none=True)


class BoardEventsResponse(Schema):
    """Changes since `after`; use the new `after` for the next request.

    `next` leads to changes already found, else null.
    """

    items = fields.List(fields.Nested(BoardEventResponse), required=True)
    next = fields.String(required=True, allow_none=True)
    after = fields.String(required=True)

    @pre_dump
    def _present(self, events: EventPage, **_: Any) -> dict[str, Any]:
        code = (request.view_args or {})["code"]
        after = pagination.encode_cursor(g.actor, code, events.next_cursor)
        query = urlencode(request.args.to_dict() | {"after": after})
        onward = f"{request.path}?{query}" if events.has_more else None
        return {"items": events.items, "next": onward, "after": after}
