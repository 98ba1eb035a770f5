"""The board of a border post over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.schemas.calls import CallResponse
from api.schemas.checkpoints import CheckpointResponse, HoldResponse, ShipmentIncidentResponse
from api.schemas.checks import ContactResponse
from api.schemas.common import columns
from api.schemas.discrepancies import PositionResponse
from api.schemas.hits import AlertEndedResponse, CauseChangedResponse
from api.schemas.reference import PostResponse
from api.schemas.seizures import JointResponse
from salsa_ext.readmodels.boards import Board
from salsa_ext.readmodels.corridors import Corridor
from salsa_ext.readmodels.crossings import Crossing
from salsa_ext.readmodels.discrepancies import DiscrepancyView
from salsa_ext.readmodels.finds import NearSeizure, Place
from salsa_ext.readmodels.flows import Flow
from salsa_ext.readmodels.hits import HitView
from salsa_ext.readmodels.passages import Passage


class BoardStampResponse(Schema):
    """The stage that one side ticks of a shipment at this post, and its last tick.

    `let_go_at` says when what the tick holds was let go on.
    """

    state = fields.String(required=True)
    stage = fields.String(required=True)
    tick = fields.Nested(CheckpointResponse, allow_none=True)
    let_go_at = fields.DateTime(allow_none=True)


class BoardShipmentResponse(Schema):
    """A shipment that passes the post, with the ticks of both sides.

    `stamps` are of this post: that of the side that it leaves, then that of the side that it enters.
    `is_today` where it is due on this day at the reader's side. `is_unreleased` where the exporting
    state never released it, held or not. `holds` are what stops it, `incidents`
    what was told of its way.
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
    stamps = fields.List(fields.Nested(BoardStampResponse), required=True)
    is_unreleased = fields.Boolean(required=True)
    holds = fields.List(fields.Nested(HoldResponse), required=True)
    incidents = fields.List(fields.Nested(ShipmentIncidentResponse), required=True)

    @pre_dump
    def _present(self, one: Crossing, **_: Any) -> dict[str, Any]:
        ticks = {tick.stage: tick for tick in one.view.checkpoints}
        names = ("id", "number", "permit_number", "exporting_state", "importing_state", "due_at",
                 "plates", "document_kind", "document_number", "item_count")  # fmt: skip
        shown = {name: getattr(one.shipment, name) for name in names}
        return shown | {
            "status": one.view.status, "exit": ticks.get("exit"), "entry": ticks.get("entry"),
            "is_today": one.is_today, "is_unreleased": one.view.is_unreleased,
            "stamps": one.stamps, "holds": one.view.held.standing,
            "incidents": one.view.incidents,
        }  # fmt: skip


class BoardTickResponse(Schema):
    """What a side ticked here on this day at the reader's side, and of which shipment."""

    shipment = fields.UUID(required=True)
    number = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    plates = fields.List(fields.String())
    tick = fields.Nested(CheckpointResponse, required=True)

    @pre_dump
    def _present(self, one: Passage, **_: Any) -> dict[str, Any]:
        row = one.shipment
        return {"shipment": row.id, "number": row.number, "exporting_state": row.exporting_state,
                "importing_state": row.importing_state, "plates": row.plates, "tick": one.tick}  # fmt: skip


class BoardPermitResponse(Schema):
    """A permit between the two states that expires soon; `last_day` is the last on which it is good."""

    id = fields.UUID(attribute="permit.id", required=True)
    kind = fields.String(attribute="permit.kind", required=True)
    number = fields.String(attribute="permit.number", required=True)
    state = fields.String(attribute="permit.owner_state", required=True)
    expires_on = fields.Date(attribute="permit.expires_on", required=True)
    last_day = fields.Date(attribute="permit.last_day", required=True)
    standing = fields.String(required=True)


class BoardDiscrepancyResponse(Schema):
    """What does not add up of a shipment through this post, with what each state says to it."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    key = fields.String(required=True)
    status = fields.String(required=True)
    shipment = fields.UUID(attribute="subject_id", required=True)
    shipment_number = fields.String(attribute="subject_number", required=True)
    state = fields.String(attribute="owner_state", required=True)
    raised_at = fields.DateTime(required=True)
    positions = fields.List(fields.Nested(PositionResponse), required=True)
    waiting_for = fields.List(fields.String(), required=True)

    @pre_dump
    def _present(self, view: DiscrepancyView, **_: Any) -> dict[str, Any]:
        return columns(view.discrepancy) | {
            "positions": view.positions, "waiting_for": view.waiting_for,
        }  # fmt: skip


class BoardHitResponse(Schema):
    """An alert that was met; `possible` says that it may be another gun, `contact` whom to call.

    `alert_ended` says how and when its alert ended: then it is no ground any more. Nor is it where
    `cause_changed` says that the record which met it was withdrawn, or meets it no longer.
    """

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    alert_state = fields.String(required=True)
    asking_state = fields.String(required=True)
    agency = fields.String(allow_none=True)
    action = fields.String(required=True)
    priority = fields.String(required=True)
    alert_ended = fields.Nested(AlertEndedResponse, attribute="ended", allow_none=True)
    cause_changed = fields.Nested(CauseChangedResponse, allow_none=True)
    possible = fields.Boolean(required=True)
    met_at = fields.DateTime(required=True)
    due_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)

    @pre_dump
    def _present(self, view: HitView, **_: Any) -> dict[str, Any]:
        return columns(view.hit) | {
            "possible": view.hit.strength != "strong", "contact": view.contact,
            "ended": view.ended, "cause_changed": view.cause_changed,
        }  # fmt: skip


class NearSeizureResponse(Schema):
    """A seizure near the post, or along a route through it; `precision_km` is how exact its place is.

    `distance_km` is null where the place is the post itself by name, without coordinates.
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
    joint = fields.Nested(JointResponse, allow_none=True)

    @pre_dump
    def _present(self, near: NearSeizure, **_: Any) -> dict[str, Any]:
        return vars(near) | {
            "items": len(near.items), "types": sorted(near.of_type), "of_type": near.of_type,
            "firearms": near.firearms,
        }  # fmt: skip


