"""The fields of the form of another channel over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields

from api.schemas.fields import Code, RequestSchema


class FormFieldsQuery(RequestSchema):
    """As JSON, or as a file with a row for each field."""

    format = Code(("json", "csv"))


class FormFieldResponse(Schema):
    """One field of the form, by its part and number there; empty where it is filled in by hand."""

    part = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    required = fields.Boolean(required=True)
    value = fields.String(required=True, allow_none=True)


class FormFieldsResponse(Schema):
    """The fields of ATF F 3312.1 for a leg, in the order of the form."""

    form = fields.String(required=True)
    leg = fields.UUID(required=True)
    fields_ = fields.List(
        fields.Nested(FormFieldResponse), attribute="fields", data_key="fields", required=True
    )
