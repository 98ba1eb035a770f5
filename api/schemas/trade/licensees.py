"""Schemas of licensees and decisions on their licences."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.declared import DeclaredRequest
from api.http.fields.schemas import RequestSchema, repeats
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery, listing_fields
from api.schemas.common import PartyResponse, find_party, parse_day, row_fields
from salsa_ext.core import codes
from salsa_ext.trade.permits.licensees import LISTING, LicenseeView
from salsa_ext.trade.permits.values import LicenceDecision, LicenceRenewal, LicenseeData


class LicenseeRequest(DeclaredRequest):
    """New licensee; without `valid_to` the licence has no end."""

    value = LicenseeData


class LicenseeDecisionRequest(RequestSchema):
    """Reason and first day of a decision."""

    value = LicenceDecision
    reason = Text(most=500, required=True)
    on = Day(required=True)


class LicenseeClosureRequest(LicenseeDecisionRequest):
    """Closure of a firm and the holder of its books."""

    books_with = Text(most=100, required=True)


class LicenseeRenewalRequest(RequestSchema):
    """New last day of a licence."""

    value = LicenceRenewal
    valid_to = Day(required=True)


LICENSEE_DECISIONS = ("suspended", "reinstated", "revoked", "closed", "renewed")


class LicenseeDecisionResponse(Schema):
    """Decision on a licence: day, reason, resulting status."""

    kind = Code(LICENSEE_DECISIONS, required=True)
    on = fields.Date(required=True)
    status = Code(codes.LICENSEE_STATUSES, required=True)
    reason = fields.String(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)

    @pre_dump
    def _present(self, event: Any, **_: Any) -> dict[str, Any]:
        data = event.data
        return {
            "kind": event.kind,
            "on": parse_day(data["on"]),
            "status": data["status"],
            "reason": event.reason,
            "valid_to": parse_day(data.get("valid_to")),
            "books_with": data.get("books_with"),
            "recorded_at": event.recorded_at,
        }


@repeats(LicenseeRequest)
class LicenseeResponse(Schema):
    """Licensee with all decisions in order."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    party = fields.Nested(PartyResponse, allow_none=True)
    status = Code(codes.LICENSEE_STATUSES, required=True)
    status_on = fields.Date(required=True)
    status_reason = fields.String(allow_none=True)
    books_with = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    decisions = fields.List(fields.Nested(LicenseeDecisionResponse))

    @pre_dump
    def _present(self, view: LicenseeView, **_: Any) -> dict[str, Any]:
        return row_fields(view.licensee) | {
            "party": find_party(view.parties, view.licensee.party_id),
            "decisions": view.decisions,
        }


class PublishedLicenseeResponse(Schema):
    """Licence as its state publishes it (CIFTA XIII.1 a); `roles` are the published ones."""

    state = StateCode(attribute="licensee.owner_state", required=True)
    number = fields.String(attribute="licensee.number", required=True)
    name = fields.String(allow_none=True)
    kind = Code(codes.PARTY_KINDS, required=True)
    roles = fields.List(Code(codes.LICENSEE_ROLES), required=True)
    valid_from = fields.Date(attribute="licensee.valid_from", required=True)
    valid_to = fields.Date(attribute="licensee.valid_to", allow_none=True)
    status = Code(codes.LICENSEE_STATUSES, attribute="licensee.status", required=True)


class PublishedLicenseeQuery(ListQuery):
    """Filter of a state's published register; without `state`, of the own one."""

    state = StateCode()
    role = Code(codes.LICENSEE_ROLES)
    status = Code(codes.LICENSEE_STATUSES)
    name = Text(most=100)


class LicenseeQuery(ListQuery):
    """Filter of licensees."""

    from_day, to_day, sort = listing_fields(LISTING)
    role = Code(codes.LICENSEE_ROLES)
    status = Code(codes.LICENSEE_STATUSES)
    number = Text(most=100)
