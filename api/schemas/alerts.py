"""Alerts over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import FirearmRequest, ItemResponse, columns, items
from api.schemas.fields import Code, Day, Flag, Id, Items, Nested, RequestSchema, StateCode, Text
from salsa_ext.readmodels.alerts import AlertView
from salsa_ext.values import codes
from salsa_ext.values.alerts import AlertData


class AlertRequest(RequestSchema):
    """What to do when a gun is met: give the `firearm`, or the id of a `record` of your state.

    `visible_to` names the states to which it shows, all where it is left out. What is let pass
    shows to nobody, and your state is told after the fact. A second alert on one serial in a case is
    taken only with `confirm_second`.
    """

    value = AlertData
    action = Code(codes.ALERT_ACTIONS, required=True)
    priority = Code(codes.HIT_PRIORITIES, load_default="routine")
    reason = Code(codes.ALERT_REASONS, required=True)
    reason_text = Text(most=500)
    case_number = Text(most=100, required=True)
    expires_on = Day(required=True)
    firearm = Nested(FirearmRequest)
    record = Id()
    visible_to = Items(StateCode(), most=50, least=1)
    confirm_second = Flag()


class AlertCancelRequest(RequestSchema):
    """Why an alert ends before its last day."""

    reason = Text(most=500, required=True)


class AlertResponse(Schema):
    """An alert of your state, and how it stands; `compared` once all records were looked through.

    `source_withdrawn` where what `of_record` told was taken back: it is to be cancelled.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    status = fields.String(required=True)
    action = fields.String(required=True)
    priority = fields.String(required=True)
    reason = fields.String(required=True)
    reason_text = fields.String(allow_none=True)
    case_number = fields.String(required=True)
    expires_on = fields.Date(required=True)
    visible_to = fields.List(fields.String(), allow_none=True)
    of_record = fields.UUID(allow_none=True)
    source_withdrawn = fields.Boolean(required=True)
    firearm = fields.Nested(ItemResponse, required=True)
    second_check = fields.String(required=True)
    compared = fields.Boolean(required=True)
    entered_at = fields.DateTime(required=True)
    entered_by = fields.String(allow_none=True)
    verified_at = fields.DateTime(allow_none=True)
    verified_by = fields.String(allow_none=True)
    validate_on = fields.Date(required=True)
    ended_at = fields.DateTime(allow_none=True)
    end_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: AlertView, **_: Any) -> dict[str, Any]:
        return columns(view.alert) | {
            "firearm": items([view.gun])[0], "compared": view.is_compared,
            "source_withdrawn": view.is_groundless,
            "entered_by": view.entered_by, "verified_by": view.verified_by,
        }  # fmt: skip


class AlertQuery(ListQuery):
    """Which alerts."""

    status = Code(codes.ALERT_STATUSES)
    action = Code(codes.ALERT_ACTIONS)
    reason = Code(codes.ALERT_REASONS)
    case_number = Text(most=100)
    second_check = Code(codes.SECOND_CHECKS)
