"""The board of a border post over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.schemas.reference import PostResponse
from api.schemas.shipments import CheckpointResponse
from salsa_ext.readmodels.boards import NearSeizure
from salsa_ext.readmodels.shipments import ShipmentView


class BoardShipmentResponse(Schema):
    """A shipment that passes the post, with the ticks of both sides."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    permit_number = fields.String(required=True)
    status = fields.String(required=True)
    exporting_state = fields.String(required=True)
    importing_state = fields.String(required=True)
    due_at = fields.DateTime(allow_none=True)
    plates = fields.List(fields.String())
    document_number = fields.String(allow_none=True)
    item_count = fields.Integer(required=True)
    exit = fields.Nested(CheckpointResponse, allow_none=True)
    entry = fields.Nested(CheckpointResponse, allow_none=True)

    @pre_dump
    def _present(self, view: ShipmentView, **_: Any) -> dict[str, Any]:
        ticks = {tick.stage: tick for tick in view.checkpoints}
        names = ("id", "number", "permit_number", "exporting_state", "importing_state", "due_at",
                 "plates", "document_number", "item_count")  # fmt: skip
        shown = {name: getattr(view.shipment, name) for name in names}
        return shown | {
            "status": view.status,
            "exit": ticks.get("exit"),
            "entry": ticks.get("entry"),
        }


class BoardPermitResponse(Schema):
    """A permit between the two states that expires soon."""

    id = fields.UUID(attribute="permit.id", required=True)
    kind = fields.String(attribute="permit.kind", required=True)
    number = fields.String(attribute="permit.number", required=True)
    state = fields.String(attribute="permit.owner_state", required=True)
    expires_on = fields.Date(attribute="permit.expires_on", required=True)
    standing = fields.String(required=True)


class NearSeizureResponse(Schema):
    """A seizure near the post."""

    id = fields.UUID(attribute="seizure.id", required=True)
    number = fields.String(attribute="seizure.number", required=True)
    kind = fields.String(attribute="seizure.kind", required=True)
    state = fields.String(attribute="seizure.owner_state", required=True)
    occurred_on = fields.Date(attribute="seizure.occurred_on", required=True)
    place = fields.String(attribute="seizure.place_name", allow_none=True)
    distance_km = fields.Float(required=True)
    items = fields.Integer(required=True)
    types = fields.List(fields.String(allow_none=True), required=True)

    @pre_dump
    def _present(self, near: NearSeizure, **_: Any) -> dict[str, Any]:
        types = sorted({item.record.type or "unknown" for item in near.items})
        return vars(near) | {"items": len(near.items), "types": types}


class BoardResponse(Schema):
    """What the officers of one side see."""

    post = fields.Nested(PostResponse, required=True)
    as_of = fields.DateTime(required=True)
    due = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    late = fields.List(fields.Nested(BoardShipmentResponse), required=True)
    expiring = fields.List(fields.Nested(BoardPermitResponse), required=True)
    seizures = fields.List(fields.Nested(NearSeizureResponse), required=True)
    traces = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    figures = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
