"""Traces of other states that wait for a second person of the own one, over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import Code, RequestSchema, StateCode, Text
from salsa_ext.readmodels.approvals import as_asked
from salsa_ext.values import codes
from salsa_ext.values.requests import Telling


class GrantApprovalRequest(RequestSchema):
    """Words beside the approval, which the asking state reads."""

    value = Telling
    text = Text(most=2000)


class DeclineApprovalRequest(RequestSchema):
    """Why it is not approved; the asking state reads it."""

    value = Telling
    text = Text(most=2000, required=True)


class ApprovalChangeResponse(Schema):
    """A field of what is asked that said something else when a second person was asked before."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class ApprovalResponse(Schema):
    """A trace of another state that waits for a second person, with the little that he decides by.

    Neither the gun's marks, make and model nor the circumstances of the find are told, and of why it
    cannot wait that it is said alone. `changed` is what of this is another than when he was asked the
    last time.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    asking_state = fields.String(required=True)
    case_number = fields.String(required=True)
    status = fields.String(required=True)
    type = fields.String(required=True, allow_none=True)
    priority = fields.String(required=True)
    urgency_justified = fields.Boolean(required=True)
    legal_basis = fields.String(required=True)
    illicit_reason = fields.String(required=True)
    intended_use = fields.String(required=True)
    needed_by = fields.String(required=True, allow_none=True)
    confidentiality_requested = fields.Boolean(required=True)
    asked_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    changed = fields.List(fields.Nested(ApprovalChangeResponse), required=True)

    @pre_dump
    def _present(self, row: Any, **_: Any) -> dict[str, Any]:
        return {"changed": []} | as_asked(row.asked) | columns(row)


class ApprovalQuery(ListQuery):
    """Which of them."""

    status = Code(codes.APPROVAL_STATUSES)
    asking_state = StateCode(data_key="from")
