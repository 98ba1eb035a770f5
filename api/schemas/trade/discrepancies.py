"""Schemas of discrepancies and of what states say about them."""

from marshmallow import Schema, fields

from api.http.fields.scalars import Code, Id, QueryFlag, QueryWhole, StateCode, Text
from api.http.fields.schemas import RequestSchema, ViewResponse
from api.http.pagination import ListQuery, listing_fields
from api.schemas.common import TimelineResponse
from salsa_ext.core import codes
from salsa_ext.trade.discrepancies.queries import LISTING
from salsa_ext.trade.discrepancies.values import StatementData


class StatementRequest(RequestSchema):
    """Statement read by all states concerned."""

    value = StatementData
    text = Text(most=2000, required=True)


class AgreementRequest(RequestSchema):
    """Agreement, optionally with a text."""

    value = StatementData
    text = Text(most=2000)


class StatementResponse(Schema):
    """Statement of one state."""

    state = StateCode(attribute="owner_state", required=True)
    stance = Code(("open", "explained", "agreed"), required=True)
    explanation = fields.String(allow_none=True)
    changed_at = fields.DateTime(required=True)


class DiscrepancySubjectResponse(Schema):
    """Permit or shipment of a discrepancy."""

    kind = Code(("permit", "shipment"), attribute="subject_kind", required=True)
    state = StateCode(attribute="owner_state", required=True)
    id = fields.UUID(attribute="subject_id", required=True)
    number = fields.String(attribute="subject_number", required=True)


class DiscrepancyPartyResponse(Schema):
    """Party by its role; the name needs permission to read permits."""

    role = fields.String(required=True)
    state = StateCode(required=True)
    name = fields.String(allow_none=True)


class DiscrepancyResponse(ViewResponse):
    """Discrepancy with the statements of states.

    `waiting_for`: states without statement or, if all made one, without agreement.
    """

    row = "discrepancy"
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = Code(codes.DISCREPANCY_KINDS, required=True)
    key = fields.String(required=True)
    status = Code(codes.DISCREPANCY_STATUSES, required=True)
    subject = fields.Nested(DiscrepancySubjectResponse, attribute="discrepancy", required=True)
    concerned = fields.List(StateCode(), required=True)
    data = fields.Dict(keys=fields.String(), required=True)
    statements = fields.List(fields.Nested(StatementResponse), required=True)
    explained_by = fields.List(StateCode(), required=True)
    agreed_by = fields.List(StateCode(), required=True)
    waiting_for = fields.List(StateCode(), required=True)
    party = fields.Nested(DiscrepancyPartyResponse, allow_none=True)
    assignee = fields.String(allow_none=True)
    raised_at = fields.DateTime(required=True)
    changed_at = fields.DateTime(required=True)
    events = fields.List(fields.Nested(TimelineResponse))


class DiscrepancyQuery(ListQuery):
    """Filter of discrepancies; `waiting`: neither agreed nor resolved.

    `unexplained`: of these, those without a statement of the own state.
    """

    from_day, to_day, sort = listing_fields(LISTING)
    kind = Code(codes.DISCREPANCY_KINDS)
    status = Code(codes.DISCREPANCY_STATUSES)
    waiting = QueryFlag()
    unexplained = QueryFlag()
    subject_kind = Code(("permit", "shipment"))
    subject_id = Id(data_key="subject")
    subject_number = Text(most=100, data_key="number")
    owner_state = StateCode(data_key="state")
    assignee = Text(most=100)
    exporting_state = StateCode()
    importing_state = StateCode()
    heading = Text(most=10)
    year = QueryWhole(least=2000, most=2100)
