"""Schemas of traces: drafts, legs, results, advice."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, pre_dump

from api.http.fields.declared import request_schema, response_schema
from api.http.fields.scalars import (
    Code,
    Day,
    EventDay,
    Flag,
    Id,
    Line,
    QueryWhole,
    StateCode,
    Text,
    Whole,
)
from api.http.fields.schemas import Items, Nested, RequestSchema
from api.http.pagination import ListQuery, listing_fields
from api.i18n.messages import translate, translate_event
from api.schemas.common import (
    FirearmRequest,
    PartyResponse,
    SharedResponse,
    parse_day,
    present_sharing,
    row_fields,
)
from api.schemas.tracing.requests import MessageResponse, TraceContentResponse, present_stored_gun
from salsa_ext.core import codes
from salsa_ext.core.errors import Message
from salsa_ext.core.occurrence import ExternalId
from salsa_ext.disclosure.sharing import party_group
from salsa_ext.tracing.chains.description_gaps import Gap, Outlook
from salsa_ext.tracing.requests.values import CommentData
from salsa_ext.tracing.traces import values as trace_values
from salsa_ext.tracing.traces.attempts import Attempt, best_status, list_attempts
from salsa_ext.tracing.traces.leg_views import LegView
from salsa_ext.tracing.traces.queries import LISTING, TraceView
from salsa_ext.tracing.traces.trace_results import ResultView
from salsa_ext.tracing.traces.values import SendData, TraceData


class MissingFieldResponse(Schema):
    """Missing field of a trace, and how much it would raise the expected success."""

    field = fields.String(required=True)
    texts = fields.List(fields.String(), required=True)
    gain = fields.Float(required=True)

    @pre_dump
    def _present(self, gap: Gap, **_: Any) -> dict[str, Any]:
        return {
            "field": gap.field,
            "texts": [translate(text) for text in gap.texts],
            "gain": round(gap.gain, 3),
        }


class TraceAdviceResponse(Schema):
    """Expected success of a draft; `next` is the most useful missing field.

    `share` of such traces answered with a record, as it is assumed.
    """

    share = fields.Float(required=True)
    text = fields.String(required=True)
    next = fields.String(required=True, allow_none=True)
    missing = fields.List(fields.Nested(MissingFieldResponse), required=True)

    @pre_dump
    def _present(self, outlook: Outlook, **_: Any) -> dict[str, Any]:
        return {
            "share": round(outlook.share, 3),
            "text": translate(outlook.text),
            "next": outlook.next,
            "missing": outlook.gaps,
        }


class AmendTraceRequest(RequestSchema):
    """Complete new content of a draft; its approval is requested again.

    `firearm` and `found_on` only for a described gun, not for one of a seizure.
    """

    value = TraceData
    firearm = Nested(FirearmRequest)
    found_on = EventDay()
    case_number = Text(most=100, required=True)
    priority = Code(codes.PRIORITIES, required=True)
    priority_reason = Text(most=500)
    legal_basis = Text(most=500, required=True)
    illicit_reason = Code(codes.ILLICIT_REASONS, required=True)
    circumstances = Text(most=2000, required=True)
    intended_use = Code(codes.INTENDED_USES, required=True)
    needed_by = Day()
    confidentiality_requested = Flag()
    note = Text(most=2000)
    external_ids = Items(Nested(request_schema(ExternalId)), most=20, load_default=())
    confirm_second = Flag()

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **more: Any) -> None:
        """Add the errors of missing fields to those found."""
        super().handle_error(error, data, many=many, **more)
        if isinstance(error.messages, dict) and isinstance(data, Mapping):
            for path, text in self.missing_fields(data).items():
                error.messages.setdefault(path, [text])

    def missing_fields(self, data: Mapping[str, Any]) -> dict[str, Message]:
        """Return errors of fields required by other fields."""
        return trace_values.missing_draft_fields(data)


class TraceRequest(AmendTraceRequest):
    """Trace request with the content of the International Tracing Instrument (V, 17).

    Sent at once unless it is a `draft` or needs approval. `hidden_from`: agencies of all states
    that must not see it. Give an own `seizure` and `item`, or `firearm` and `found_on`. A second
    open trace of the gun and case needs `confirm_second`.
    """

    seizure = Id()
    item = Whole(least=1, most=1_000_000)
    draft = Flag()
    hidden_from = Items(Line(most=60), most=100)

    def missing_fields(self, data: Mapping[str, Any]) -> dict[str, Message]:
        """Return errors of missing fields, also of the gun."""
        return trace_values.missing_fields(data)


class RejectTraceRequest(RequestSchema):
    """Reason to reject a draft, read by its author."""

    value = CommentData
    text = Text(most=2000, required=True)


class SendTraceRequest(RequestSchema):
    """Confirmation to send a rejected draft that needs no approval."""

    value = SendData
    confirm_rejected = Flag(attribute="confirm_declined", load_default=False)


class AttemptResponse(Schema):
    """Try to have an answer by one channel."""

    channel = Code(codes.CHANNELS, required=True)
    status = Code((*codes.LEG_STATUSES, "to_send"), required=True)
    reference = fields.String(required=True, allow_none=True)
    sent_on = fields.Date(required=True, allow_none=True)
    answered_on = fields.Date(required=True, allow_none=True)
    reply_class = Code(codes.REPLY_CLASSES, required=True, allow_none=True)
    failure_reason = Code(codes.ANSWER_FAILURE_REASONS, required=True, allow_none=True)

    @pre_dump
    def _present(self, attempt: Attempt, **_: Any) -> dict[str, Any]:
        days = {name: parse_day(getattr(attempt, name)) for name in ("sent_on", "answered_on")}
        return vars(attempt) | days


class LegResponse(Schema):
    """Request to one state, its reasons and its answer.

    `attempts`: that by its `channel` first; its `status` is the best of them. `unsent`: the form of
    another channel is not sent yet. `asked_on`, `answered_on`: days entered by the officer for
    another channel; `answered_at`: time of that entry. `outdated`: answered before the gun was
    described again.
    """

    id = fields.UUID(required=True)
    state = StateCode(required=True)
    channel = Code(codes.CHANNELS, required=True)
    status = Code(codes.LEG_STATUSES, required=True)
    unsent = fields.Boolean(attribute="is_form_pending", required=True)
    outdated = fields.Boolean(attribute="is_of_earlier_reading", required=True)
    reasons = fields.List(fields.String(), required=True)
    reference = fields.String(allow_none=True)
    automatic = fields.Boolean(attribute="is_automatic", required=True)
    events = fields.Integer(required=True)
    messages = fields.List(fields.Nested(MessageResponse), required=True)
    records_through = fields.Date(allow_none=True)
    asked_at = fields.DateTime(required=True, allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    asked_on = fields.Date(required=True, allow_none=True)
    answered_on = fields.Date(required=True, allow_none=True)
    attempts = fields.List(fields.Nested(AttemptResponse), required=True)

    @pre_dump
    def _present(self, view: LegView, **_: Any) -> dict[str, Any]:
        leg = view.leg
        names = "messages is_of_earlier_reading asked_at asked_on".split()
        return (
            row_fields(leg)
            | {name: getattr(view, name) for name in names}
            | {
                "state": leg.state,
                "reasons": [translate_event(reason) for reason in leg.reasons],
                "events": len(leg.events),
                "status": best_status(leg),
                "attempts": list_attempts(leg),
            }
        )


class ApprovalChangeResponse(Schema):
    """Field of a draft that changed since approval was requested or given."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class TraceApprovalResponse(Schema):
    """Approval of a trace: `by` a second person of the `own` state, or `alone`.

    `asked_at` without `by`: waiting for a person. `changed`: fields changed since the request or
    approval.
    """

    by = Code(codes.TRACE_APPROVAL_MODES[1:], required=True, allow_none=True)
    asked_at = fields.DateTime(required=True, allow_none=True)
    approved_at = fields.DateTime(required=True, allow_none=True)
    changed = fields.List(fields.Nested(ApprovalChangeResponse), required=True)


