"""Leads over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import worded
from api.pagination import ListQuery
from api.schemas.fields import Code, Day, StateCode, Text
from salsa_ext.matching.joined import Gun
from salsa_ext.services.leads import LeadView
from salsa_ext.values import codes


class LeadReasonResponse(Schema):
    """One reason of a lead's rank, in points and in words; the first says what is shared."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    points = fields.Float(required=True)


class LeadRecordResponse(Schema):
    """A record that a lead rests on; `/records/{id}` opens it."""

    id = fields.UUID(required=True)
    state = fields.String(required=True)
    event = fields.String(required=True)
    occurred_on = fields.Date(attribute="on", required=True)
    document = fields.UUID(required=True)
    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    type = fields.String(allow_none=True)


class LeadMatchResponse(Schema):
    """A match of the caller's state that joins two of the records; `/matches/{id}` judges it."""

    id = fields.UUID(attribute="match", required=True)
    confirmed = fields.Boolean(attribute="is_confirmed", required=True)


class LeadGunResponse(Schema):
    """A gun of a lead: its records in the order in which they happened, and the matches that join them.

    With `several_sales` its serial was sold new more than once, and it may be any of these guns.
    """

    records = fields.List(fields.Nested(LeadRecordResponse), required=True)
    matches = fields.List(fields.Nested(LeadMatchResponse), required=True)
    several_sales = fields.Boolean(required=True)

    @pre_dump
    def _present(self, gun: Gun, **_: Any) -> dict[str, Any]:
        matches = [edge for edge in gun.edges if edge.match]
        return {"records": gun.records, "matches": matches, "several_sales": gun.is_open}


class LeadResponse(Schema):
    """Guns to be looked at together, and why; `score` is the sum of the points of the reasons.

    `guns` are those that were seized last: ten of each lead in a list, five hundred in one that is
    read alone. `gun_count` counts all.
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
        first, last = lead.days
        reasons = [{"code": reason.code, "text": worded(reason.text), "points": reason.bits}
                   for reason in lead.reasons]  # fmt: skip
        return {
            "id": lead.id, "kind": lead.kind, "score": lead.score, "states": lead.states,
            "summary": worded(lead.summary), "gun_count": len(lead.guns),
            "case_count": lead.cases, "first_seized_on": first, "last_seized_on": last,
            "reasons": reasons, "guns": view.guns,
        }  # fmt: skip


class LeadQuery(ListQuery):
    """Which leads: of a kind, with a seizure `since` a day, over records of a `state`, of a `dealer`.

    Of the name of the dealer that sold the guns a part is enough.
    """

    kind = Code(codes.LEAD_KINDS)
    since = Day()
    state = StateCode()
    dealer = Text(most=200)
