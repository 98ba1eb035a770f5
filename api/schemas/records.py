"""Records over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.schemas.checks import ContactResponse
from api.schemas.common import FirearmResponse, PartyResponse, columns, side
from salsa_ext.services.disclosures import Disclosure
from salsa_ext.services.histories import History, Step


class RecordResponse(FirearmResponse):
    """A record of one gun; private persons are named to their own state alone.

    One that is `withdrawn` tells of an arrival that a correction took back.
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
    handling = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)
    withdrawn = fields.Boolean(required=True)

    @pre_dump
    def _present(self, disclosed: Disclosure, **_: Any) -> dict[str, Any]:
        view = disclosed.view
        row, setting = view.record, view.setting
        return columns(row) | {
            "marks": view.marks,
            "giver": _named(disclosed, row.giver_id),
            "receiver": _named(disclosed, row.receiver_id),
            "visibility": setting.visibility if setting and disclosed.is_own else None,
            "handling": setting.handling if setting else None,
            "withdrawn": view.is_withdrawn,
        }


def _named(disclosed: Disclosure, party_id: Any) -> Any:
    party = side(disclosed.view.parties, party_id)
    if party is None or disclosed.is_own or party.kind != "individual":
        return party
    return {"kind": party.kind, "country": party.country}


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
