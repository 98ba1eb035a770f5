"""Schemas of leads."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.i18n.messages import translate_event
from salsa_ext.core import codes
from salsa_ext.leads.guns import SeizedGun
from salsa_ext.leads.queries import LeadView


class LeadReasonResponse(Schema):
    """Reason of a lead's rank, in points and words."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    points = fields.Float(required=True)


class LeadRecordResponse(Schema):
    """Record of a lead."""

    id = fields.UUID(required=True)
    state = fields.String(required=True)
    event = fields.String(required=True)
    occurred_on = fields.Date(attribute="on", required=True)
    document = fields.UUID(required=True)
    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    type = fields.String(allow_none=True)


class LeadMatchResponse(Schema):
    """Match of the caller's state that joins two records."""

    id = fields.UUID(attribute="match_id", required=True)
    confirmed = fields.Boolean(attribute="is_confirmed", required=True)


class LeadGunResponse(Schema):
    """Gun of a lead: records in time order and their matches.

    `several_sales`: its serial was sold new more than once.
    """

    records = fields.List(fields.Nested(LeadRecordResponse), required=True)
    matches = fields.List(fields.Nested(LeadMatchResponse), required=True)
    several_sales = fields.Boolean(required=True)

    @pre_dump
    def _present(self, gun: SeizedGun, **_: Any) -> dict[str, Any]:
        matches = [edge for edge in gun.edges if edge.match_id]
        return {"records": gun.records, "matches": matches, "several_sales": gun.is_ambiguous}


class LeadResponse(Schema):
    """Group of related guns; `score` is the sum of its reasons.

    `guns`: last seized ones, ten in a list and 500 in the detail; `gun_count` counts all.
    """

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    score = fields.Float(required=True)
    summary = fields.String(required=True)
    states = fields.List(fields.String(), required=True)
    gun_count = fields.Integer(required=True)
    case_count = fields.Integer(required=True)
    first_seized_on = fields.Date(required=True)
    last_seized_on = fields.Date(required=True)
    reasons = fields.List(fields.Nested(LeadReasonResponse), required=True)
    guns = fields.List(fields.Nested(LeadGunResponse), required=True)

    @pre_dump
    def _present(self, view: LeadView, **_: Any) -> dict[str, Any]:
        lead = view.lead
        first, last = lead.seizure_days
        reasons = [
            {"code": reason.code, "text": translate_event(reason.text), "points": reason.bits}
            for reason in lead.reasons
        ]
        return {
            "id": lead.id,
            "kind": lead.kind,
            "score": lead.score,
            "states": lead.states,
            "summary": translate_event(lead.summary),
            "gun_count": len(lead.guns),
            "case_count": lead.seizure_count,
            "first_seized_on": first,
            "last_seized_on": last,
            "reasons": reasons,
            "guns": view.guns,
        }


class LeadQuery(ListQuery):
    """Filter of leads by kind, seizure date, state and dealer.

    Part of the dealer's name is enough.
    """

    kind = Code(codes.LEAD_KINDS)
    since = Day()
    state = StateCode()
    dealer = Text(most=200)
