"""Schemas of records, histories and disclosures."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, StateCode
from api.http.fields.texts import Text
from api.http.pagination import ListQuery
from api.schemas.common import (
    FirearmResponse,
    PartyResponse,
    SharedResponse,
    present_party,
    present_sharing,
    row_fields,
)
from api.schemas.reference import ContactResponse
from salsa_ext.administration.audit import DisclosureView
from salsa_ext.core import codes
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.matches.histories import History, HistoryStep


class RecordResponse(FirearmResponse, SharedResponse):
    """Record of one gun; private persons for their state or with consent.

    `withdrawn`: its receipt was corrected or its report made in error.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    event = fields.String(required=True)
    occurred_on = fields.Date(required=True)
    document_kind = fields.String(required=True)
    document = fields.UUID(attribute="document_id", required=True)
    counterpart_state = fields.String(allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)
    visibility = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)
    withdrawn = fields.Boolean(required=True)

    @pre_dump
    def _present(self, disclosed: Disclosure, **_: Any) -> dict[str, Any]:
        view = disclosed.view
        row, setting, may = view.record, view.setting, disclosed.sharing.may
        return (
            row_fields(row)
            | present_sharing(disclosed.sharing, disclosed.present_groups)
            | {
                "marks": view.marks,
                "giver": present_party(view.parties, row.giver_id, may),
                "receiver": present_party(view.parties, row.receiver_id, may),
                "reason": row.reason if may("remarks") else None,
                "visibility": setting.visibility if setting and disclosed.is_own else None,
                "handling": setting.handling if setting else None,
                "withdrawn": view.is_withdrawn,
            }
        )


class HistoryStepResponse(Schema):
    """Record of a history, joined by a `link` or `match` to `since`."""

    record = fields.Nested(RecordResponse, required=True)
    through = fields.String(required=True)
    since = fields.UUID(required=True, allow_none=True)
    match = fields.UUID(required=True, allow_none=True)

    @pre_dump
    def _present(self, step: HistoryStep, **_: Any) -> dict[str, Any]:
        return {
            "record": step.disclosed,
            "through": step.link.kind,
            "since": step.link.from_record,
            "match": step.link.match,
        }


class HolderResponse(Schema):
    """State with an undisclosed record of the gun, and its contact."""

    state = fields.String(required=True)
    record = fields.UUID(required=True)
    match = fields.UUID(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class HistoryResponse(Schema):
    """Visible records of one gun in time order."""

    record = fields.UUID(required=True)
    steps = fields.List(fields.Nested(HistoryStepResponse), required=True)
    points_to = fields.List(fields.Nested(HolderResponse), required=True)

    @pre_dump
    def _present(self, history: History, **_: Any) -> dict[str, Any]:
        holders = [
            {
                "state": view.match.other_state,
                "record": view.match.record_id,
                "match": view.match.id,
                "contact": view.contact,
            }
            for view in history.hidden_matches
        ]
        return {"record": history.record, "steps": history.steps, "points_to": holders}


class DisclosureResponse(Schema):
    """Disclosure of a record to a state: version, field groups, purpose.

    `through`: `reading`, an `answer` to a trace, a `form`, or a search by `check`, `seizure`,
    `trace`, `match` or `hit`. `by_itself`: automatic. `role` of the recipient, null for a state.
    `given_by`: the giving state, another one if passed on.
    """

    id = fields.UUID(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(required=True)
    role = fields.String(required=True, allow_none=True)
    given_by = fields.String(required=True)
    through = fields.String(required=True)
    by_itself = fields.Boolean(required=True)
    purpose = fields.String(allow_none=True)
    case_number = fields.String(allow_none=True)
    record_version = fields.Integer(required=True)
    groups = fields.List(fields.String(), required=True)
    handling = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: DisclosureView, **_: Any) -> dict[str, Any]:
        said = view.entry.data
        return row_fields(view.entry) | {
            "state": view.state,
            "role": view.role,
            "given_by": view.given_by,
            "through": view.through,
            "by_itself": view.is_by_itself,
            "record_version": view.version,
            "groups": said.get("groups", ()),
            "handling": said.get("handling"),
        }


class DisclosureQuery(ListQuery):
    """Filter of disclosures by recipient and purpose."""

    owner_state = StateCode(data_key="state")
    purpose = Code(codes.PURPOSES)
    case_number = Text(most=100)
