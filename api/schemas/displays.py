"""Displays on the walls of posts over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.pagination import ListQuery
from api.schemas.fields import Code, Line, PostCode, RequestSchema
from salsa_ext.services.displays import DisplayData
from salsa_ext.values import codes


class DisplayRequest(RequestSchema):
    """A display: its name, by which it is known again, and the language that it shows."""

    value = DisplayData
    name = Line(most=100, required=True)
    language = Code(codes.LANGUAGES, required=True)


class PairedResponse(Schema):
    """A new display with its code, shown this once: it is typed at /wall on the device, in ten minutes."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    expires_at = fields.DateTime(required=True)


class DisplayResponse(Schema):
    """A display of the own state; `account` is who answers for it, `seen_at` is exact to the minute."""

    id = fields.UUID(required=True)
    post = fields.String(required=True)
    name = fields.String(required=True)
    language = fields.String(required=True)
    account = fields.UUID(attribute="account_id", required=True)
    created_at = fields.DateTime(required=True)
    paired_at = fields.DateTime(allow_none=True)
    seen_at = fields.DateTime(allow_none=True)
    expires_at = fields.DateTime(required=True)
    revoked_at = fields.DateTime(allow_none=True)


class DisplayQuery(ListQuery):
    """Which displays."""

    post = PostCode()
