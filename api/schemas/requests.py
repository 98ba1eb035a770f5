"""Requests of other states' traces over HTTP, and what both sides say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import Lazy, translate
from api.pagination import ListQuery
from api.schemas.common import FirearmResponse, columns
from api.schemas.fields import (
    Code,
    Day,
    Flag,
    Id,
    Items,
    Line,
    Moment,
    Nested,
    RequestSchema,
    StateCode,
    Text,
)
from salsa_ext.readmodels.requests import MessageView, RequestView
from salsa_ext.services.requests import Acknowledged
from salsa_ext.values import codes
from salsa_ext.values.requests import (
    Acknowledging,
    Answering,
    AskingOneMore,
    Channelling,
    Deferring,
    Feedback,
    Forwarding,
    HandEvent,
    HandSide,
    Hiding,
    NothingFound,
    Questioning,
    Refusing,
    Replying,
    Telling,
)


def as_shown(firearm: Mapping[str, Any]) -> dict[str, Any]:
    """Return a gun as it is kept in JSON, with its quantity as a number."""
    quantity = float(firearm["quantity"]) if firearm.get("quantity") else None
    return dict(firearm) | {"quantity": quantity}


def as_day(text: str | None) -> date | None:
    """Return a day as it is kept in JSON."""
    return date.fromisoformat(text) if text else None


class HandSideRequest(RequestSchema):
    """A party of an event from a book: what it is, never who."""

    value = HandSide
    kind = Code(codes.PARTY_KINDS, required=True)
    country = StateCode(required=True)


class HandEventRequest(RequestSchema):
    """Something that a state's books say of a gun and that is no record of the service."""

    value = HandEvent
    event = Code(codes.EVENTS, required=True)
    occurred_on = Day(required=True)
    document_number = Line(most=100)
    counterpart_state = StateCode()
    giver = Nested(HandSideRequest, data_key="from")
    receiver = Nested(HandSideRequest, data_key="to")
    serial = Line(most=64)
    make = Line(most=200)
    model = Line(most=200)
    calibre = Line(most=100)


class AnswerRequest(RequestSchema):
    """Own `records`, or `events` from books; a `restricted` answer says why something is left out.

    Its `handling` is that of its records or stricter; unless given, as the strictest of them, and no
    looser than what was answered before. A record of other marks than what is asked is taken only
    with `confirm_other_marks`.
    """

    value = Answering
    completeness = Code(codes.COMPLETENESS, required=True)
    restriction_reason = Text(most=2000)
    records = Items(Id(), most=100)
    events = Items(Nested(HandEventRequest), most=100)
    points_to = Items(StateCode(), most=50)
    handling = Code(codes.HANDLING_CODES)
    note = Text(most=2000)
    failure_reason = Code(codes.FAILURE_REASONS_TOLD)
    confirm_other_marks = Flag()


class NoRecordRequest(RequestSchema):
    """Why nothing is known, where that is known, and words beside it.

    Where an open record of yours is a strong match, that is taken only with `confirm_other_guns`.
    """

    value = NothingFound
    text = Text(most=2000)
    failure_reason = Code(codes.FAILURE_REASONS_TOLD)
    confirm_other_guns = Flag()


class RefuseRequest(RequestSchema):
    """A reason that the International Tracing Instrument allows (22); missing data is `ask`."""

    value = Refusing
    reason = Code(codes.REFUSAL_REASONS, required=True)
    text = Text(most=2000, required=True)


class DeferRequest(RequestSchema):
    """Until when, and why."""

    value = Deferring
    until = Day(required=True)
    reason = Text(most=2000, required=True)


class QuestionsRequest(RequestSchema):
    """What has to be known first."""

    value = Questioning
    questions = Items(Text(most=2000), most=50, required=True)


class ForwardRequest(RequestSchema):
    """Which state to ask instead.

    Where an open record of yours is a strong match, that is taken only with `confirm_other_guns`.
    """

    value = Forwarding
    state = StateCode(required=True)
    reason = Text(most=2000, required=True)
    confirm_other_guns = Flag()


class WordsRequest(RequestSchema):
    """Words beside the action, or none."""

    value = Telling
    text = Text(most=2000)


class NoteRequest(RequestSchema):
    """A note that never leaves the state."""

    value = Telling
    text = Text(most=2000, required=True)


class HideRequest(RequestSchema):
    """The agencies that must not see it, by their codes."""

    value = Hiding
    hidden_from = Items(Line(most=60), most=100, required=True)


class AskOneMoreRequest(RequestSchema):
    """One more state; by a `channel`, which is needed where it takes no part, with the `reference` there."""

    value = AskingOneMore
    state = StateCode(required=True)
    reason = Text(most=500, required=True)
    channel = Code(codes.OTHER_CHANNELS)
    reference = Line(most=100)


class ChannelRequest(RequestSchema):
    """By which other channel a state that takes no part is asked, and its `reference` there if any.

    `sent` says that the form went out by it, today or on the day `sent_on`; until then, and without a
    reference, it is to be sent.
    """

    value = Channelling
    channel = Code(codes.OTHER_CHANNELS, required=True)
    reference = Line(most=100)
    sent = Flag(load_default=False)
    sent_on = Day()