class BoardPlaceResponse(Schema):
    """Seizures that lie close together, as one place of the map, no more exact than any of them."""

    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    within_km = fields.Float(allow_none=True)
    is_near = fields.Boolean(required=True)
    seizures = fields.List(fields.UUID(), required=True)
    firearms = fields.Integer(required=True)

    @pre_dump
    def _present(self, place: Place, **_: Any) -> dict[str, Any]:
        return vars(place) | {
            "seizures": [one.seizure.id for one in place.seizures], "firearms": place.firearms,
        }  # fmt: skip


class BoardRouteResponse(Schema):
    """Two posts that follow each other on a route through this post, by their codes."""

    start = fields.String(required=True)
    end = fields.String(required=True)
    wide_km = fields.Integer(required=True)

    @pre_dump
    def _present(self, one: Corridor, **_: Any) -> dict[str, Any]:
        return {"start": one.start.code, "end": one.end.code, "wide_km": one.wide_km}


class BoardClockResponse(Schema):
    """A trace that is not answered: `asked` by the reader's state or `owed` by it.

    `share` is how much of the term is over, in percent. `id` and `case_number` are for who may read
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
    id = fields.UUID(attribute="of", allow_none=True)
    case_number = fields.String(allow_none=True)


class BoardPassedResponse(Schema):
    """What one state ticked as passed in a week."""

    shipments = fields.Integer(required=True)
    firearms = fields.Integer(required=True)


class BoardGoodsResponse(Schema):
    """Goods without serials."""

    type = fields.String(required=True)
    unit = fields.String(allow_none=True)
    quantity = fields.Float(required=True)


class BoardFlowResponse(Schema):
    """One direction: what `leaving` says left it, and what `entering` says entered it, week by week.

    `goods` are those without serials of the last week.
    """

    leaving = fields.String(required=True)
    entering = fields.String(required=True)
    left = fields.List(fields.Nested(BoardPassedResponse), required=True)
    entered = fields.List(fields.Nested(BoardPassedResponse), required=True)
    goods = fields.List(fields.Nested(BoardGoodsResponse), required=True)

    @pre_dump
    def _present(self, flow: Flow, **_: Any) -> dict[str, Any]:
        goods = [{"type": type_, "unit": unit or None, "quantity": quantity}
                 for (type_, unit), quantity in sorted(flow.goods.items())]  # fmt: skip
        return vars(flow) | {"goods": goods}


class BoardWeekResponse(Schema):
    """Seven days from `from_on` on: what the reader's state seized near by."""

    from_on = fields.Date(required=True)
    seizures = fields.Integer(required=True)
    firearms = fields.Integer(required=True)


class BoardResponse(Schema):
    """What the officers of one side see; of each list the first fifty.

    `due` is within seven days, `ticked` on this day at the reader's side, the newest first; `seizures`
    are within the post's radius and `along` on its routes.
    `counts` say how many rows the lists hold: 50 may be more.
    """

    post = fields.Nested(PostResponse, required=True)
    as_of = fields.DateTime(required=True)
    today = fields.Date(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    calls = fields.List(fields.Nested(CallResponse), required=True)
    due = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    late = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    ticked = fields.List(fields.Nested(BoardTickResponse), required=True)
    expiring = fields.List(fields.Nested(BoardPermitResponse), required=True)
    discrepancies = fields.List(fields.Nested(BoardDiscrepancyResponse), required=True)
    hits = fields.List(fields.Nested(BoardHitResponse), required=True)
    seizures = fields.List(fields.Nested(NearSeizureResponse), required=True)
    along = fields.List(fields.Nested(NearSeizureResponse), required=True)
    routes = fields.List(fields.Nested(BoardRouteResponse), attribute="corridors", required=True)
    places = fields.List(fields.Nested(BoardPlaceResponse), required=True)
    clocks = fields.List(fields.Nested(BoardClockResponse), required=True)
    traces = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    figures = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    weeks = fields.List(fields.Nested(BoardWeekResponse), required=True)
    flows = fields.List(fields.Nested(BoardFlowResponse), required=True)

    @pre_dump
    def _present(self, board: Board, **_: Any) -> dict[str, Any]:
        weeks = [{"from_on": day, **vars(seized)}
                 for day, seized in zip(board.weeks, board.seized, strict=True)]  # fmt: skip
        return vars(board) | {"weeks": weeks, "counts": board.counts}
