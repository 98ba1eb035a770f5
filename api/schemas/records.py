"""Records over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.checks import ContactResponse
from api.schemas.common import (
    FirearmResponse,
    PartyResponse,
    SharedResponse,
    columns,
    how_shared,
    named,
)
from api.schemas.fields import Code, StateCode, Text
from salsa_ext.readmodels.disclosed import DisclosureView
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.services.histories import History, Step
from salsa_ext.values import codes


class RecordResponse(FirearmResponse, SharedResponse):
    """A record of one gun; private persons are named to their own state, else with its consent.

    One that is `withdrawn` tells of an arrival that a correction took back, or of what was reported in error.
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
        return columns(row) | how_shared(disclosed.sharing, disclosed.held) | {
            "marks": view.marks,
            "giver": named(view.parties, row.giver_id, may),
            "receiver": named(view.parties, row.receiver_id, may),
            "reason": row.reason if may("remarks") else None,
            "visibility": setting.visibility if setting and disclosed.is_own else None,
            "handling": setting.handling if setting else None,
            "withdrawn": view.is_withdrawn,
        }  # fmt: skip


class StepResponse(Schema):
    """One record of a history; `through` a `link` or a `match` from the record `since`."""

    record = fields.Nested(RecordResponse, required=True)
    through = fields.String(required=True)
    since = fields.UUID(required=True, allow_none=True)
    match = fields.UUID(required=True, allow_none=True)

    @pre_dump
    def _present(self, step: Step, **_: Any) -> dict[str, Any]:
        return {"record": step.disclosed, "through": step.way.through, "since": step.way.since,
                "match": step.way.match}  # fmt: skip


class HolderResponse(Schema):
    """A state that holds a record of the gun and shows it to nobody: whom to ask."""

    state = fields.String(required=True)
    record = fields.UUID(required=True)
    match = fields.UUID(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class HistoryResponse(Schema):
    """The records of one gun in the order in which they happened, as far as the caller may see."""

    record = fields.UUID(required=True)
    steps = fields.List(fields.Nested(StepResponse), required=True)
    points_to = fields.List(fields.Nested(HolderResponse), required=True)

    @pre_dump
    def _present(self, history: History, **_: Any) -> dict[str, Any]:
        holders = [
            {"state": view.match.other_state, "record": view.match.record_id,
             "match": view.match.id, "contact": view.contact}
            for view in history.points_to
        ]  # fmt: skip
        return {"record": history.record, "steps": history.steps, "points_to": holders}


class DisclosureResponse(Schema):
    """To which state a record was shown or given: when, which version and field groups, and for what.

    `through` says by what: `reading` it, an `answer` to a trace, a `form` that passes it on, or what
    found it by a mark: a `check`, the receipt of a `seizure`, the search of a `trace`, a `match`, a `hit`.
    `by_itself` where no person asked for it or gave it. `role` is that of who received it, null where a
    state did and no person of it; `given_by` the state that gave it, another one where it was passed on.
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
        return columns(view.entry) | {
            "state": view.state, "role": view.role, "given_by": view.given_by,
            "through": view.through, "by_itself": view.is_by_itself,
            "record_version": view.version, "groups": said.get("groups", ()),
            "handling": said.get("handling"),
        }  # fmt: skip


class DisclosureQuery(ListQuery):
    """To whom, and for what."""

    owner_state = StateCode(data_key="state")
    purpose = Code(codes.PURPOSES)
    case_number = Text(most=100)
