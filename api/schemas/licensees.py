"""Licensees over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import PartyRequest, PartyResponse, columns, side
from api.schemas.fields import Code, Day, Items, Nested, RequestSchema, Text
from salsa_ext.readmodels.licensees import LicenseeView
from salsa_ext.services.licensees import Renewal
from salsa_ext.values import codes
from salsa_ext.values.licensees import Decision, LicenseeData


class LicenseeRequest(RequestSchema):
    """Somebody with a licence of the own state; without `valid_to` it has no end."""

    value = LicenseeData
    number = Text(most=100, required=True)
    roles = Items(Code(codes.LICENSEE_ROLES), most=6, required=True)
    party = Nested(PartyRequest, required=True)
    valid_from = Day(required=True)
    valid_to = Day()


class DecisionRequest(RequestSchema):
    """Why, and from which day on."""

    value = Decision
    reason = Text(most=500, required=True)
    on = Day(required=True)


class ClosingRequest(DecisionRequest):
    """The same for a firm that is no more, and who holds its books: a licensee or an agency."""

    books_with = Text(most=100, required=True)


class RenewalRequest(RequestSchema):
    """The new last day."""

    value = Renewal
    valid_to = Day(required=True)


class LicenseeDecisionResponse(Schema):
    """What was decided about a licence: from which day on, why, and how it stood then."""

    kind = fields.String(required=True)
    on = fields.Date(required=True)
    status = fields.String(required=True)
    reason = fields.String(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, event: Any, **_: Any) -> dict[str, Any]:
        said = event.data
        valid_to = said.get("valid_to")
        return {
            "kind": event.kind, "on": date.fromisoformat(said["on"]), "status": said["status"],
            "reason": event.reason, "valid_to": valid_to and date.fromisoformat(valid_to),
            "books_with": said.get("books_with"), "recorded_at": event.recorded_at,
        }  # fmt: skip


class LicenseeResponse(Schema):
    """A licensee with the last decision on it, and every one in their order."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    number = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    party = fields.Nested(PartyResponse, allow_none=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(allow_none=True)
    status = fields.String(required=True)
    status_on = fields.Date(required=True)
    status_reason = fields.String(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    decisions = fields.List(fields.Nested(LicenseeDecisionResponse))

    @pre_dump
    def _present(self, view: LicenseeView, **_: Any) -> dict[str, Any]:
        return columns(view.licensee) | {
            "party": side(view.parties, view.licensee.party_id), "decisions": view.decisions,
        }  # fmt: skip


class LicenseeQuery(ListQuery):
    """Which licensees."""

    role = Code(codes.LICENSEE_ROLES)
    status = Code(codes.LICENSEE_STATUSES)
    number = Text(most=100)
