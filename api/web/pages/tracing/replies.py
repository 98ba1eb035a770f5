"""Replies to states, results and choice of other channels."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import Any
from uuid import UUID

from api.schemas.requests import ChannelRequest, ReplyRequest
from api.schemas.traces import LegResponse
from api.web import actions
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField
from api.web.blueprints import tracing_pages
from api.web.forms import Form
from api.web.pages.tracing.request_messages import MESSAGE_KINDS
from api.web.pages.tracing.traces import find_subject
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import IllegalTransition, Message, NotFound, message
from salsa_ext.reference import names
from salsa_ext.tracing.traces import follow_up
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.values import SENT_STATUSES

TEXT_FIELD = ActionField("text", message("In words"), "area", required=True, most=2000)
RESULT_FIELDS = (
    ActionField("status", message("What came back"), "choice", "leg_status", required=True),
    ActionField(
        "answered_on",
        message("Day of the answer"),
        "date",
        required=False,
        hint=message("The day that it bears, not today's."),
    ),
    ActionField(
        "sent_on",
        message("Day on which the form went out"),
        "date",
        required=False,
        hint=message("Where it was not said yet, or another one."),
    ),
    ActionField(
        "failure_reason",
        message("Why nothing more is known"),
        "choice",
        "failure_reason",
        required=False,
    ),
    ActionField("reference", message("Reference there"), required=False, most=100),
    ActionField(
        "events.0.event", message("What happened to the gun"), "choice", "event", required=False
    ),
    ActionField("events.0.occurred_on", message("Date"), "date", required=False),
    ActionField("events.0.document_number", message("Number"), required=False, most=100),
    ActionField(
        "points_to",
        message("States to be asked"),
        "area",
        required=False,
        hint=message("One on each line, by name or code."),
    ),
)
ADDITIONAL_FIELD = ActionField(
    "additional",
    message("It comes beside what was written down before"),
    "flag",
    hint=message("Else this stands in its place: so you put right what was written down wrongly."),
)
REPLY_ACTION = Action(
    "reply",
    message("Reply"),
    message("To the question or the refusal of the state."),
    ReplyRequest,
    follow_up.reply,
    Permission.TRACE_REQUEST,
    SENT_STATUSES,
    (TEXT_FIELD,),
    is_versioned=False,
    page="tracing/reply.html",
)
RESULT_WORDING = (
    message("Write down what came back"),
    message(
        "By the channel by which this state was asked: it takes no part, and reads nothing of this."
    ),
)


CHANNEL_ACTION = Action(
    "channel",
    message("Choose the channel"),
    message(
        "By which a state is asked that takes no part. The service sends nothing by it: you send the form, and"
        " write down what comes back."
    ),
    ChannelRequest,
    follow_up.change_channel,
    Permission.TRACE_REQUEST,
    SENT_STATUSES,
    (
        ActionField("channel", message("Channel"), "choice", "leg_channel", required=True),
        ActionField(
            "reference",
            message("Reference there"),
            required=False,
            most=100,
            hint=message(
                "Its number by the channel that is chosen. One of the former channel is dropped with it."
            ),
        ),
        ActionField(
            "sent",
            message("The form went out by this channel"),
            "flag",
            hint=message("Until then, and without a reference, it stands as to be sent."),
        ),
        ActionField(
            "sent_on",
            message("Day on which the form went out"),
            "date",
            required=False,
            hint=message("Today, where it went out and this is left empty."),
        ),
    ),
    is_versioned=False,
)


def _channel_action(leg_id: UUID) -> Action:
    """Return the channel action of a leg with its current values."""

    @wraps(follow_up.change_channel)
    def change(**said: Any) -> None:
        follow_up.change_channel(leg_id=leg_id, **said)

    def start(actor: Actor, view: TraceView) -> dict[str, str]:
        found = [leg for leg in view.legs if leg.id == leg_id]
        return {"channel": found[0].channel, "reference": found[0].reference or ""} if found else {}

    def settle(body: dict[str, Any], view: TraceView, form: Form) -> None:
        """Drop the reference of the former channel, with which the form was opened."""
        leg = next((leg for leg in view.legs if leg.id == leg_id), None)
        if leg and leg.channel != body.get("channel") and leg.reference == body.get("reference"):
            body.pop("reference", None)

    return replace(CHANNEL_ACTION, command=change, start=start, settle=settle)


def _reply_action(leg_id: UUID) -> Action:
    """Return the reply action of a leg.

    Legs of other channels have fields for the result.
    """

    @wraps(follow_up.reply)
    def reply(**said: Any) -> None:
        follow_up.reply(leg_id=leg_id, **said)

    def by_hand(view: TraceView) -> bool:
        return any(leg.id == leg_id and leg.channel != "salsa" for leg in view.legs)

    def more(view: TraceView) -> tuple[ActionField, ...]:
        if not by_hand(view):
            return ()
        is_answered = any(leg.id == leg_id and leg.answered_at for leg in view.legs)
        return (*RESULT_FIELDS, ADDITIONAL_FIELD) if is_answered else RESULT_FIELDS

    def worded(view: TraceView) -> tuple[Message, Message] | None:
        return RESULT_WORDING if by_hand(view) else None

    def bars(actor: Actor, view: TraceView) -> Message | None:
        leg = next((leg for leg in view.legs if leg.id == leg_id), None)
        if leg is None:
            raise NotFound("leg", leg_id)
        may = follow_up.may_reply(leg)
        return None if may else IllegalTransition("leg", leg.status, "reply").message

    def told(actor: Actor, view: TraceView) -> Any:
        said = next((one for one in view.leg_views if one.leg.id == leg_id), None)
        return {"leg": LegResponse().dump(said), "words": MESSAGE_KINDS} if said else None

    return replace(
        REPLY_ACTION,
        command=reply,
        more=more,
        settle=_resolve_state_names,
        bars=bars,
        told=told,
        worded=worded,
    )


def _resolve_state_names(body: dict[str, Any], view: TraceView, form: Form) -> None:
    if "points_to" in body:
        body["points_to"] = [names.find_state(text) or text for text in body["points_to"]]


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/reply")
@login_required
def reply_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Show the form of a reply."""
    return actions.show_action(actor, _reply_action(leg_id), find_subject, trace_id)


@tracing_pages.post("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/reply")
@login_required_for_form
def send_reply(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Send a reply or store a result, and show the trace."""
    return actions.submit_action(actor, _reply_action(leg_id), find_subject, trace_id, "trace_id")


@tracing_pages.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/channel")
@login_required
def channel_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Show the form of the channel to a non-participating state."""
    return actions.show_action(actor, _channel_action(leg_id), find_subject, trace_id)


@tracing_pages.post("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/channel")
@login_required_for_form
def change_channel(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Store the channel and show the trace."""
    return actions.submit_action(actor, _channel_action(leg_id), find_subject, trace_id, "trace_id")
