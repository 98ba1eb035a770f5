"""Schemas of forms to other channels, of working files and of reports of traces."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.http.fields.codes import Code
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from salsa_ext.core import codes


class FormQuery(RequestSchema):
    """Channel by which the form goes; by default the first outside the service.

    In `form_language`, by default English to ATF, and else the language of the asked state.
    """

    channel = Code(codes.OTHER_CHANNELS)
    form_language = Code(codes.LANGUAGES)


class FormFieldsQuery(RequestSchema):
    """Format of the fields: JSON or CSV."""

    format = Code(("json", "csv"))


class FormFieldResponse(Schema):
    """Field of the form by part and item; empty if unknown."""

    part = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    required = fields.Boolean(required=True)
    value = fields.String(required=True, allow_none=True)


class FormFieldsResponse(Schema):
    """Fields of ATF F 3312.1 for a leg, in form order."""

    form = fields.String(required=True)
    leg = fields.UUID(required=True)
    fields_ = fields.List(
        fields.Nested(FormFieldResponse), attribute="fields", data_key="fields", required=True
    )
    missing = fields.List(fields.String(), required=True)


class WorkingGunResponse(FormFieldsResponse):
    """Fields of ATF F 3312.1 for one gun of a seizure."""

    trace = fields.UUID(required=True)
    line = fields.Integer(required=True)


class WorkingFileResponse(Schema):
    """Fields of ATF F 3312.1 for all guns of a seizure that are asked about by eTrace."""

    form = fields.String(required=True)
    guns = fields.List(fields.Nested(WorkingGunResponse), required=True)


class ReportHashRequest(RequestSchema):
    """Hexadecimal SHA-256 of a report's content or file."""

    sha256 = Text(most=400, required=True)


class ReportVerdictResponse(Schema):
    """Whether the hash is known, of the content or the file, and since when."""

    known = fields.Boolean(required=True)
    hash_of = Code(("content", "file"), attribute="kind", required=True, allow_none=True)
    created_at = fields.DateTime(attribute="made_at", required=True, allow_none=True)
    language = Code(codes.LANGUAGES, required=True, allow_none=True)
