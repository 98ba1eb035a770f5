"""Schemas of trace requests and their messages."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import Code, Day, EventDay, Flag, Id, Line, Moment, StateCode, Text
from api.http.fields.schemas import Items, Nested, RequestSchema
from api.http.pagination import ListQuery, listing_fields
from api.i18n.messages import LazyMessage, translate
from api.schemas.common import FirearmResponse, parse_day, row_fields
from salsa_ext.core import codes
from salsa_ext.tracing.requests.commands import AcknowledgementResult
from salsa_ext.tracing.requests.message_log import MessageView
from salsa_ext.tracing.requests.queries import LISTING, RequestView
from salsa_ext.tracing.requests.values import (
    AcknowledgementData,
    AnswerData,
    CommentData,
    ComparisonData,
    DeferralData,
    ManualEvent,
    ManualParty,
    NoRecordData,
    QuestionData,
    ReferralData,
    RefusalData,
    RestrictionData,
)
from salsa_ext.tracing.traces.values import (
    ChannelData,
    EtraceData,
    FeedbackData,
    LegData,
    Possessor,
    RecoveryAddress,
    ReplyData,
    TraceOriginData,
)


def present_stored_gun(firearm: Mapping[str, Any]) -> dict[str, Any]:
    """Return a gun stored as JSON, with its quantity as a number."""
    quantity = float(firearm["quantity"]) if firearm.get("quantity") else None
    return dict(firearm) | {"quantity": quantity}


class ManualPartyRequest(RequestSchema):
    """Party of a manual event: kind and country only."""

    value = ManualParty
    kind = Code(codes.PARTY_KINDS, required=True)
    country = StateCode(required=True)


class ManualEventRequest(RequestSchema):
    """Event from a state's books, entered by hand, without a record here."""

    value = ManualEvent
    event = Code(codes.EVENT_KINDS, required=True)
    occurred_on = EventDay(required=True)
    document_number = Line(most=100)
    counterpart_state = StateCode()
    giver = Nested(ManualPartyRequest, data_key="from")
    receiver = Nested(ManualPartyRequest, data_key="to")
    serial = Line(most=64)
    make = Line(most=200)
    model = Line(most=200)
    calibre = Line(most=100)


class AnswerRequest(RequestSchema):
    """Answer with own `records` or `events` of your books; `restricted` needs a reason.

    `handling`: at least that of the records and of earlier answers, by default the strictest. A
    record with other marks needs `confirm_other_marks`.
    """

    value = AnswerData
    completeness = Code(codes.ANSWER_COMPLETENESS, required=True)
    restriction_reason = Text(most=2000)
    records = Items(Id(), most=100)
    events = Items(Nested(ManualEventRequest), most=100)
    points_to = Items(StateCode(), most=50)
    handling = Code(codes.HANDLING_CODES)
    note = Text(most=2000)
    failure_reason = Code(codes.ANSWER_FAILURE_REASONS)
    confirm_other_marks = Flag()


class NoRecordRequest(RequestSchema):
    """Answer without a record, optionally with the failure reason.

    Needs `confirm_other_guns` if an open record is a strong match.
    """

    value = NoRecordData
    text = Text(most=2000)
    failure_reason = Code(codes.ANSWER_FAILURE_REASONS)
    confirm_other_guns = Flag()


class RefusalRequest(RequestSchema):
    """Refusal for a reason of the International Tracing Instrument (22).

    Missing data is no reason: use `ask-questions`.
    """

    value = RefusalData
    reason = Code(codes.REFUSAL_REASONS, required=True)
    text = Text(most=2000, required=True)


class DeferRequest(RequestSchema):
    """New day of the answer and the reason."""

    value = DeferralData
    until = Day(required=True)
    reason = Text(most=2000, required=True)


class QuestionsRequest(RequestSchema):
    """Questions to the asking state."""

    value = QuestionData
    questions = Items(Text(most=2000), most=50, required=True)


class ForwardRequest(RequestSchema):
    """State to ask instead.

    Needs `confirm_other_guns` if an open record is a strong match.
    """

    value = ReferralData
    state = StateCode(required=True)
    reason = Text(most=2000, required=True)
    confirm_other_guns = Flag()


class RemarkRequest(RequestSchema):
    """Optional text of an action."""

    value = CommentData
    text = Text(most=2000)


class NoteRequest(RequestSchema):
    """Note for the own state only."""

    value = CommentData
    text = Text(most=2000, required=True)


class RestrictRequest(RequestSchema):
    """Codes of the excluded agencies."""

    value = RestrictionData
    hidden_from = Items(Line(most=60), most=100, required=True)


