"""Schemas of canaries and of sampled look-ups."""

from marshmallow import Schema, fields

from api.http.fields.scalars import Code, Day, Text
from api.http.fields.schemas import RequestSchema
from api.http.pagination import ListQuery
from salsa_ext.access.audit_actions import SUBJECT_KINDS, Action
from salsa_ext.core import codes


class CanaryRequest(RequestSchema):
    """Serial to plant."""

    serial = Text(most=100, required=True)


class CanaryResponse(Schema):
    """Planted serial of your state."""

    id = fields.UUID(required=True)
    serial = fields.String(required=True)
    planted_at = fields.DateTime(required=True)
    removed_at = fields.DateTime(allow_none=True)


class LookupQuery(ListQuery):
    """Filter of sampled look-ups."""

    status = Code(codes.LOOKUP_STATUSES)
    week = Day()


class LookupQuestionRequest(RequestSchema):
    """What is questioned."""

    comment = Text(most=500, required=True)


class SampledLookupResponse(Schema):
    """Look-up of a week's sample; `flagged`: an unknown case, or a budget that was used up."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    agency = fields.String(required=True)
    week = fields.Date(required=True)
    action = Code(tuple(Action), required=True)
    subject_kind = Code(SUBJECT_KINDS, required=True)
    subject_id = fields.String(required=True)
    account = fields.UUID(attribute="account_id", required=True)
    purpose = Code(codes.PURPOSES, allow_none=True)
    case_number = fields.String(allow_none=True)
    looked_up_at = fields.DateTime(required=True)
    flagged = fields.Boolean(attribute="is_flagged", required=True)
    status = Code(codes.LOOKUP_STATUSES, required=True)
    comment = fields.String(allow_none=True)
    decided_at = fields.DateTime(allow_none=True)
