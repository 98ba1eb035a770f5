"""How a cell with a mark is understood."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.schemas.fields import RequestSchema, Text


class ReadingQuery(RequestSchema):
    """The cell, as it is written."""

    text = Text(most=1000, required=True)


class MarkReadResponse(Schema):
    """One mark: `?` a glyph that cannot be read, `*` a run of them, `[8B]` one of two."""

    text = fields.String(required=True)
    part = fields.String(required=True, allow_none=True)
    condition = fields.String(required=True, allow_none=True)
    remark = fields.String(required=True, allow_none=True)


class ReadingResponse(Schema):
    """The marks that a cell holds, how the gun is marked by it, and what was not understood."""

    marks = fields.List(fields.Nested(MarkReadResponse), required=True)
    marking = fields.String(required=True, allow_none=True)
    remarks = fields.List(fields.String(), required=True)
    damage = fields.String(required=True, allow_none=True)
