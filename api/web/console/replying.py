"""Replying to the question of a state; of another channel, which it is and what came back by it."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from typing import Any
from uuid import UUID

from api.schemas.requests import ChannelRequest, ReplyRequest
from api.schemas.traces import LegResponse
from api.vault import vault
from api.web.access import sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.console.traces import subject_of
from api.web.console.words import KINDS
from api.web.desk import doings
from api.web.desk.doings import Doing, Field
from api.web.typed import Form
from salsa_ext.errors import IllegalTransition, Message, NotFound, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import names
from salsa_ext.readmodels.traces import TraceView
from salsa_ext.services import trace_steps
from salsa_ext.services.legs import SENT
from salsa_ext.values.actor import Actor

WORDS = Field("text", say("In words"), "area", required=True, most=2000)
BY_HAND = (
    Field("status", say("What came back"), "choice", "leg_status", required=True),
    Field("answered_on", say("Day of the answer"), "date", required=False,
          hint=say("The day that it bears, not today's.")),
    Field("sent_on", say("Day on which the form went out"), "date", required=False,
          hint=say("Where it was not said yet, or another one.")),
    Field("failure_reason", say("Why nothing more is known"), "choice", "failure_reason",
          required=False),
    Field("reference", say("Reference there"), required=False, most=100),
    Field("events.0.event", say("What happened to the gun"), "choice", "event", required=False),
    Field("events.0.occurred_on", say("Date"), "date", required=False),
    Field("events.0.document_number", say("Number"), required=False, most=100),
    Field("points_to", say("States to be asked"), "area", required=False,
          hint=say("One on each line, by name or code.")),
)  # fmt: skip
BESIDE = Field(
    "beside", say("It comes beside what was written down before"), "flag",
    hint=say("Else this stands in its place: so you put right what was written down wrongly."),
)  # fmt: skip
REPLY = Doing(
    "reply", say("Reply"),
    say("To the question or the refusal of the state."),
    ReplyRequest, trace_steps.reply, Permission.TRACE_REQUEST, SENT, (WORDS,), is_versioned=False,
    page="console/replying.html",
)  # fmt: skip
BY_HAND_WORDED = (
    say("Write down what came back"),
    say(
        "By the channel by which this state was asked: it takes no part, and reads nothing of this."
    ),
)


CHANNEL = Doing(
    "channel", say("Choose the channel"),
    say("By which a state is asked that takes no part. The service sends nothing by it: you send the form, and"
        " write down what comes back."),
    ChannelRequest, trace_steps.change_channel, Permission.TRACE_REQUEST, SENT,
    (Field("channel", say("Channel"), "choice", "leg_channel", required=True),
     Field("reference", say("Reference there"), required=False, most=100,
           hint=say("Its number by the channel that is chosen. One of the former channel is dropped with it.")),
     Field("sent", say("The form went out by this channel"), "flag",
           hint=say("Until then, and without a reference, it stands as to be sent.")),
     Field("sent_on", say("Day on which the form went out"), "date", required=False,
           hint=say("Today, where it went out and this is left empty."))),
    is_versioned=False,
)  # fmt: skip


def _channel_of(leg_id: UUID) -> Doing:
    """Return the doing of one leg, which opens with the channel that it has."""

    @wraps(trace_steps.change_channel)
    def change(**said: Any) -> None:
        trace_steps.change_channel(leg_id=leg_id, **said)

    def start(actor: Actor, view: TraceView) -> dict[str, str]:
        found = [leg for leg in view.legs if leg.id == leg_id]
        return {"channel": found[0].channel, "reference": found[0].reference or ""} if found else {}

    def settle(body: dict[str, Any], view: TraceView, form: Form) -> None:
        """Drop the reference of the former channel, with which the form was opened."""
        leg = next((leg for leg in view.legs if leg.id == leg_id), None)
        if leg and leg.channel != body.get("channel") and leg.reference == body.get("reference"):
            body.pop("reference", None)

    return replace(CHANNEL, command=change, start=start, settle=settle)


def _reply_to(leg_id: UUID) -> Doing:
    """Return the doing of one leg; what came by another channel has more fields."""

    @wraps(trace_steps.reply)
    def reply(**said: Any) -> None:
        trace_steps.reply(vault=vault(), leg_id=leg_id, **said)

    def by_hand(view: TraceView) -> bool:
        return any(leg.id == leg_id and leg.channel != "salsa" for leg in view.legs)

    def more(view: TraceView) -> tuple[Field, ...]:
        if not by_hand(view):
            return ()
        is_answered = any(leg.id == leg_id and leg.answered_at for leg in view.legs)
        return (*BY_HAND, BESIDE) if is_answered else BY_HAND

    def worded(view: TraceView) -> tuple[Message, Message] | None:
        return BY_HAND_WORDED if by_hand(view) else None

    def bars(actor: Actor, view: TraceView) -> Message | None:
        leg = next((leg for leg in view.legs if leg.id == leg_id), None)
        if leg is None:
            raise NotFound("leg", leg_id)
        may = trace_steps.may_reply(leg)
        return None if may else IllegalTransition("leg", leg.status, "reply").message

    def told(actor: Actor, view: TraceView) -> Any:
        said = next((one for one in view.said if one.leg.id == leg_id), None)
        return {"leg": LegResponse().dump(said), "words": KINDS} if said else None

    return replace(
        REPLY, command=reply, more=more, settle=_settle, bars=bars, told=told, worded=worded
    )


def _settle(body: dict[str, Any], view: TraceView, form: Form) -> None:
    if "points_to" in body:
        body["points_to"] = [names.state_named(text) or text for text in body["points_to"]]


@blueprint.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/reply")
@signed_in
def reply_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Show the form of a reply."""
    return doings.open_form(actor, _reply_to(leg_id), subject_of, trace_id)


@blueprint.post("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/reply")
@sender
def reply(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Send the reply or keep what came back, and show the trace."""
    return doings.take_form(actor, _reply_to(leg_id), subject_of, trace_id, "trace_id")


@blueprint.get("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/channel")
@signed_in
def channel_form(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Show the form of the channel by which a state is asked that takes no part."""
    return doings.open_form(actor, _channel_of(leg_id), subject_of, trace_id)


@blueprint.post("/traces/<uuid:trace_id>/legs/<uuid:leg_id>/channel")
@sender
def change_channel(actor: Actor, trace_id: UUID, leg_id: UUID) -> Any:
    """Keep it, and show the trace."""
    return doings.take_form(actor, _channel_of(leg_id), subject_of, trace_id, "trace_id")
