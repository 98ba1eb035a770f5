"""What can be done to a trace, from the draft to its end, and to whom it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from api.schemas.discrepancies import AssignRequest
from api.schemas.fields import RequestSchema
from api.schemas.requests import (
    AskOneMoreRequest,
    FeedbackRequest,
    HideRequest,
    NoteRequest,
    WordsRequest,
)
from api.schemas.traces import (
    AmendTraceRequest,
    DeclineTraceRequest,
    SendTraceRequest,
    TraceResponse,
)
from api.web.console import words
from api.web.console.words import sealed
from api.web.desk import doings
from api.web.desk.doings import Doing, Field
from salsa_ext.errors import Message, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.traces import TraceView
from salsa_ext.services import approvals, other_channels, trace_steps, traces
from salsa_ext.services.endings import is_untold
from salsa_ext.services.legs import SENT
from salsa_ext.services.trace_steps import ANY
from salsa_ext.values.actor import Actor
from salsa_ext.values.codes import UNSENT

DECIDING: Final = "console/deciding.html"


def _is_of_another(actor: Actor, view: TraceView) -> bool:
    return view.trace.requested_by is None or view.trace.requested_by != actor.account_id


def _feedback_bars(actor: Actor, view: TraceView) -> Message | None:
    """Return why no state can be told whether it helped: none answered, or each was told."""
    answered = [leg for leg in view.legs if trace_steps.is_answered(leg)]
    if not answered:
        return trace_steps.NONE_ANSWERED
    last = {one.leg.id: max((said.at for said in one.messages if said.kind == "feedback"), default=None)
            for one in view.said}  # fmt: skip
    is_left = any(is_untold(leg, last[leg.id]) for leg in answered)
    return None if is_left else trace_steps.ALL_TOLD


def _told(actor: Actor, view: TraceView) -> Any:
    return TraceResponse().dump(view)


def _waits(actor: Actor, view: TraceView) -> Message | None:
    """Return why a draft cannot be sent that waits for a second person."""
    return approvals.ASKED_ALREADY if approvals.is_asked(view.trace) else None


def done_of(name: str, view: TraceView) -> Message | None:
    """Return what was done by a step; of a trace that was to be sent and waits, that it is not."""
    if name in ("asked", "send") and view.trace.sent_at is None:
        return say("A second person is asked to approve it.") if _is_asked(view) else None
    return words.done(DONE, view.hidden_from)


def _is_asked(view: TraceView) -> bool:
    return view.trace.status == "draft" and view.trace.approval_asked_at is not None


def awaited(actor: Actor, view: TraceView) -> set[UUID]:
    """Return the legs to which something can be replied, or written down, by the actor."""
    if view.trace.status not in SENT or Permission.TRACE_REQUEST not in actor.permissions:
        return set()
    return {leg.id for leg in view.legs if trace_steps.may_reply(leg)}


def unaddressed(actor: Actor, view: TraceView) -> set[UUID]:
    """Return the legs of states that take no part for which the actor may choose another channel."""
    if view.trace.status not in SENT or Permission.TRACE_REQUEST not in actor.permissions:
        return set()
    return {leg.id for leg in view.legs if other_channels.may_change(leg)}


def _moving(
    name: str, title: Message, says: Message, command: Callable[..., Any],
    statuses: tuple[str, ...], permission: Permission = Permission.TRACE_REQUEST, **more: Any,
) -> Doing:  # fmt: skip
    return Doing(name, title, says, WordsRequest, command, permission, statuses, (),
                 is_dataless=True, **more)  # fmt: skip


def _saying(
    name: str, title: Message, says: Message, schema: type[RequestSchema],
    command: Callable[..., Any], statuses: tuple[str, ...], *fields: Field, **more: Any,
) -> Doing:  # fmt: skip
    return Doing(name, title, says, schema, command, Permission.TRACE_REQUEST, statuses, fields,
                 is_versioned=False, **more)  # fmt: skip


DOINGS: doings.Doings = (
    Doing("amend", say("Change the draft"),
          say("What it asks, and the description of the gun. Who was asked to approve it is asked anew."),
          AmendTraceRequest, sealed(traces.amend), Permission.TRACE_REQUEST, ("draft",), ()),
    _moving("approve", say("Approve"), say("Approve what somebody else drafted; it can then be sent."),
            sealed(traces.approve), ("draft",), Permission.TRACE_APPROVE, is_for=_is_of_another,
            is_main=True, page=DECIDING, told=_told),
    Doing("decline", say("Decline"),
          say("It stays a draft, and is not sent; it may be changed and asked for anew."),
          DeclineTraceRequest, sealed(traces.decline), Permission.TRACE_APPROVE, ("draft",),
          (Field("text", say("Reason"), "area", required=True, most=2000,
                 hint=say("Who drafted it reads it.")),),
          is_for=_is_of_another, is_grave=True, page=DECIDING, told=_told),
    Doing("send", say("Send"),
          say("All states that may know are asked. What they answer at once is there at once."),
          SendTraceRequest, sealed(traces.send), Permission.TRACE_REQUEST, UNSENT, (),
          bars=_waits, is_main=True),
    _saying("legs", say("Ask one more state"),
            say("A state that takes no part is asked by another channel; write down what came back."),
            AskOneMoreRequest, sealed(trace_steps.ask_one_more), SENT,
            Field("state", say("State"), "choice", "state", required=True),
            Field("reason", say("Why this state"), "area", required=True, most=500),
            Field("channel", say("Channel"), "choice", "leg_channel", required=False,
                  hint=say("Only for a state that takes no part.")),
            Field("reference", say("Reference there"), required=False, most=100)),
    _saying("feedback", say("Say whether it helped"), say("The states that answered read it."),
            FeedbackRequest, sealed(trace_steps.feedback), (*SENT, "closed"),
            Field("helped", say("Did it help?"), "choice", "helped", required=True),
            Field("text", say("In words"), "area", required=False, most=2000),
            bars=_feedback_bars),
    _moving("close", say("Close"),
            say("What still waits is withdrawn, and the states that helped learn what came of it. The result"
                " stays readable."),
            sealed(traces.close), SENT),
    _saying("assign", say("Assign"),
            say("Let somebody of your state work on it. No other state learns who."),
            AssignRequest, trace_steps.assign, ANY,
            Field("username", say("User name"), "choice", "worker:trace:request", required=True),
            start=lambda actor, view: {"username": view.assignee or ""}),
    Doing("hide", say("Keep it from agencies"),
          say("Of your state, or of those that are asked. To them there is no such trace, nor a request."),
          HideRequest, sealed(trace_steps.hide), Permission.TRACE_REQUEST, ANY,
          (Field("hidden_from", say("Agencies"), "agencies", required=False,
                 hint=say("Codes, separated by commas.")),),
          start=lambda actor, view: {"hidden_from": ", ".join(view.hidden_from)}, settle=words.hide),
    _saying("notes", say("Write a note"), say("For your state alone: it never leaves it."),
            NoteRequest, trace_steps.note, ANY,
            Field("text", say("Note"), "area", required=True, most=2000)),
    _moving("withdraw", say("Withdraw"),
            say("States that have not answered are told; what was answered stays known to those who answered."),
            sealed(traces.withdraw), (*UNSENT, *SENT), is_grave=True),
)  # fmt: skip
DONE = {
    "asked": say("The trace is sent."), "drafted": say("The draft is kept."),
    "approve": say("The draft is approved."),
    "amend": say("The draft is changed."),
    "decline": say("The draft is declined, and who drafted it is told."), "send": say("The trace is sent."),
    "legs": say("The state is asked."), "feedback": say("The states that answered are told."),
    "close": say("The trace is closed."),
    "assign": say("It is assigned."),
    "notes": say("The note is kept."), "withdraw": say("The trace is withdrawn."),
    "reply": say("The reply is kept."), "channel": say("The channel is kept."),
}  # fmt: skip
