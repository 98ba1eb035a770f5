"""Matches over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import translate
from api.pagination import ListQuery
from api.schemas.checks import ContactResponse, ReasonResponse
from api.schemas.common import columns
from api.schemas.fields import Code, Id, QueryFlag, RequestSchema, StateCode, Text
from salsa_ext.readmodels.matches import MatchView
from salsa_ext.values import codes
from salsa_ext.values.matches import Deciding


class ConfirmRequest(RequestSchema):
    """That two records are of one gun; why, if there is more to say than the marks do."""

    value = Deciding
    reason = Text(most=500)


class RejectRequest(RequestSchema):
    """That two records are not of one gun, and why."""

    value = Deciding
    reason = Text(most=500, required=True)


class MatchOtherResponse(Schema):
    """The other record; where its state only lets it be known that there is one, `record` is null.

    `contact` is whom to ask there.
    """

    state = fields.String(required=True)
    record = fields.UUID(required=True, allow_none=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class MatchResponse(Schema):
    """Two records that may be of one gun, as the caller's state knows and judges them."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True)
    standing = fields.Boolean(attribute="is_standing", required=True)
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
        reasons = [{"code": each["code"], "bits": each["bits"], "text": translate(each)}
                   for each in row.reasons]  # fmt: skip
        return columns(row) | {
            "other": other, "reasons": reasons, "decided_by": view.decided_by,
        }  # fmt: skip


class MatchQuery(ListQuery):
    """Which matches; those that a correction took away are listed with `standing=false` alone.

    `of_crime` are those of which one gun was found, seized, recovered, lost or stolen; the others are
    of two records of the licit trade.
    """

    status = Code(codes.MATCH_STATUSES)
    strength = Code(codes.MATCH_STRENGTHS)
    record = Id()
    other_state = StateCode(data_key="state")
    standing = QueryFlag()
    is_of_crime = QueryFlag(data_key="of_crime")
