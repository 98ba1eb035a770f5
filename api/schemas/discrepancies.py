"""Discrepancies over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.events import TimelineResponse
from api.schemas.fields import Code, Id, QueryFlag, RequestSchema, StateCode, Text
from salsa_ext.readmodels.discrepancies import DiscrepancyView
from salsa_ext.values import codes
from salsa_ext.values.positions import Assigning, Saying


class SayingRequest(RequestSchema):
    """Why it is so, in words that all states concerned read."""

    value = Saying
    text = Text(most=2000, required=True)


class AgreeRequest(RequestSchema):
    """Agreement, with words or without."""

    value = Saying
    text = Text(most=2000)


class AssignRequest(RequestSchema):
    """Who works on it."""

    value = Assigning
    username = Text(most=100, required=True)


class PositionResponse(Schema):
    """What one state says."""

    state = fields.String(attribute="owner_state", required=True)
    stance = fields.String(required=True)
    explanation = fields.String(allow_none=True)
    changed_at = fields.DateTime(required=True)


class DiscrepancySubjectResponse(Schema):
    """What it is about."""

    kind = fields.String(required=True)
    state = fields.String(required=True)
    id = fields.UUID(required=True)
    number = fields.String(required=True)


class NamedPartyResponse(Schema):
    """The party that a discrepancy is about, by its role on the permit; the name for who may read permits."""

    role = fields.String(required=True)
    state = fields.String(required=True)
    name = fields.String(allow_none=True)


class DiscrepancyResponse(Schema):
    """Something that does not add up; a state that has said nothing has no position yet.

    While it waits, `waiting_for` are the states that have said nothing, or where all have spoken
    those that have not agreed.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    key = fields.String(required=True)
    status = fields.String(required=True)
    subject = fields.Nested(DiscrepancySubjectResponse, required=True)
    concerned = fields.List(fields.String(), required=True)
    data = fields.Dict(keys=fields.String(), required=True)
    positions = fields.List(fields.Nested(PositionResponse), required=True)
    explained_by = fields.List(fields.String(), required=True)
    agreed_by = fields.List(fields.String(), required=True)
    waiting_for = fields.List(fields.String(), required=True)
    party = fields.Nested(NamedPartyResponse, allow_none=True)
    assignee = fields.String(allow_none=True)
    raised_at = fields.DateTime(required=True)
    changed_at = fields.DateTime(required=True)
    events = fields.List(fields.Nested(TimelineResponse))

    @pre_dump
    def _present(self, view: DiscrepancyView, **_: Any) -> dict[str, Any]:
        row = view.discrepancy
        subject = {"kind": row.subject_kind, "state": row.owner_state, "id": row.subject_id,
                   "number": row.subject_number}  # fmt: skip
        return columns(row) | {
            "subject": subject, "positions": view.positions, "assignee": view.assignee,
            "events": view.events, "party": view.party, "explained_by": view.explained_by,
            "agreed_by": view.agreed_by, "waiting_for": view.waiting_for,
        }  # fmt: skip


class DiscrepancyQuery(ListQuery):
    """Which discrepancies; `waiting` are those that are neither agreed nor resolved."""

    kind = Code(codes.DISCREPANCY_KINDS)
    status = Code(codes.DISCREPANCY_STATUSES)
    waiting = QueryFlag()
    subject_kind = Code(("permit", "shipment"))
    subject_id = Id(data_key="subject")
    subject_number = Text(most=100, data_key="number")
    owner_state = StateCode(data_key="state")
    assignee = Text(most=100)
