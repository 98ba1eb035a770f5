"""Consents over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import Code, Day, Id, RequestSchema, StateCode, Text
from salsa_ext.readmodels.consents import ConsentView
from salsa_ext.values import codes
from salsa_ext.values.changes import Decision
from salsa_ext.values.consents import ConsentData, Granting


class ConsentRequest(RequestSchema):
    """A use of another state's record in a case, and why; both states read the reason.

    `names` its private persons, `court` takes it there, `onward` passes it on to the state `to`;
    `compelled` gives notice that the law forces the disclosure.
    """

    value = ConsentData
    record = Id(required=True)
    use = Code(codes.CONSENT_USES, required=True)
    to = StateCode()
    case_number = Text(most=100, required=True)
    reason = Text(most=1000, required=True)


class GrantRequest(RequestSchema):
    """Through which day the use is allowed."""

    value = Granting
    expires_on = Day(required=True)
    reason = Text(most=1000)


class ConsentRefusal(RequestSchema):
    """Why a consent is not given, or no longer."""

    value = Decision
    reason = Text(most=1000, required=True)


class ConsentResponse(Schema):
    """A consent as the caller's state keeps it; `answer` is what the origin says to it."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = fields.String(required=True)
    origin_state = fields.String(required=True)
    asking_state = fields.String(required=True)
    record = fields.UUID(attribute="record_id", required=True)
    use = fields.String(required=True)
    to = fields.String(attribute="to_state", required=True, allow_none=True)
    case_number = fields.String(required=True)
    reason = fields.String(required=True)
    answer = fields.String(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    asked_at = fields.DateTime(required=True)
    answered_at = fields.DateTime(allow_none=True)

    @pre_dump
    def _present(self, view: ConsentView, **_: Any) -> dict[str, Any]:
        return columns(view.consent) | {"status": view.status}


class ConsentQuery(ListQuery):
    """Which consents: asked of one state, by one, of one record."""

    status = Code(codes.CONSENT_STATUSES)
    use = Code(codes.CONSENT_USES)
    origin_state = StateCode()
    asking_state = StateCode()
    record_id = Id(data_key="record")
    case_number = Text(most=100)
