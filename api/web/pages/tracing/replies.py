"""Replies to states, results and choice of other channels."""

from dataclasses import replace
from functools import partial, update_wrapper
from typing import Any
from uuid import UUID

from flask import g, request

from api.schemas.tracing.requests import ChannelRequest, ReplyRequest
from api.schemas.tracing.traces import LegResponse
from api.web.document_actions import Action
from api.web.forms import REQUIRED, Field, Form
from api.web.pages.tracing.request_actions import MESSAGE_KINDS
from api.web.pages.tracing.traces import PAGES
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Invalid, Message, NotFound, message
from salsa_ext.reference import names
from salsa_ext.tracing.channels import commands as channel_commands
from salsa_ext.tracing.requests.values import ANSWERED_STATUSES
from salsa_ext.tracing.traces.attempts import find_attempt
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
    (Field("text", message("Comment"), "area", required=True, max_length=2000),),
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
        "A second channel to the same state. You send the form, and enter the answer."
    ),
    command=channel_commands.add_attempt,
    fields=(ATTEMPT_FIELD, replace(REFERENCE_FIELD, hint=None), *CHANNEL_ACTION.fields[2:]),
)


def _find_leg(view: TraceView, leg_id: UUID) -> Any:
    leg = next((row for row in view.leg_views if row.leg.id == leg_id), None)
    if leg is None:
        raise NotFound("leg", leg_id)
    return leg


def _leg_action(action: Action, leg_id: UUID) -> Action:
    """Return an action on a leg, opened with the channel of the address."""

    def initial_values(actor: Actor, view: TraceView) -> dict[str, str]:
        leg = _find_leg(view, leg_id).leg
        channel = request.args.get("channel") or (leg.channel if action is CHANNEL_ACTION else "")
        attempt = find_attempt(leg, channel)
        return {"channel": channel, "reference": (attempt and attempt.reference) or ""}

    def complete(body: dict[str, Any], view: TraceView, form: Form) -> None:
        """Complete a form: it does not take the reference of another channel along."""
        leg, channel = _find_leg(view, leg_id).leg, body.get("channel")
        opened = initial_values(g.actor, view)
        if channel != opened["channel"] and body.get("reference") == opened["reference"]:
            body.pop("reference")
        if "points_to" in body:
            body["points_to"] = [names.find_state(text) or text for text in body["points_to"]]
        if action in (REPLY_ACTION, ATTEMPT_REPLY_ACTION):
            attempt = find_attempt(leg, channel or leg.channel)
            is_answered = attempt is not None and attempt.status in ANSWERED_STATUSES
            is_by_hand = channel or leg.channel != "service"
            if is_by_hand and is_answered and not form.get("additional"):
                raise Invalid({"additional": [REQUIRED]})

    def context(actor: Actor, view: TraceView) -> dict[str, Any]:
        leg = LegResponse().dump(_find_leg(view, leg_id))
        return {"leg": leg, "message_kinds": MESSAGE_KINDS}

    return replace(
        action,
        command=update_wrapper(partial(action.command, leg_id=leg_id), action.command),
        initial_values=initial_values,
        complete_body=complete,
        context=context,
    )


def _reply_action(leg_id: UUID) -> Action:
    """Return the reply action of a leg. Legs of other channels have fields for the result."""

    def is_by_hand(view: TraceView) -> bool:
        return bool(_find_leg(view, leg_id).leg.channel != "service")

    def extra_fields(view: TraceView) -> tuple[Field, ...]:
        if not is_by_hand(view):
            return ()
        is_answered = _find_leg(view, leg_id).leg.answered_at is not None
        return (*RESULT_FIELDS, ADDITIONAL_FIELD) if is_answered else RESULT_FIELDS

    def obstacle(actor: Actor, view: TraceView) -> Message | None:
        leg = _find_leg(view, leg_id).leg
        may = channel_commands.may_reply(leg)
        return None if may else IllegalTransition("leg", leg.status, "reply").message

    return replace(
        _leg_action(REPLY_ACTION, leg_id),
        extra_fields=extra_fields,
        obstacle=obstacle,
        wording=lambda view: RESULT_WORDING if is_by_hand(view) else None,
    )


def _attempt_action(action: Action, leg_id: UUID) -> Action:
    """Return an action on one more attempt of a leg; of an own register in words of its own."""

    def is_own(view: TraceView) -> bool:
        return bool(_find_leg(view, leg_id).leg.state == view.trace.owner_state)

    def fields(view: TraceView) -> tuple[Field, ...]:
        foreign = ("reply_class",) if is_own(view) else ()
        return tuple(field for field in action.fields if field.path not in foreign)

    own_wording = OWN_REPLY_WORDING if action is ATTEMPT_REPLY_ACTION else OWN_ATTEMPT_WORDING
    return replace(
        _leg_action(action, leg_id),
        fields=(),
        extra_fields=fields,
        wording=lambda view: own_wording if is_own(view) else None,
    )


PAGES.add_part_action("legs/<uuid:leg_id>", "reply", _reply_action)
PAGES.add_part_action("legs/<uuid:leg_id>", "channel", partial(_leg_action, CHANNEL_ACTION))
for _action in (ATTEMPT_ACTION, ATTEMPT_REPLY_ACTION):
    PAGES.add_part_action("legs/<uuid:leg_id>", _action.name, partial(_attempt_action, _action))
