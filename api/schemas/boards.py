"""Schemas of boards, their events and calls."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from marshmallow import Schema, fields, pre_dump, validate

from api.http import event_cursor
from api.http.fields.numbers import QueryWhole
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Id, QueryFlag, Text
from api.http.pagination import ListQuery
from api.schemas.alerts import AlertEndedResponse, CauseChangedResponse
from api.schemas.common import row_fields
from api.schemas.discrepancies import StatementResponse
from api.schemas.reference import ContactResponse, PostResponse
from api.schemas.seizures import JointSeizureResponse
from api.schemas.shipments import CheckpointResponse, HoldResponse, ShipmentIncidentResponse
from salsa_ext.alerts.queries import HitView
from salsa_ext.boards.board import Board
from salsa_ext.boards.calls import CallRequestData, CallView
from salsa_ext.boards.crossings import Crossing, PostCheckpoint
from salsa_ext.boards.events import EVENT_KINDS, EventPage
from salsa_ext.boards.figures import CrossingFlow
from salsa_ext.boards.seizures import Corridor, NearSeizure, SeizurePlace
from salsa_ext.trade.discrepancies.queries import DiscrepancyView


class CallRequest(RequestSchema):
    """Request for a call, optionally about a shipment."""

    value = CallRequestData
    shipment = Id()


class CallResponse(Schema):
    """Request for a call between the sides; `contact` of the asking side.

    `answered_at`: the other side called. The shipment is named if it concerns both.
    """

    id = fields.UUID(required=True)
    post = fields.String(required=True)
    asking_state = fields.String(required=True)
    asked_state = fields.String(required=True)
    agency = fields.String(allow_none=True)
    shipment = fields.UUID(allow_none=True)
    shipment_number = fields.String(allow_none=True)
    asked_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    answered_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: CallView, **_: Any) -> dict[str, Any]:
        names = ("id", "post", "agency", "shipment_number")
        return {name: getattr(view.call, name) for name in names} | {
            "asking_state": view.call.owner_state,
            "asked_at": view.call.requested_at,
            "asked_state": view.asked_state,
            "shipment": view.call.shipment_id,
            "contact": view.office,
            "answered_at": view.answered_at,
        }


class CallQuery(ListQuery):
    """Filter of calls: answered or waiting."""

    answered = QueryFlag()


class BoardStageResponse(Schema):
    """Stage of one side at this post with its last checkpoint.

    `let_go_at`: the hold of the checkpoint was released.
    """

    state = fields.String(required=True)
    stage = fields.String(required=True)
    tick = fields.Nested(CheckpointResponse, attribute="checkpoint", allow_none=True)
    let_go_at = fields.DateTime(attribute="resumed_at", allow_none=True)


class BoardShipmentResponse(Schema):
    """Shipment through the post with the checkpoints of both sides.

    `stamps`: exit side first. `is_today`: due today at the reader's side. `is_unreleased`: never
    released by the exporting state.
    """

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    permit_number = fields.String(required=True)
    status = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    due_at = fields.DateTime(allow_none=True)
    plates = fields.List(fields.String())
    document_kind = fields.String(allow_none=True)
    document_number = fields.String(allow_none=True)
    item_count = fields.Integer(required=True)
    exit = fields.Nested(CheckpointResponse, allow_none=True)
    entry = fields.Nested(CheckpointResponse, allow_none=True)
    is_today = fields.Boolean(required=True)
    stamps = fields.List(fields.Nested(BoardStageResponse), required=True)
    is_unreleased = fields.Boolean(required=True)
    holds = fields.List(fields.Nested(HoldResponse), required=True)
    incidents = fields.List(fields.Nested(ShipmentIncidentResponse), required=True)

    @pre_dump
    def _present(self, one: Crossing, **_: Any) -> dict[str, Any]:
        ticks = {tick.stage: tick for tick in one.view.checkpoints}
        names = (
            "id",
            "number",
            "permit_number",
            "exporting_state",
            "importing_state",
            "due_at",
            "plates",
            "document_kind",
            "document_number",
            "item_count",
        )
        shown = {name: getattr(one.shipment, name) for name in names}
        return shown | {
            "status": one.view.status,
            "exit": ticks.get("exit"),
            "entry": ticks.get("entry"),
            "is_today": one.is_today,
            "is_unreleased": one.view.is_unreleased,
            "stamps": one.stages,
            "holds": one.view.hold.active_stops,
            "incidents": one.view.incidents,
        }


class BoardCheckpointResponse(Schema):
    """Checkpoint of today at the reader's side, with its shipment."""

    shipment = fields.UUID(required=True)
    number = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    plates = fields.List(fields.String())
    tick = fields.Nested(CheckpointResponse, required=True)

    @pre_dump
    def _present(self, one: PostCheckpoint, **_: Any) -> dict[str, Any]:
        row = one.shipment
        return {
            "shipment": row.id,
            "number": row.number,
            "exporting_state": row.exporting_state,
            "importing_state": row.importing_state,
            "plates": row.plates,
            "tick": one.checkpoint,
        }


class BoardPermitResponse(Schema):
    """Permit between both states that expires soon; `last_day` of validity."""

    id = fields.UUID(attribute="permit.id", required=True)
    kind = fields.String(attribute="permit.kind", required=True)
    number = fields.String(attribute="permit.number", required=True)
    state = fields.String(attribute="permit.owner_state", required=True)
    expires_on = fields.Date(attribute="permit.expires_on", required=True)
    last_day = fields.Date(attribute="permit.last_day", required=True)
    standing = fields.String(required=True)