class LegRequest(RequestSchema):
    """One more state to ask.

    A non-participating one needs a `channel`, with the `reference` there.
    """

    value = LegData
    state = StateCode(required=True)
    reason = Text(most=500, required=True)
    channel = Code(codes.OTHER_CHANNELS)
    reference = Line(most=100)


class TraceOriginRequest(RequestSchema):
    """Where a gun was made or imported, learned after its trace was sent.

    `import_state` is the state that the `importer_mark` names.
    """

    value = TraceOriginData
    country_of_manufacture = StateCode()
    make = Line(most=100)
    importer_mark = Line(most=100)
    import_state = StateCode()


class ChannelRequest(RequestSchema):
    """Channel outside the service, with the `reference` there.

    `sent`: the form was sent, today or on `sent_on`; else, without reference, it is still to be
    sent. By eTrace an incomplete form needs `confirm_incomplete`.
    """

    value = ChannelData
    channel = Code(codes.OTHER_CHANNELS, required=True)
    reference = Line(most=100)
    sent = Flag(load_default=False)
    sent_on = Day()
    confirm_incomplete = Flag()


class PossessorRequest(RequestSchema):
    """Who had the gun, for ATF F 3312.1 alone."""

    value = Possessor
    name = Line(most=200)
    birth_date = Day()
    alias = Line(most=200)
    alias_birth_date = Day()
    height = Line(most=20)
    weight = Line(most=20)
    sex = Line(most=20)
    ethnicity = Line(most=50)
    race = Line(most=50)
    address = Line(most=300)
    identification = Line(most=100)


class RecoveryAddressRequest(RequestSchema):
    """Where the gun was found, in the parts of ATF F 3312.1."""

    value = RecoveryAddress
    street = Line(most=200)
    city = Line(most=100)
    region = Line(most=100)
    postal_code = Line(most=20)


class EtraceRequest(RequestSchema):
    """What ATF F 3312.1 asks besides the trace, for all traces of its seizure.

    It replaces what was typed before. It is stored sealed, printed on the form alone, and never
    searched.
    """

    value = EtraceData
    crime_code = Line(most=50)
    project_code = Line(most=50)
    officer = Line(most=200)
    badge = Line(most=50)
    possessor = Nested(PossessorRequest)
    recovery = Nested(RecoveryAddressRequest)


class ReplyRequest(RequestSchema):
    """Reply to a question, or reply received by another channel.

    The latter has a `status` or a `reply_class`, and the `channel` if it is not the leg's own.
    `answered_on`: date of the reply; `sent_on`: date of sending, if not
    yet recorded. Replaces an earlier reply, stored in the audit, unless `additional`.
    """

    value = ReplyData
    text = Text(most=2000)
    status = Code(codes.MANUAL_LEG_STATUSES)
    events = Items(Nested(ManualEventRequest), most=100)
    points_to = Items(StateCode(), most=50)
    reference = Line(most=100)
    failure_reason = Code(codes.ANSWER_FAILURE_REASONS)
    sent_on = Day()
    answered_on = Day()
    additional = Flag(attribute="is_additional")
    channel = Code(codes.OTHER_CHANNELS)
    reply_class = Code(codes.REPLY_CLASSES)


class ComparisonRequest(RequestSchema):
    """Whether a record is of the gun, and the reason, of a person who compared them."""

    value = ComparisonData
    record = Id(required=True)
    judgement = Code(codes.JUDGEMENTS, required=True)
    reason = Text(most=2000, required=True)


class FeedbackRequest(RequestSchema):
    """Feedback on the answers, sent to their states."""

    value = FeedbackData
    helped = Flag(required=True)
    text = Text(most=2000)


class AcknowledgeManyRequest(RequestSchema):
    """Requests to acknowledge."""

    value = AcknowledgementData
    requests = Items(
        Id(),
        most=100,
        least=1,
        required=True,
        error_messages={"short": LazyMessage("Name at least one request.")},
    )


