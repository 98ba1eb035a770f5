"""Settings of the own state over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.schemas.fields import Code, Day, Flag, Items, RequestSchema, StateCode, Whole
from salsa_ext.readmodels.settings import SettingsView
from salsa_ext.values.codes import TRACE_APPROVALS
from salsa_ext.values.settings import (
    LONGEST_DAYS,
    LONGEST_HOURS,
    LONGEST_TERMS,
    MOST_DATES,
    SettingsChange,
)


class SettingsRequest(RequestSchema):
    """What to set anew; what is left out stays as it is."""

    value = SettingsChange
    counterpart_days = Whole(least=1, most=LONGEST_DAYS)
    overdue_hours = Whole(least=0, most=LONGEST_HOURS)
    electronic_copies_with = Items(StateCode(), most=50)
    answers_automatically = Flag()
    flash_minutes = Whole(least=1, most=LONGEST_TERMS["flash_minutes"])
    urgent_hours = Whole(least=1, most=LONGEST_TERMS["urgent_hours"])
    priority_days = Whole(least=1, most=LONGEST_TERMS["priority_days"])
    routine_days = Whole(least=1, most=LONGEST_TERMS["routine_days"])
    weekdays = Items(Whole(least=1, most=7), most=7)
    closed_on = Items(Day(), most=MOST_DATES)
    open_on = Items(Day(), most=MOST_DATES)
    trace_approval = Code(TRACE_APPROVALS)


class SettingsResponse(Schema):
    """Settings of a state; `electronic_copies_agreed` are the states that agreed to them too."""

    state = fields.String(required=True)
    version = fields.Integer(required=True)
    counterpart_days = fields.Integer(required=True)
    overdue_hours = fields.Integer(required=True)
    electronic_copies_with = fields.List(fields.String(), required=True)
    electronic_copies_agreed = fields.List(fields.String(), required=True)
    answers_automatically = fields.Boolean(required=True)
    flash_minutes = fields.Integer(required=True)
    urgent_hours = fields.Integer(required=True)
    priority_days = fields.Integer(required=True)
    routine_days = fields.Integer(required=True)
    weekdays = fields.List(fields.Integer(), required=True)
    closed_on = fields.List(fields.Date(), required=True)
    open_on = fields.List(fields.Date(), required=True)
    trace_approval = fields.String(required=True)

    @pre_dump
    def _present(self, view: SettingsView, **_: Any) -> dict[str, Any]:
        return vars(view) | vars(view.settings) | {"electronic_copies_agreed": view.agreed}
