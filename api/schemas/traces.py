"""Traces and their results over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, pre_dump

from api.i18n import worded
from api.pagination import ListQuery
from api.schemas.checks import SearchedResponse
from api.schemas.common import (
    FirearmRequest,
    FirearmResponse,
    PartyResponse,
    SharedResponse,
    columns,
    how_shared,
)
from api.schemas.fields import (
    Code,
    Day,
    Flag,
    Id,
    Items,
    Line,
    Nested,
    RequestSchema,
    Text,
    Whole,
)
from api.schemas.requests import MessageResponse, as_shown
from api.schemas.trace_advice import AdviceResponse
from salsa_ext.errors import Message
from salsa_ext.readmodels.sharing import group_of
from salsa_ext.readmodels.trace_legs import LegSaid
from salsa_ext.readmodels.traces import ResultView, TraceView
from salsa_ext.values import codes, inquiries
from salsa_ext.values.inquiries import TraceData
from salsa_ext.values.requests import Sending, Telling


class AmendTraceRequest(RequestSchema):
    """All that a draft shall ask, whole; who was asked to approve it is asked anew.

    A gun that was described is described anew by `firearm` and `found_on`; that of a seizure is as its
    seizure says, and neither stands here.
    """

    value = TraceData
    firearm = Nested(FirearmRequest)
    found_on = Day()
    case_number = Text(most=100, required=True)
    priority = Code(codes.PRIORITIES, required=True)
    priority_reason = Text(most=500)
    legal_basis = Text(most=500, required=True)
    illicit_reason = Code(codes.ILLICIT_REASONS, required=True)
    circumstances = Text(most=2000, required=True)
    intended_use = Code(codes.INTENDED_USES, required=True)
    needed_by = Day()
    confidentiality_requested = Flag()
    confirm_second = Flag()

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **more: Any) -> None:
        """Let what the command would say of the other fields be told with what is wrong already."""
        super().handle_error(error, data, many=many, **more)
        if isinstance(error.messages, dict) and isinstance(data, Mapping):
            for path, said in self.lacking(data).items():
                error.messages.setdefault(path, [said])

    def lacking(self, said: Mapping[str, Any]) -> dict[str, Message]:
        """Return what is needed as the other fields stand."""
        return inquiries.lacking_words(said)


class TraceRequest(AmendTraceRequest):
    """A trace request with what the International Tracing Instrument asks (III, 17).

    It is sent and answered at once, unless `draft` is true, or your state wants a second person who
    has to approve it first (see its `approval`). To the agencies of `hidden_from`, of
    your own state and of those that are asked, there is no such trace. Name your own `seizure` with its
    `item`, or give the `firearm` and `found_on`, the day it was found.
    A second one that is open of the same gun in a case is taken only with `confirm_second`.
    """

    seizure = Id()
    item = Whole(least=1, most=1_000_000)
    draft = Flag()
    hidden_from = Items(Line(most=60), most=100)

    def lacking(self, said: Mapping[str, Any]) -> dict[str, Message]:
        """Return what is needed as the other fields stand, and which gun it is."""
        return inquiries.lacking(said)


class DeclineTraceRequest(RequestSchema):
    """Why a draft is not approved; who drafted it reads it."""

    value = Telling
    text = Text(most=2000, required=True)


class SendTraceRequest(RequestSchema):
    """Nothing has to be said: a draft that was declined, and goes without a second person, is confirmed."""

    value = Sending
    confirm_declined = Flag(load_default=False)


class LegResponse(Schema):
    """What was asked of one state and why, and what it said.

    `is_to_send` where a person has to send the form by its channel yet, or has not said that it went;
    until then `asked_at` is empty. Of another channel `asked_on` and `answered_on` are the days as your
    officer wrote them down, empty where he did not, and `answered_at` is when he did. `earlier_reading`
    where it answered before the gun was read anew, and is to be asked anew.
    """

    id = fields.UUID(required=True)
    state = fields.String(required=True)
    channel = fields.String(required=True)
    status = fields.String(required=True)
    is_to_send = fields.Boolean(required=True)
    earlier_reading = fields.Boolean(required=True)
    why = fields.List(fields.String(), required=True)
    reference = fields.String(allow_none=True)
    automatic = fields.Boolean(required=True)
    events = fields.Integer(required=True)
    messages = fields.List(fields.Nested(MessageResponse), required=True)
    records_through = fields.Date(allow_none=True)
    asked_at = fields.DateTime(required=True, allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    asked_on = fields.Date(required=True, allow_none=True)
    answered_on = fields.Date(required=True, allow_none=True)

    @pre_dump
    def _present(self, said: LegSaid, **_: Any) -> dict[str, Any]:
        leg = said.leg
        return columns(leg) | {
            "state": leg.state, "why": [worded(reason) for reason in leg.why],
            "events": len(leg.events), "messages": said.messages,
            "automatic": leg.is_automatic, "is_to_send": said.is_to_send,
            "earlier_reading": said.is_of_earlier_reading,
            "asked_at": said.asked_at, "asked_on": said.asked_on,
        }  # fmt: skip


class ApprovalChangeResponse(Schema):
    """A field of a draft that said something else when a second person was asked, or approved it."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class TraceApprovalResponse(Schema):
    """Who approved a trace: `own`, a second person of the own state, or `alone`, nobody.

    While `by` is empty and `asked_at` is not, one is waited for. `changed` is what of the draft is
    another than when he was asked first, or approved it.
    """

    by = fields.String(required=True, allow_none=True)
    asked_at = fields.DateTime(required=True, allow_none=True)
    approved_at = fields.DateTime(required=True, allow_none=True)
    changed = fields.List(fields.Nested(ApprovalChangeResponse), required=True)