class ReplyRequest(RequestSchema):
    """A reply to a question in a `text`; of another channel, what came back by it, with its `status`.

    Then `answered_on` is the day that it bears, and `sent_on` that on which the form had gone out, where
    nobody said so before or another.
    """

    value = Replying
    text = Text(most=2000)
    status = Code(codes.LEG_STATUSES_BY_HAND)
    events = Items(Nested(HandEventRequest), most=100)
    points_to = Items(StateCode(), most=50)
    reference = Line(most=100)
    failure_reason = Code(codes.FAILURE_REASONS_TOLD)
    sent_on = Day()
    answered_on = Day()


class FeedbackRequest(RequestSchema):
    """Whether the answers helped; the states that gave them read it."""

    value = Feedback
    helped = Flag(required=True)
    text = Text(most=2000)


class AcknowledgeManyRequest(RequestSchema):
    """Several requests of which you say that somebody works on them."""

    value = Acknowledging
    requests = Items(
        Id(), most=100, least=1, required=True,
        error_messages={"short": Lazy("Name at least one request.")},
    )  # fmt: skip


class LeftRequestResponse(Schema):
    """A request that could not be acknowledged, and why."""

    id = fields.UUID(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class AcknowledgedResponse(Schema):
    """Which requests were acknowledged, and which are left as they were."""

    acknowledged = fields.List(fields.UUID(), required=True)
    left = fields.List(fields.Nested(LeftRequestResponse), required=True)

    @pre_dump
    def _present(self, done: Acknowledged, **_: Any) -> dict[str, Any]:
        left = [{"id": one, "code": error.code, "detail": translate(error.message)}
                for one, error in done.left.items()]  # fmt: skip
        return {"acknowledged": done.done, "left": left}


class MessageResponse(Schema):
    """Something that was said: by which state, when, and by whom where it was the own one."""

    kind = fields.String(required=True)
    state = fields.String(required=True)
    at = fields.DateTime(required=True)
    by = fields.String(allow_none=True)
    envelope = fields.UUID(allow_none=True)
    text = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    questions = fields.List(fields.String())
    until = fields.Date(allow_none=True)
    completeness = fields.String(allow_none=True)
    restriction_reason = fields.String(allow_none=True)
    failure_reason = fields.String(allow_none=True)
    points_to = fields.List(fields.String())
    events = fields.Integer(allow_none=True)
    handling = fields.String(allow_none=True)
    forwarded_to = fields.String(allow_none=True)
    helped = fields.Boolean(allow_none=True)
    outcome = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    sent_on = fields.String(allow_none=True)
    answered_on = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    automatic = fields.Boolean(required=True)

    @pre_dump
    def _present(self, view: MessageView, **_: Any) -> dict[str, Any]:
        said = view.data
        told = {name: said[name] for name in self.fields if name in said and name != "until"}
        return told | {
            "kind": view.kind, "state": view.sender, "at": view.at, "by": view.by,
            "envelope": view.envelope_id, "text": said.get("text") or said.get("note"),
            "until": as_day(said.get("until")), "forwarded_to": said.get("state"),
            "events": view.events,
            "automatic": said.get("is_automatic", False),
        }  # fmt: skip


class RequestCandidateResponse(Schema):
    """An own record that may be of the gun, for a person to answer with."""

    record = fields.UUID(required=True)
    event = fields.String(required=True)
    strength = fields.String(allow_none=True)
    score = fields.Float(attribute="bits", required=True)
    visibility = fields.String(required=True)


class AskingOfficeResponse(Schema):
    """Which agency asks, and how it is reached."""

    agency = fields.String(required=True)
    telephone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class RequestResponse(Schema):
    """What another state's trace asks of the own state, and what was said of it."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    asking_state = fields.String(required=True)
    status = fields.String(required=True)
    case_number = fields.String(required=True)
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
    office = fields.Nested(AskingOfficeResponse, allow_none=True)
    received_at = fields.DateTime(required=True)
    due_at = fields.DateTime(allow_none=True)
    answered_at = fields.DateTime(allow_none=True)
    automatic = fields.Boolean(required=True)
    assignee = fields.String(allow_none=True)
    hidden_from = fields.List(fields.String(), required=True)
    own_hidden_from = fields.List(fields.String(), required=True)
    candidates = fields.List(fields.Nested(RequestCandidateResponse), required=True)
    messages = fields.List(fields.Nested(MessageResponse), required=True)

    @pre_dump
    def _present(self, view: RequestView, **_: Any) -> dict[str, Any]:
        return view.request.asked | columns(view.request) | {
            "due_at": view.due_at, "assignee": view.assignee, "messages": view.messages,
            "automatic": view.is_automatic,
            "hidden_from": view.hidden_from, "own_hidden_from": view.own_hidden_from,
            "found_on": as_day(view.request.asked["found_on"]),
            "needed_by": as_day(view.request.asked["needed_by"]),
            "firearm": as_shown(view.request.asked["firearm"]),
        }  # fmt: skip


class RequestQuery(ListQuery):
    """Which requests; `due_before` are those whose clock runs and whose term is earlier."""

    status = Code(codes.LEG_STATUSES)
    priority = Code(codes.PRIORITIES)
    asking_state = StateCode(data_key="from")
    case_number = Text(most=100)
    assignee = Text(most=100)
    due_before = Moment()
