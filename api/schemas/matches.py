"""Schemas of matches."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Id, QueryFlag, Text
from api.http.pagination import ListQuery
from api.i18n.messages import translate
from api.schemas.checks import ReasonResponse
from api.schemas.common import row_fields
from api.schemas.reference import ContactResponse
from salsa_ext.core import codes
from salsa_ext.matches.queries import MatchView
from salsa_ext.matches.values import DecisionData


class MatchConfirmRequest(RequestSchema):
    """Confirmation of a match, optionally with a reason."""

    value = DecisionData
    reason = Text(most=500)


class MatchRejectRequest(RequestSchema):
    """Rejection of a match, with the reason."""

    value = DecisionData
    reason = Text(most=500, required=True)


class MatchOtherResponse(Schema):
    """Other record and contact; `record` is null if not shared."""

    state = fields.String(required=True)
    record = fields.UUID(required=True, allow_none=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class MatchResponse(Schema):
    """Match as known and judged by the caller's state."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True)
    standing = fields.Boolean(attribute="is_current", required=True)
    record = fields.UUID(attribute="record_id", required=True)
    other = fields.Nested(MatchOtherResponse, required=True)
    score = fields.Float(required=True)
    strength = fields.String(required=True)
    of_crime = fields.Boolean(attribute="is_of_crime", required=True)
    reasons = fields.List(fields.Nested(ReasonResponse), required=True)
    proposed_at = fields.DateTime(required=True)
    changed_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(allow_none=True)
    decided_by = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: MatchView, **_: Any) -> dict[str, Any]:
        row = view.match
        other = {"state": row.other_state, "record": row.other_record, "contact": view.contact}
        reasons = [
            {"code": each["code"], "bits": each["bits"], "text": translate(each)}
            for each in row.reasons
        ]
        return row_fields(row) | {"other": other, "reasons": reasons, "decided_by": view.decided_by}


class MatchQuery(ListQuery):
    """Filter of matches; `standing=false` lists those ended by corrections.

    `of_crime`: one gun was found, seized, recovered, lost or stolen; others are of lawful trade.
    """

    status = Code(codes.MATCH_STATUSES)
    strength = Code(codes.MATCH_STRENGTHS)
    record = Id()
    other_state = StateCode(data_key="state")
    standing = QueryFlag()
    is_of_crime = QueryFlag(data_key="of_crime")