class TraceResponse(TraceContentResponse):
    """Trace with its legs; with advice until sent.

    `completed`: no answer is due, whatever came of it; see `outcome` and `refused_by`.
    """

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    status = Code(codes.TRACE_STATUSES, required=True)
    outcome = Code(codes.TRACE_OUTCOMES, required=True, allow_none=True)
    seizure = fields.UUID(attribute="seizure_id", allow_none=True)
    created_at = fields.DateTime(required=True)
    sent_at = fields.DateTime(allow_none=True)
    note = fields.String(allow_none=True)
    external_ids = fields.List(fields.Nested(response_schema(ExternalId)), required=True)
    refused_by = fields.List(StateCode(), required=True)
    legs = fields.List(fields.Nested(LegResponse), required=True)
    notes = fields.List(fields.Nested(MessageResponse), required=True)
    advice = fields.Nested(TraceAdviceResponse, allow_none=True)
    approval = fields.Nested(TraceApprovalResponse, allow_none=True)
    remarks = fields.List(fields.String(), required=True)

    @pre_dump
    def _present(self, view: TraceView, **_: Any) -> dict[str, Any]:
        return (
            row_fields(view.trace)
            | {name: getattr(view, name) for name in ("refused_by", "notes", "assignee")}
            | {
                "legs": view.leg_views,
                "hidden_from": view.restricted_agencies,
                "firearm": present_stored_gun(view.trace.firearm),
                "approval": _present_approval(view),
                "remarks": [translate_event(remark) for remark in view.remarks],
                "advice": view.outlook,
            }
        )


