"""The timeline of a permit, a shipment or a discrepancy over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields


class TimelineResponse(Schema):
    """What one state decided about a document, or what happened to it there."""

    state = fields.String(attribute="owner_state", required=True)
    kind = fields.String(required=True)
    occurred_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)
    data = fields.Dict(keys=fields.String())
