"""Schemas of canaries."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text


class CanaryRequest(RequestSchema):
    """Serial to plant."""

    serial = Text(most=100, required=True)


class CanaryResponse(Schema):
    """Planted serial of your state."""

    id = fields.UUID(required=True)
    serial = fields.String(required=True)
    planted_at = fields.DateTime(required=True)
    removed_at = fields.DateTime(allow_none=True)