class ChainEventResponse(SharedResponse):
    """Event of a chain with source and confidence.

    Without `confidence` if a person identified the gun; `manual_entry` names the own entry of
    another channel.
    """

    state = StateCode(required=True)
    record = fields.String(required=True)
    event = Code(codes.EVENT_KINDS, required=True)
    occurred_on = fields.String(required=True)
    document_kind = fields.String(required=True, allow_none=True)
    document_number = fields.String(allow_none=True)
    counterpart_state = StateCode(allow_none=True)
    giver = fields.Nested(PartyResponse, data_key="from", allow_none=True)
    receiver = fields.Nested(PartyResponse, data_key="to", allow_none=True)
    serial = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    calibre = fields.String(allow_none=True)
    country_of_manufacture = fields.String(allow_none=True)
    year = fields.Integer(allow_none=True)
    confidence = Code(codes.MATCH_STRENGTHS, attribute="strength", required=True, allow_none=True)
    score = fields.Float(attribute="bits", required=True)
    corrected_at = fields.String(allow_none=True)
    manual_entry = fields.String(attribute="by_hand", allow_none=True)


class ChainConflictResponse(ChainEventResponse):
    """Event that contradicts the chain, with the reason."""

    reason = fields.String(attribute="why", required=True)


class PossibleRecordResponse(ChainEventResponse):
    """Record that may be of the gun: why, why not, and what a person who compared it decided.

    Nothing is concluded from it, and its parties are not named.
    """

    why = fields.List(fields.String(), required=True)
    why_not = fields.List(fields.String(), required=True)
    judgement = Code(codes.JUDGEMENTS, allow_none=True)


class DaysResponse(Schema):
    """Days between two events, as a range: `2019` may be any of its days."""

    least = fields.Integer(required=True)
    most = fields.Integer(required=True)


class TraceCandidateResponse(Schema):
    """One of several possible guns, by first sale or last record.

    `records`: its events of the chain, in order.
    """

    records = fields.List(fields.String(), required=True)
    record = fields.String(required=True)
    state = StateCode(required=True)
    occurred_on = fields.String(required=True)
    time_to_crime_days = fields.Integer(required=True, allow_none=True)
    time_to_crime = fields.Nested(DaysResponse, required=True, allow_none=True)


class DiversionResponse(Schema):
    """Point of diversion: records around it and the evidence."""

    after = fields.String(required=True)
    before = fields.String(allow_none=True)
    diversion_kind = fields.String(required=True)
    reason = fields.String(attribute="why", required=True)


SEARCHED_STATUSES = (
    *codes.LEG_STATUSES,
    "to_send",
    "not_sent",
    "not_asked",
    "to_ask",
    "not_traced",
)


class SearchedRegisterResponse(Schema):
    """Register that a state took part with when it was asked, and what it is complete for."""

    register = Code(codes.REGISTERS, required=True)
    mode = Code(codes.REGISTER_MODES, required=True)
    since = fields.Date(required=True)
    complete = fields.Boolean(required=True)
    makes = fields.List(fields.String(), required=True)
    year_from = fields.Integer(required=True, allow_none=True)
    year_to = fields.Integer(required=True, allow_none=True)


class SearchedStateResponse(Schema):
    """State that was searched or asked: its registers, last day of its records, its answer."""

    state = StateCode(required=True)
    registers = fields.List(fields.Nested(SearchedRegisterResponse), required=True)
    records_through = fields.Date(attribute="through", required=True, allow_none=True)
    answer = Code(SEARCHED_STATUSES, attribute="status", required=True)