class BoardDiscrepancyResponse(Schema):
    """Discrepancy of a shipment through this post, with statements."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    key = fields.String(required=True)
    status = fields.String(required=True)
    shipment = fields.UUID(attribute="subject_id", required=True)
    shipment_number = fields.String(attribute="subject_number", required=True)
    state = fields.String(attribute="owner_state", required=True)
    raised_at = fields.DateTime(required=True)
    positions = fields.List(fields.Nested(StatementResponse), required=True)
    waiting_for = fields.List(fields.String(), required=True)

    @pre_dump
    def _present(self, view: DiscrepancyView, **_: Any) -> dict[str, Any]:
        return row_fields(view.discrepancy) | {
            "positions": view.statements,
            "waiting_for": view.waiting_for,
        }


class BoardHitResponse(Schema):
    """Hit on an alert; `possible`: may be another gun.

    `alert_ended`, `cause_changed`: the hit is no ground for action.
    """

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    alert_state = fields.String(required=True)
    asking_state = fields.String(attribute="finding_state", required=True)
    agency = fields.String(allow_none=True)
    action = fields.String(required=True)
    priority = fields.String(required=True)
    alert_ended = fields.Nested(AlertEndedResponse, attribute="ended", allow_none=True)
    cause_changed = fields.Nested(CauseChangedResponse, allow_none=True)
    possible = fields.Boolean(required=True)
    met_at = fields.DateTime(attribute="found_at", required=True)
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
    kind = fields.String(attribute="seizure.kind", required=True)
    state = fields.String(attribute="seizure.owner_state", required=True)
    occurred_on = fields.Date(attribute="seizure.occurred_on", required=True)
    place = fields.String(attribute="seizure.place_name", allow_none=True)
    precision_km = fields.Float(attribute="seizure.precision", allow_none=True)
    distance_km = fields.Float(required=True, allow_none=True)
    items = fields.Integer(required=True)
    firearms = fields.Integer(required=True)
    types = fields.List(fields.String(allow_none=True), required=True)
    of_type = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
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
            "seizures": [one.seizure.id for one in place.seizures],
            "firearms": place.firearms,
        }


class BoardRouteResponse(Schema):
    """Two consecutive posts of a route through this post."""

    start = fields.String(required=True)
    end = fields.String(required=True)
    wide_km = fields.Integer(required=True)

    @pre_dump
    def _present(self, one: Corridor, **_: Any) -> dict[str, Any]:
        return {"start": one.start.code, "end": one.end.code, "wide_km": one.wide_km}


class BoardDeadlineResponse(Schema):
    """Open trace request: `asked` by the reader's state or `owed` by it.

    `share` of the term that is over, in percent. `id` and `case_number` need permission to read
    traces or requests.
    """

    kind = fields.String(required=True)
    asking_state = fields.String(required=True)
    asked_state = fields.String(required=True)
    priority = fields.String(required=True)
    status = fields.String(required=True)
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

    leaving = fields.String(required=True)
    entering = fields.String(required=True)
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
    """Seizures near the post in the seven days from `from_on`."""

    from_on = fields.Date(required=True)
    seizures = fields.Integer(required=True)
    firearms = fields.Integer(required=True)


class BoardResponse(Schema):
    """Board of one side of a post, 50 rows a list.

    `due` within seven days; `ticked` today, newest first; `seizures` within the radius of the post,
    `along` its routes. `counts` of rows; 50 may be more.
    """

    post = fields.Nested(PostResponse, required=True)
    as_of = fields.DateTime(required=True)
    today = fields.Date(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    calls = fields.List(fields.Nested(CallResponse), required=True)
    due = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    late = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    ticked = fields.List(
        fields.Nested(BoardCheckpointResponse), attribute="checkpoints", required=True
    )
    expiring = fields.List(fields.Nested(BoardPermitResponse), required=True)
    discrepancies = fields.List(fields.Nested(BoardDiscrepancyResponse), required=True)
    hits = fields.List(fields.Nested(BoardHitResponse), required=True)
    seizures = fields.List(fields.Nested(NearSeizureResponse), required=True)
    along = fields.List(
        fields.Nested(NearSeizureResponse), attribute="route_seizures", required=True
    )
    routes = fields.List(fields.Nested(BoardRouteResponse), attribute="corridors", required=True)
    places = fields.List(fields.Nested(BoardPlaceResponse), required=True)
    clocks = fields.List(fields.Nested(BoardDeadlineResponse), attribute="deadlines", required=True)
    traces = fields.Dict(
        keys=fields.String(), values=fields.Integer(), attribute="open_traces", required=True
    )
    figures = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    weeks = fields.List(fields.Nested(BoardWeekResponse), required=True)
    flows = fields.List(fields.Nested(BoardFlowResponse), required=True)

    @pre_dump
    def _present(self, board: Board, **_: Any) -> dict[str, Any]:
        weeks = [
            {"from_on": day, **vars(seized)}
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
    kind = fields.String(required=True, validate=validate.OneOf(EVENT_KINDS))
    state = fields.String(required=True)
    id = fields.UUID(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    stage = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    incident = fields.String(required=True, allow_none=True)


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
        after = event_cursor.encode_cursor(g.actor, code, events.next_cursor)
        query = urlencode(request.args.to_dict() | {"after": after})
        onward = f"{request.path}?{query}" if events.has_more else None
        return {"items": events.items, "next": onward, "after": after}
