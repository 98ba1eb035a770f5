"""Schemas of consents."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Id, Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.common import row_fields
from salsa_ext.core import codes
from salsa_ext.disclosure.consents import ConsentData, ConsentView, GrantData
from salsa_ext.trade.permits.values import StatusDecision


class ConsentRequest(RequestSchema):
    """Use of another state's record in a case, with the reason.

    Both states read the reason. `names` its private persons, `court` use in court, `onward` to the
    state `to`, `compelled` notice of a disclosure forced by law.
    """

    value = ConsentData
    record = Id(required=True)
    use = Code(codes.CONSENT_USES, required=True)
    to = StateCode()
    case_number = Text(most=100, required=True)
    reason = Text(most=1000, required=True)


class ConsentGrantRequest(RequestSchema):
    """Grant of a use until a day."""

    value = GrantData
    expires_on = Day(required=True)
    reason = Text(most=1000)


class ConsentRefusalRequest(RequestSchema):
    """Reason to refuse or revoke a consent."""

    value = StatusDecision
    reason = Text(most=1000, required=True)


class ConsentResponse(Schema):
    """Consent as stored by the caller's state; `answer` of the origin."""

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
        return row_fields(view.consent) | {"status": view.status}


class ConsentQuery(ListQuery):
    """Filter of consents by states, record and case."""

    status = Code(codes.CONSENT_STATUSES)
    use = Code(codes.CONSENT_USES)
    origin_state = StateCode()
    asking_state = StateCode()
    record_id = Id(data_key="record")
    case_number = Text(most=100)