class TraceResponse(Schema):
    """A trace with its legs, and with advice while it is not sent.

    It is `answered` once no answer is owed any more, also by a refusal: `refused_by` names who refused.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    status = fields.String(required=True)
    case_number = fields.String(required=True)
    seizure = fields.UUID(attribute="seizure_id", allow_none=True)
    firearm = fields.Nested(FirearmResponse, required=True)
    found_on = fields.Date(required=True)
    priority = fields.String(required=True)
    priority_reason = fields.String(allow_none=True)
    legal_basis = fields.String(required=True)
    illicit_reason = fields.String(required=True)
    circumstances = fields.String(required=True)
    intended_use = fields.String(required=True)
    needed_by = fields.Date(allow_none=True)
    confidentiality_requested = fields.Boolean(required=True)
    created_at = fields.DateTime(required=True)
    sent_at = fields.DateTime(allow_none=True)
    assignee = fields.String(allow_none=True)
    refused_by = fields.List(fields.String(), required=True)
    legs = fields.List(fields.Nested(LegResponse), required=True)
    notes = fields.List(fields.Nested(MessageResponse), required=True)
    advice = fields.Nested(AdviceResponse, allow_none=True)
    approval = fields.Nested(TraceApprovalResponse, allow_none=True)
    hidden_from = fields.List(fields.String(), required=True)
    remarks = fields.List(fields.String(), required=True)

    @pre_dump
    def _present(self, view: TraceView, **_: Any) -> dict[str, Any]:
        return columns(view.trace) | {
            "legs": view.said, "refused_by": view.refused_by, "firearm": as_shown(view.trace.firearm),
            "notes": view.notes, "assignee": view.assignee,
            "approval": _approval(view), "hidden_from": view.hidden_from,
            "remarks": [worded(said) for said in view.remarks],
            "advice": view.outlook,
        }  # fmt: skip


class EventResponse(SharedResponse):
    """One event of a chain, with its source and how sure the match is.

    Without `confidence` where a person said that it is of this gun: one of the `state`, or of your own
    who wrote it down from what came back by another channel, of whom `by_hand` says so and of which day.
    """

    state = fields.String(required=True)
    record = fields.String(required=True)
    event = fields.String(required=True)
    occurred_on = fields.String(required=True)
    document_kind = fields.String(required=True)
    document_number = fields.String(allow_none=True)
    counterpart_state = fields.String(allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)
    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    calibre = fields.String(allow_none=True)
    country_of_manufacture = fields.String(allow_none=True)
    year = fields.Integer(allow_none=True)
    confidence = fields.String(attribute="strength", required=True, allow_none=True)
    score = fields.Float(attribute="bits", required=True)
    corrected_at = fields.String(allow_none=True)
    by_hand = fields.String(allow_none=True)


class ConflictResponse(EventResponse):
    """An event that contradicts the chain, and why it does."""

    why = fields.String(required=True)


class TraceCandidateResponse(Schema):
    """One of several guns that it may be: by its first sale, else by what is last recorded of it.

    `records` are the events of the chain that are of that gun, in order.
    """

    records = fields.List(fields.String(), required=True)
    record = fields.String(required=True)
    state = fields.String(required=True)
    occurred_on = fields.String(required=True)
    time_to_crime_days = fields.Integer(required=True, allow_none=True)


class DiversionResponse(Schema):
    """Between which records the gun left the lawful world, and what shows it."""

    after = fields.String(required=True)
    before = fields.String(allow_none=True)
    diversion_kind = fields.String(required=True)
    why = fields.String(required=True)


class SearchedStateResponse(SearchedResponse):
    """A state that was searched or asked: how far its records reached then, and what it said."""

    through = fields.Date(required=True, allow_none=True)
    said = fields.String(required=True)


class ResultResponse(Schema):
    """What the answers amount to so far."""

    trace = fields.UUID(required=True)
    status = fields.String(required=True)
    found_on = fields.Date(required=True)
    found_as = fields.String(required=True)
    outcome = fields.String(required=True)
    scope = fields.String(allow_none=True)
    reached = fields.String(allow_none=True)
    ambiguous = fields.Boolean(required=True)
    several_marks = fields.Boolean(required=True)
    chain = fields.List(fields.Nested(EventResponse), required=True)
    candidates = fields.List(fields.Nested(TraceCandidateResponse), required=True)
    conflicts = fields.List(fields.Nested(ConflictResponse), required=True)
    last_lawful = fields.Nested(EventResponse, allow_none=True)
    point_of_diversion = fields.Nested(DiversionResponse, allow_none=True)
    time_to_crime_days = fields.Integer(allow_none=True)
    since_last_lawful_days = fields.Integer(allow_none=True)
    searched = fields.List(fields.Nested(SearchedStateResponse), required=True)
    missing = fields.List(fields.String(), required=True)
    remarks = fields.List(fields.String(), required=True)
    failure_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: ResultView, **_: Any) -> dict[str, Any]:
        result = view.result
        named = [_named(event, view) for event in result.chain]
        diversion = result.point_of_diversion
        return vars(result) | {
            "trace": view.trace.id, "status": view.trace.status, "found_on": view.trace.found_on,
            "found_as": view.found_as, "chain": named,
            "conflicts": [
                _named(event, view) | {"why": worded(result.objections[event["record"]])}
                for event in result.conflicts
            ],
            "last_lawful": _named(result.last_lawful, view) if result.last_lawful else None,
            "point_of_diversion": diversion and diversion | {"why": worded(diversion["why"])},
            "missing": [worded(text) for text in result.missing],
            "remarks": [worded(text) for text in result.remarks],
            "searched": view.searched,
        }  # fmt: skip


class TraceQuery(ListQuery):
    """Which traces."""

    status = Code(codes.TRACE_STATUSES)
    case_number = Text(most=100)
    priority = Code(codes.PRIORITIES)


def _approval(view: TraceView) -> dict[str, Any] | None:
    row = view.trace
    if row.approval is None and row.approval_asked_at is None:
        return None
    return {
        "by": row.approval, "asked_at": row.approval_asked_at, "approved_at": row.approved_at,
        "changed": view.changed,
    }  # fmt: skip


def _named(event: Mapping[str, Any], view: ResultView) -> dict[str, Any]:
    """Return an event with its parties: by name where they may be read, else by kind."""
    sides, held = {}, []
    for name in ("giver", "receiver"):
        said = event[name]
        sides[name] = (view.parties.get(UUID(said["id"])) or said) if said else None
        held += [group_of(said["kind"])] if said else []
    shared = view.sharing[event["record"]]
    by_hand = {"by_hand": worded(event["by_hand"])} if "by_hand" in event else {}
    return dict(event) | how_shared(shared, dict.fromkeys(held)) | sides | by_hand
