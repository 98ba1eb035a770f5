"""Actions on a trace, from draft to closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from api.http.fields.schemas import RequestSchema
from api.schemas.common import AssignRequest
from api.schemas.requests import (
    FeedbackRequest,
    LegRequest,
    NoteRequest,
    RemarkRequest,
    RestrictRequest,
)
from api.schemas.traces import (
    AmendTraceRequest,
    RejectTraceRequest,
    SendTraceRequest,
    TraceResponse,
)
from api.web import actions
from api.web.actions import Action, ActionField
from api.web.pages.tracing import request_messages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.codes import UNSENT
from salsa_ext.core.errors import Message, message
from salsa_ext.tracing.traces import approvals, channels, follow_up
from salsa_ext.tracing.traces import commands as trace_commands
from salsa_ext.tracing.traces.follow_up import ALL_STATUSES, needs_feedback
from salsa_ext.tracing.traces.queries import TraceView
from salsa_ext.tracing.traces.values import SENT_STATUSES

DECISION_TEMPLATE: Final = "tracing/draft_decision.html"


def _is_other_person(actor: Actor, view: TraceView) -> bool:
    return view.trace.requested_by is None or view.trace.requested_by != actor.account_id


def _feedback_obstacle(actor: Actor, view: TraceView) -> Message | None:
    """Return why no feedback can be sent; None if possible.

    No state answered, or each already has it.
    """
    answered = [leg for leg in view.legs if follow_up.has_answered(leg)]
    if not answered:
        return follow_up.NONE_ANSWERED
    last = {
        one.leg.id: max((said.at for said in one.messages if said.kind == "feedback"), default=None)
        for one in view.leg_views
    }
    is_left = any(needs_feedback(leg, last[leg.id]) for leg in answered)
    return None if is_left else follow_up.ALL_INFORMED


def _trace_json(actor: Actor, view: TraceView) -> Any:
    return TraceResponse().dump(view)


def _approval_obstacle(actor: Actor, view: TraceView) -> Message | None:
    """Return why a draft awaiting approval cannot be sent."""
    return approvals.ALREADY_REQUESTED if approvals.is_pending(view.trace) else None


def success_message(name: str, view: TraceView) -> Message | None:
    """Return the success message of an action.

    A trace that awaits approval was not sent.
    """
    if name in ("asked", "send") and view.trace.sent_at is None:
        return (
            message("A second person is asked to approve it.") if _awaits_approval(view) else None
        )
    return request_messages.success_message(SUCCESS_MESSAGES, view.restricted_agencies)


def _awaits_approval(view: TraceView) -> bool:
    return view.trace.status == "draft" and view.trace.approval_requested_at is not None


def legs_to_reply(actor: Actor, view: TraceView) -> set[UUID]:
    """Return the ids of legs the actor can reply to."""
    if view.trace.status not in SENT_STATUSES or Permission.TRACE_REQUEST not in actor.permissions:
        return set()
    return {leg.id for leg in view.legs if follow_up.may_reply(leg)}


def legs_to_rechannel(actor: Actor, view: TraceView) -> set[UUID]:
    """Return the ids of legs whose channel the actor can change.

    Legs of non-participating states.
    """
    if view.trace.status not in SENT_STATUSES or Permission.TRACE_REQUEST not in actor.permissions:
        return set()
    return {leg.id for leg in view.legs if channels.may_change_channel(leg)}


def _plain_action(
    name: str,
    title: Message,
    says: Message,
    command: Callable[..., Any],
    statuses: tuple[str, ...],
    permission: Permission = Permission.TRACE_REQUEST,
    **more: Any,
) -> Action:
    return Action(
        name,
        title,
        says,
        RemarkRequest,
        command,
        permission,
        statuses,
        (),
        is_dataless=True,
        **more,
    )


def _unversioned_action(
    name: str,
    title: Message,
    says: Message,
    schema: type[RequestSchema],
    command: Callable[..., Any],
    statuses: tuple[str, ...],
    *fields: ActionField,
    **more: Any,
) -> Action:
    return Action(
        name,
        title,
        says,
        schema,
        command,
        Permission.TRACE_REQUEST,
        statuses,
        fields,
        is_versioned=False,
        **more,
    )


ACTIONS: actions.Actions = (
    Action(
        "amend",
        message("Change the draft"),
        message(
            "What it asks, and the description of the gun. Who was asked to approve it is asked anew."
        ),
        AmendTraceRequest,
        trace_commands.amend_draft,
        Permission.TRACE_REQUEST,
        ("draft",),
        (),
    ),
    _plain_action(
        "approve",
        message("Approve"),
        message("Approve what somebody else drafted; it can then be sent."),
        trace_commands.approve_draft,
        ("draft",),
        Permission.TRACE_APPROVE,
        is_for=_is_other_person,
        is_main=True,
        page=DECISION_TEMPLATE,
        told=_trace_json,
    ),
    Action(
        "decline",
        message("Decline"),
        message("It stays a draft, and is not sent; it may be changed and asked for anew."),
        RejectTraceRequest,
        trace_commands.decline_draft,
        Permission.TRACE_APPROVE,
        ("draft",),
        (
            ActionField(
                "text",
                message("Reason"),
                "area",
                required=True,
                most=2000,
                hint=message("Who drafted it reads it."),
            ),
        ),
        is_for=_is_other_person,
        is_grave=True,
        page=DECISION_TEMPLATE,
        told=_trace_json,
    ),
    Action(
        "send",
        message("Send"),
        message("All states that may know are asked. What they answer at once is there at once."),
        SendTraceRequest,
        trace_commands.send_trace,
        Permission.TRACE_REQUEST,
        UNSENT,
        (),
        bars=_approval_obstacle,
        is_main=True,
    ),
    _unversioned_action(
        "legs",
        message("Ask one more state"),
        message(
            "A state that takes no part is asked by another channel; write down what came back."
        ),
        LegRequest,
        follow_up.ask_another_state,
        SENT_STATUSES,
        ActionField("state", message("State"), "choice", "state", required=True),
        ActionField("reason", message("Why this state"), "area", required=True, most=500),
        ActionField(
            "channel",
            message("Channel"),
            "choice",
            "leg_channel",
            required=False,
            hint=message("Only for a state that takes no part."),
        ),
        ActionField("reference", message("Reference there"), required=False, most=100),
    ),
    _unversioned_action(
        "feedback",
        message("Say whether it helped"),
        message("The states that answered read it."),
        FeedbackRequest,
        follow_up.send_feedback,
        (*SENT_STATUSES, "closed"),
        ActionField("helped", message("Did it help?"), "choice", "helped", required=True),
        ActionField("text", message("In words"), "area", required=False, most=2000),
        bars=_feedback_obstacle,
    ),
    _plain_action(
        "close",
        message("Close"),
        message(
            "What still waits is withdrawn, and the states that helped learn what came of it. The result"
            " stays readable."
        ),
        trace_commands.close_trace,
        SENT_STATUSES,
    ),
    _unversioned_action(
        "assign",
        message("Assign"),
        message("Let somebody of your state work on it. No other state learns who."),
        AssignRequest,
        follow_up.assign,
        ALL_STATUSES,
        ActionField(
            "username", message("User name"), "choice", "worker:trace:request", required=True
        ),
        start=lambda actor, view: {"username": view.assignee or ""},
    ),
    Action(
        "hide",
        message("Keep it from agencies"),
        message(
            "Of your state, or of those that are asked. To them there is no such trace, nor a request."
        ),
        RestrictRequest,
        follow_up.restrict,
        Permission.TRACE_REQUEST,
        ALL_STATUSES,
        (
            ActionField(
                "hidden_from",
                message("Agencies"),
                "agencies",
                required=False,
                hint=message("Codes, separated by commas."),
            ),
        ),
        start=lambda actor, view: {"hidden_from": ", ".join(view.restricted_agencies)},
        settle=request_messages.hide,
    ),
    _unversioned_action(
        "notes",
        message("Write a note"),
        message("For your state alone: it never leaves it."),
        NoteRequest,
        follow_up.add_note,
        ALL_STATUSES,
        ActionField("text", message("Note"), "area", required=True, most=2000),
    ),
    _plain_action(
        "withdraw",
        message("Withdraw"),
        message(
            "States that have not answered are told; what was answered stays known to those who answered."
        ),
        trace_commands.withdraw_trace,
        (*UNSENT, *SENT_STATUSES),
        is_grave=True,
    ),
)
SUCCESS_MESSAGES = {
    "asked": message("The trace is sent."),
    "drafted": message("The draft is kept."),
    "approve": message("The draft is approved."),
    "amend": message("The draft is changed."),
    "decline": message("The draft is declined, and who drafted it is told."),
    "send": message("The trace is sent."),
    "legs": message("The state is asked."),
    "feedback": message("The states that answered are told."),
    "close": message("The trace is closed."),
    "assign": message("It is assigned."),
    "notes": message("The note is kept."),
    "withdraw": message("The trace is withdrawn."),
    "reply": message("The reply is kept."),
    "channel": message("The channel is kept."),
}
