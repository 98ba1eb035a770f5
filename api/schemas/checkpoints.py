"""Stages of shipments as they are ticked, what stops them, and what does not add up, over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.schemas.fields import Code, Flag, Items, Moment, PostCode, RequestSchema, Text, Whole
from salsa_ext.values import codes
from salsa_ext.values.movements import CheckpointData


class CheckpointRequest(RequestSchema):
    """A stage passed, held or refused; `reason` says why it was not passed.

    What another state holds, or refused, is taken as passed only with `confirm_held`. `seen` is the
    version of the shipment that whoever ticks saw. With it, three things more are asked (409) before a
    pass: what the own state stopped meanwhile (`confirm_held_since`), what enters though it was never
    released (`confirm_unreleased`), and seals or a count that differ (`confirm_differs`).
    """

    value = CheckpointData
    stage = Code(codes.STAGES, required=True)
    post = PostCode()
    occurred_at = Moment(required=True)
    outcome = Code(codes.OUTCOMES, required=True)
    quantity = Whole()
    seals = Items(Text(most=50), most=50, load_default=())
    reason = Text(most=1000)
    confirm_held = Flag(load_default=False)
    seen = Whole()
    confirm_held_since = Flag(load_default=False)
    confirm_unreleased = Flag(load_default=False)
    confirm_differs = Flag(load_default=False)


class CheckpointResponse(Schema):
    """A stage as one side ticked it; `reason` says why it was not passed."""

    state = fields.String(attribute="owner_state", required=True)
    stage = fields.String(required=True)
    post = fields.String(allow_none=True)
    occurred_at = fields.DateTime(required=True)
    outcome = fields.String(required=True)
    quantity = fields.Integer(allow_none=True)
    seals = fields.List(fields.String())
    reason = fields.String(allow_none=True)


class HoldResponse(Schema):
    """What stops a shipment still, and since when.

    `kind` is `hold` (the order of the state that has it), `held` or `refused` (the outcome of a
    `stage`, or without one of an incident), or `lost`.
    """

    state = fields.String(required=True)
    kind = fields.String(required=True)
    since = fields.DateTime(attribute="at", required=True)
    stage = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ShipmentIncidentResponse(Schema):
    """What was told of a shipment on its way that is not over."""

    state = fields.String(attribute="owner_state", required=True)
    kind = fields.String(attribute="data.kind", required=True)
    occurred_at = fields.DateTime(required=True)
    note = fields.String(attribute="reason", allow_none=True)


class ShipmentDiscrepancyResponse(Schema):
    """What does not add up about a shipment and is not settled; `data` says what each side states."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    key = fields.String(required=True)
    status = fields.String(required=True)
    raised_at = fields.DateTime(required=True)
    data = fields.Dict(keys=fields.String())
