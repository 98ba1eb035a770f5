"""Calls across border posts over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.checks import ContactResponse
from api.schemas.fields import Id, QueryFlag, RequestSchema
from salsa_ext.readmodels.calls import CallView
from salsa_ext.services.calls import CallData


class CallRequest(RequestSchema):
    """What the other side is asked to call about: a shipment, or nothing that is named."""

    value = CallData
    shipment = Id()


class CallResponse(Schema):
    """A call that one side of a post asked of the other; `contact` is how who asked is reached.

    `answered_at` is when the side that was asked said that it called. The shipment is named where
    it concerns both.
    """

    id = fields.UUID(required=True)
    post = fields.String(required=True)
    asking_state = fields.String(required=True)
    asked_state = fields.String(required=True)
    agency = fields.String(allow_none=True)
    shipment = fields.UUID(allow_none=True)
    shipment_number = fields.String(allow_none=True)
    asked_at = fields.DateTime(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    answered_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: CallView, **_: Any) -> dict[str, Any]:
        names = ("id", "post", "agency", "shipment_number", "asked_at")
        return {name: getattr(view.call, name) for name in names} | {
            "asking_state": view.call.owner_state, "asked_state": view.asked_state,
            "shipment": view.call.shipment_id, "contact": view.office,
            "answered_at": view.answered_at,
        }  # fmt: skip


class CallQuery(ListQuery):
    """Which calls: those that are answered, or those that wait."""

    answered = QueryFlag()
