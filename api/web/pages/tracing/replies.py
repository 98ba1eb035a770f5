"""Replies to states, results and choice of other channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from typing import Any
from uuid import UUID

from flask import request

from api.schemas.requests import ChannelRequest, ReplyRequest
from api.schemas.traces import LegResponse
from api.web.access import form_view
from api.web.document_actions import Action
from api.web.forms import REQUIRED, Field, Form
from api.web.pages import tracing_pages
from api.web.pages.tracing.request_messages import MESSAGE_KINDS
from api.web.pages.tracing.traces import PAGES
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Invalid, Message, NotFound, message
from salsa_ext.reference import names
from salsa_ext.tracing.channels import commands as channel_commands
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES
from salsa_ext.tracing.traces.attempts import find_attempt, find_outside
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.values import SENT_STATUSES

REFERENCE_FIELD = Field("reference", message("Reference there"), required=False, max_length=100)
RESULT_FIELDS = (
    Field("status", message("What came back"), "choice", "leg_status"),
    Field(
        "reply_class",
        message("As the tracing center classed it"),
        "choice",
        "reply_class",
        required=False,
        hint=message("It says what came back, where that is left empty."),
    ),
    Field(
        "answered_on",
        message("Day of the answer"),
        "date",
        required=False,
        hint=message("The day that it bears, not today's."),
    ),
    Field(
        "sent_on",
        message("Day on which the form went out"),
        "date",
        required=False,
        hint=message("Where it was not said yet, or another one."),
    ),
    Field(
        "failure_reason",
        message("Why nothing more is known"),
        "choice",
        "failure_reason",
        required=False,
    ),
    REFERENCE_FIELD,
    Field(
        "events.0.event",
        message("What happened to the gun"),
        "choice",
        "event",
        required=False,
        hint=message("Without an event nothing joins the chain."),
    ),
    Field("events.0.occurred_on", message("Date"), "event_date", required=False),
    Field("events.0.document_number", message("Number"), required=False, max_length=100),
    Field(
        "points_to",
        message("States to be asked"),
        "area",
        required=False,
        hint=message("One on each line, by name or code."),
    ),
)
ADDITIONAL_FIELD = Field(
    "additional",
    message("What was recorded before"),
    "choice",
    (
        ("true", message("Add it to what was recorded before")),
        ("false", message("Replace it, which corrects a wrong entry")),
    ),
)
RESULT_WORDING = (
    message("Write down what came back"),
    message(
        "By the channel by which this state was asked: it does not participate, and reads nothing of this."
    ),
)
OWN_REPLY_WORDING = (
    message("Write down what your own register answered"),
    message("On paper or by telephone: the service does not search it."),
)
OWN_ATTEMPT_WORDING = (
    message("Ask your own register on paper"),
    message("You send it the form, and write down what it answers."),
)
REPLY_ACTION = Action(
    "reply",
    message("Reply"),
    message("To the question or the refusal of the state."),
    ReplyRequest,
    channel_commands.reply,
    Permission.TRACE_REQUEST,
    SENT_STATUSES,
    (Field("text", message("In words"), "area", required=True, max_length=2000),),
    is_versioned=False,
    template="tracing/reply.html",
)
ATTEMPT_FIELD = Field("channel", message("Channel"), "choice", "leg_channel", required=True)
ATTEMPT_REPLY_ACTION = replace(
    REPLY_ACTION,
    name="attempt_reply",
    title=message("Write down what came back by another channel"),
    description=message("The state reads nothing of this."),
    fields=(ATTEMPT_FIELD, *REPLY_ACTION.fields, *RESULT_FIELDS, ADDITIONAL_FIELD),
)
CHANNEL_ACTION = Action(
    "channel",
    message("Choose the channel"),
    message(
        "By which a state is asked that does not participate. The service sends nothing by it: you"
        " send the form, and write down what comes back."
    ),
    ChannelRequest,
    channel_commands.change_channel,
    Permission.TRACE_REQUEST,
    SENT_STATUSES,
    (
        ATTEMPT_FIELD,
        replace(
            REFERENCE_FIELD,
            hint=message(
                "Its number by the channel that is chosen. One of the former channel is dropped with it."
            ),
        ),
        Field(
            "sent",
            message("The form went out by this channel"),
            "flag",
            hint=message("Until then, and without a reference, its status is “to be sent”."),
        ),
        Field(
            "sent_on",
            message("Day on which the form went out"),
            "date",
            required=False,
            hint=message("Today, where it went out and this is left empty."),
        ),
    ),
    is_versioned=False,
    template="tracing/channel.html",
)


ATTEMPT_ACTION = replace(
    CHANNEL_ACTION,
    name="attempt",
    title=message("Ask by another channel too"),
    description=message(
        "Beside the channel by which the state is asked already. You send the form, and write down"
        " what comes back."
    ),
    command=channel_commands.add_attempt,
    fields=(ATTEMPT_FIELD, replace(REFERENCE_FIELD, hint=None), *CHANNEL_ACTION.fields[2:]),
)


def _find_leg(view: TraceView, leg_id: UUID) -> Any:
    return next((leg for leg in view.legs if leg.id == leg_id), None)


def _channel_action(leg_id: UUID) -> Action:
    """Return the channel action of a leg with its current values."""

    @wraps(channel_commands.change_channel)
    def change(**arguments: Any) -> None:
        channel_commands.change_channel(leg_id=leg_id, **arguments)

    def initial_values(actor: Actor, view: TraceView) -> dict[str, str]:
        leg = _find_leg(view, leg_id)
        return {"channel": leg.channel, "reference": leg.reference or ""} if leg else {}

    def complete(body: dict[str, Any], view: TraceView, form: Form) -> None:
        """Drop the reference of the former channel, with which the form was opened."""
        leg = _find_leg(view, leg_id)
        if leg and leg.channel != body.get("channel") and leg.reference == body.get("reference"):
            body.pop("reference", None)

    return replace(
        CHANNEL_ACTION, command=change, initial_values=initial_values, complete_body=complete
    )


def _attempt_action(action: Action, leg_id: UUID) -> Action:
    """Return an action on an attempt of a leg, opened with the channel of the address."""

    @wraps(action.command)
    def run(**arguments: Any) -> None:
        action.command(leg_id=leg_id, **arguments)

    def initial_values(actor: Actor, view: TraceView) -> dict[str, str]:
        channel = request.args.get("channel", "")
        leg = _find_leg(view, leg_id)
        attempt = find_attempt(leg, channel) if leg else None
        return {"channel": channel, "reference": (attempt and attempt.reference) or ""}

    is_reply = "reply" in action.name

    def is_own(view: TraceView) -> bool:
        leg = _find_leg(view, leg_id)
        return leg is not None and leg.state == view.trace.owner_state

    def fields(view: TraceView) -> tuple[Field, ...]:
        foreign = ("reply_class",) if is_own(view) else ()
        return tuple(field for field in action.fields if field.path not in foreign)

    def wording(view: TraceView) -> tuple[Message, Message] | None:
        if not is_own(view):
            return None
        return OWN_REPLY_WORDING if is_reply else OWN_ATTEMPT_WORDING

    return replace(
        action,
        command=run,
        fields=(),
        extra_fields=fields,
        wording=wording,
        initial_values=initial_values,
        complete_body=partial(_complete_reply, leg_id) if is_reply else _complete_states,
        context=partial(_leg_context, leg_id),
    )


def _complete_states(body: dict[str, Any], view: TraceView, form: Form) -> None:
    if "points_to" in body:
        body["points_to"] = [names.find_state(text) or text for text in body["points_to"]]


def _complete_reply(leg_id: UUID, body: dict[str, Any], view: TraceView, form: Form) -> None:
    """Complete a result; after an earlier one it says whether it adds to that or replaces it."""
    _complete_states(body, view, form)
    leg, channel = _find_leg(view, leg_id), body.get("channel")
    if leg is None or (leg.channel == "service" and channel is None):
        return
    attempt = find_outside(leg, channel)
    is_answered = attempt is not None and attempt.status in ANSWERED_STATUSES
    if is_answered and not form.get("additional"):
        raise Invalid({"additional": [REQUIRED]})


def _leg_context(leg_id: UUID, actor: Actor, view: TraceView) -> Any:
    leg = next((row for row in view.leg_views if row.leg.id == leg_id), None)
    return {"leg": LegResponse().dump(leg), "message_kinds": MESSAGE_KINDS} if leg else None


def _reply_action(leg_id: UUID) -> Action:
    """Return the reply action of a leg.

    Legs of other channels have fields for the result.
    """

    @wraps(channel_commands.reply)
    def reply(**arguments: Any) -> None:
        channel_commands.reply(leg_id=leg_id, **arguments)

    def is_by_hand(view: TraceView) -> bool:
        leg = _find_leg(view, leg_id)
        return leg is not None and leg.channel != "service"

    def extra_fields(view: TraceView) -> tuple[Field, ...]:
        if not is_by_hand(view):
            return ()
        is_answered = _find_leg(view, leg_id).answered_at is not None
        return (*RESULT_FIELDS, ADDITIONAL_FIELD) if is_answered else RESULT_FIELDS

    def obstacle(actor: Actor, view: TraceView) -> Message | None:
        leg = _find_leg(view, leg_id)
        if leg is None:
            raise NotFound("leg", leg_id)
        may = channel_commands.may_reply(leg)
        return None if may else IllegalTransition("leg", leg.status, "reply").message

    return replace(
        REPLY_ACTION,
        command=reply,
        extra_fields=extra_fields,
        complete_body=partial(_complete_reply, leg_id),
        obstacle=obstacle,
        context=partial(_leg_context, leg_id),
        wording=lambda view: RESULT_WORDING if is_by_hand(view) else None,
    )


def _register(name: str, action: Callable[[UUID], Action]) -> None:
    """Register the form of an action on a leg."""

    def show(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
        return PAGES.show_action(actor, action(leg_id), trace_id)

    def submit(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
        return PAGES.submit_action(actor, action(leg_id), trace_id)

    tracing_pages.add_url_rule(
        f"/traces/<uuid:trace_id>/legs/<uuid:leg_id>/{name}",
        f"{name}_form",
        form_view(show, submit),
        methods=["GET", "POST"],
    )


_register("reply", _reply_action)
_register("channel", _channel_action)
_register("attempt", partial(_attempt_action, ATTEMPT_ACTION))
_register("attempt_reply", partial(_attempt_action, ATTEMPT_REPLY_ACTION))