class NotAcknowledgedResponse(Schema):
    """Request not acknowledged, with the error."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class AcknowledgedResponse(Schema):
    """Acknowledged and refused requests."""

    acknowledged = fields.List(fields.UUID(), required=True)
    not_acknowledged = fields.List(fields.Nested(NotAcknowledgedResponse), required=True)

    @pre_dump
    def _present(self, done: AcknowledgementResult, **_: Any) -> dict[str, Any]:
        failed = [
            {"id": request_id, "code": error.code, "detail": translate(error.message)}
            for request_id, error in done.failures.items()
        ]
        return {"acknowledged": done.acknowledged, "not_acknowledged": failed}


class MessageResponse(Schema):
    """Message of a request: state, time, and author for the own state."""

    kind = fields.String(required=True)
    state = StateCode(required=True)
    at = fields.DateTime(required=True)
    by = fields.String(allow_none=True)
    envelope = fields.UUID(allow_none=True)
    text = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    questions = fields.List(fields.String())
    until = fields.Date(allow_none=True)
    completeness = Code(codes.ANSWER_COMPLETENESS, allow_none=True)
    restriction_reason = fields.String(allow_none=True)
    failure_reason = Code(codes.ANSWER_FAILURE_REASONS, allow_none=True)
    points_to = fields.List(StateCode())
    events = fields.Integer(allow_none=True)
    handling = Code(codes.HANDLING_CODES, allow_none=True)
    forwarded_to = StateCode(allow_none=True)
    helped = fields.Boolean(allow_none=True)
    outcome = Code(codes.TRACE_OUTCOMES, allow_none=True)
    status = Code(codes.REQUEST_STATUSES, allow_none=True)
    channel = Code(codes.CHANNELS, allow_none=True)
    reply_class = Code(codes.REPLY_CLASSES, allow_none=True)
    sent_on = fields.String(allow_none=True)
    answered_on = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    automatic = fields.Boolean(required=True)

    @pre_dump
    def _present(self, view: MessageView, **_: Any) -> dict[str, Any]:
        data = view.data
        fields = {name: data[name] for name in self.fields if name in data and name != "until"}
        return fields | {
            "kind": view.kind,
            "state": view.sender,
            "at": view.at,
            "by": view.by,
            "envelope": view.envelope_id,
            "text": data.get("text") or data.get("note"),
            "until": parse_day(data.get("until")),
            "forwarded_to": data.get("state"),
            "events": view.events,
            "automatic": data.get("is_automatic", False),
        }


class RequestCandidateResponse(Schema):
    """Own record that may be of the gun."""

    record = fields.UUID(required=True)
    event = Code(codes.EVENT_KINDS, required=True)
    strength = Code(codes.MATCH_STRENGTHS, allow_none=True)
    score = fields.Float(attribute="bits", required=True)
    visibility = Code(codes.VISIBILITIES, required=True)
    judgement = Code(codes.JUDGEMENTS, allow_none=True)
    reason = fields.String(allow_none=True)


class AskingOfficeResponse(Schema):
    """Asking agency and its contact."""

    agency = fields.String(required=True)
    telephone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class TraceContentResponse(Schema):
    """What a trace says of the gun and of the reason to trace it."""

    case_number = fields.String(required=True)
    firearm = fields.Nested(FirearmResponse, required=True)
    found_on = EventDay(required=True)
    priority = Code(codes.PRIORITIES, required=True)
    priority_reason = fields.String(allow_none=True)
    legal_basis = fields.String(required=True)
    illicit_reason = Code(codes.ILLICIT_REASONS, required=True)
    circumstances = fields.String(required=True)
    intended_use = Code(codes.INTENDED_USES, required=True)
    needed_by = fields.Date(allow_none=True)
    confidentiality_requested = fields.Boolean(required=True)
    assignee = fields.String(allow_none=True)
    hidden_from = fields.List(fields.String(), required=True)


class RequestResponse(TraceContentResponse):
    """Trace request of another state with its messages."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    asking_state = StateCode(required=True)
    status = Code(codes.REQUEST_STATUSES, required=True)
    office = fields.Nested(AskingOfficeResponse, allow_none=True)
    received_at = fields.DateTime(required=True)
    due_at = fields.DateTime(allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    automatic = fields.Boolean(attribute="is_automatic", required=True)
    own_hidden_from = fields.List(fields.String(), required=True)
    candidates = fields.List(fields.Nested(RequestCandidateResponse), required=True)
    messages = fields.List(fields.Nested(MessageResponse), required=True)

    @pre_dump
    def _present(self, view: RequestView, **_: Any) -> dict[str, Any]:
        content = view.request.body
        names = "due_at assignee messages is_automatic".split()
        return (
            content
            | row_fields(view.request)
            | {name: getattr(view, name) for name in names}
            | {
                "hidden_from": view.restricted_agencies,
                "own_hidden_from": view.own_restricted,
                "found_on": parse_day(content["found_on"]),
                "needed_by": parse_day(content["needed_by"]),
                "firearm": present_stored_gun(content["firearm"]),
            }
        )


class RequestQuery(ListQuery):
    """Filter of requests; `due_before`: running term ends earlier."""

    from_day, to_day, sort = listing_fields(LISTING)
    status = Code(codes.REQUEST_STATUSES)
    priority = Code(codes.PRIORITIES)
    asking_state = StateCode(data_key="from")
    case_number = Text(most=100)
    assignee = Text(most=100)
    due_before = Moment()