class TraceResultQuery(RequestSchema):
    """How long to wait for the answers of states that answer by themselves."""

    wait = QueryWhole(least=0, most=30, load_default=0)


class TraceResultResponse(Schema):
    """Result of the answers so far."""

    trace = fields.UUID(required=True)
    status = Code(codes.TRACE_STATUSES, required=True)
    found_on = EventDay(required=True)
    found_as = Code(codes.SEIZURE_KINDS, required=True)
    outcome = Code(codes.TRACE_OUTCOMES, required=True)
    scope = Code(("domestic", "international"), allow_none=True)
    reached = fields.String(allow_none=True)
    ambiguous = fields.Boolean(required=True)
    several_marks = fields.Boolean(required=True)
    chain = fields.List(fields.Nested(ChainEventResponse), required=True)
    candidates = fields.List(fields.Nested(TraceCandidateResponse), required=True)
    conflicts = fields.List(fields.Nested(ChainConflictResponse), required=True)
    possible = fields.List(fields.Nested(PossibleRecordResponse), required=True)
    last_lawful = fields.Nested(ChainEventResponse, allow_none=True)
    point_of_diversion = fields.Nested(DiversionResponse, allow_none=True)
    time_to_crime_days = fields.Integer(allow_none=True)
    time_to_crime = fields.Nested(DaysResponse, allow_none=True)
    since_last_lawful_days = fields.Integer(allow_none=True)
    since_last_lawful = fields.Nested(DaysResponse, allow_none=True)
    searched = fields.List(fields.Nested(SearchedStateResponse), required=True)
    missing = fields.List(fields.String(), required=True)
    remarks = fields.List(fields.String(), required=True)
    failure_reason = fields.String(allow_none=True)

    @pre_dump
    def _present(self, view: ResultView, **_: Any) -> dict[str, Any]:
        result = view.result
        named = [_present_event(event, view) for event in result.chain]
        diversion = result.point_of_diversion
        return vars(result) | {
            "trace": view.trace.id,
            "status": view.trace.status,
            "found_on": view.trace.found_on,
            "found_as": view.find_event,
            "time_to_crime_days": result.time_to_crime_days,
            "since_last_lawful_days": result.since_last_lawful_days,
            "chain": named,
            "conflicts": [
                _present_event(event, view)
                | {"why": translate_event(result.objections[event["record"]])}
                for event in result.conflicts
            ],
            "possible": [
                _present_event({**each.event, "giver": None, "receiver": None}, view)
                | {
                    "why": [translate_event(text) for text in each.why],
                    "why_not": [translate_event(text) for text in each.why_not],
                }
                for each in result.possible
            ],
            "last_lawful": _present_event(result.last_lawful, view) if result.last_lawful else None,
            "point_of_diversion": diversion
            and diversion | {"why": translate_event(diversion["why"])},
            "missing": [translate_event(text) for text in result.missing],
            "remarks": [translate_event(text) for text in result.remarks],
            "searched": view.searched,
        }


class TraceQuery(ListQuery):
    """Filter and order of traces."""

    from_day, to_day, sort = listing_fields(LISTING)
    serial = Text(most=64)
    external_id = Text(most=100)
    status = Code(codes.TRACE_STATUSES)
    case_number = Text(most=100)
    priority = Code(codes.PRIORITIES)


def _present_approval(view: TraceView) -> dict[str, Any] | None:
    row = view.trace
    if row.approval is None and row.approval_requested_at is None:
        return None
    return {
        "by": row.approval,
        "asked_at": row.approval_requested_at,
        "approved_at": row.approved_at,
        "changed": view.changes,
    }


def _present_event(event: Mapping[str, Any], view: ResultView) -> dict[str, Any]:
    """Return an event with readable parties, else their kinds."""
    parties, groups = {}, []
    for name in ("giver", "receiver"):
        party = event[name]
        parties[name] = (view.parties.get(UUID(party["id"])) or party) if party else None
        groups += [party_group(party["kind"])] if party else []
    shared = view.sharing[event["record"]]
    by_hand = {"by_hand": translate_event(event["by_hand"])} if "by_hand" in event else {}
    return dict(event) | present_sharing(shared, dict.fromkeys(groups)) | parties | by_hand
