"""Checking the report of a trace over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.schemas.fields import RequestSchema, Text


class ReportHashRequest(RequestSchema):
    """The SHA-256 that stands on each page of a report, or that of the file, in hexadecimal."""

    sha256 = Text(most=400, required=True)


class ReportVerdictResponse(Schema):
    """Whether the audit knows it: as that of the `content` or of the `file`, and since when."""

    known = fields.Boolean(required=True)
    of = fields.String(required=True, allow_none=True, metadata={"enum": ["content", "file", None]})
    made_at = fields.DateTime(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
