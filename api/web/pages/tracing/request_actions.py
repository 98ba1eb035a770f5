"""Actions on a request other than an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.schemas.common import AssignRequest
from api.schemas.requests import (
    DeferRequest,
    ForwardRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefusalRequest,
    RemarkRequest,
    RestrictRequest,
)
from api.web import actions
from api.web.actions import Action, ActionField
from api.web.pages.tracing import request_messages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.errors import message
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests.answers import likely_records
from salsa_ext.tracing.requests.lifecycle import TRANSITIONS
from salsa_ext.tracing.requests.queries import RequestView

READ_BY_REQUESTER = message("The asking state reads it.")
TEXT_FIELD = ActionField(
    "text", message("In words"), "area", required=False, most=2000, hint=READ_BY_REQUESTER
)
REASON = ActionField(
    "reason", message("Reason"), "area", required=True, most=2000, hint=READ_BY_REQUESTER
)
OTHER_GUNS_FIELD = ActionField(
    "confirm_other_guns", message("The records that match are of other guns"), "flag"
)


def _allowed_statuses(action: str) -> tuple[str, ...]:
    """Return the statuses in which an action is allowed."""
    return tuple(status for status, actions in TRANSITIONS.items() if action in actions)


def _response_action(
    name: str,
    command: Callable[..., Any],
    title: Any,
    says: Any,
    schema: Any,
    *fields: ActionField,
    **more: Any,
) -> Action:
    return Action(
        name,
        title,
        says,
        schema,
        command,
        Permission.REQUEST_ANSWER,
        _allowed_statuses(name),
        fields,
        **more,
    )


def _other_guns_fields(view: RequestView) -> tuple[ActionField, ...]:
    return (OTHER_GUNS_FIELD,) if likely_records(view.request) else ()


ACTIONS: actions.Actions = (
    _response_action(
        "acknowledge",
        request_commands.acknowledge,
        message("Acknowledge"),
        message("Tell the asking state that somebody works on it; the clock goes on."),
        RemarkRequest,
        TEXT_FIELD,
    ),
    _response_action(
        "no_record",
        request_commands.report_no_record,
        message("Say that there is no record"),
        message("Tell the asking state that yours has nothing of this gun."),
        NoRecordRequest,
        ActionField(
            "failure_reason",
            message("Why nothing is known"),
            "choice",
            "failure_reason",
            required=False,
        ),
        TEXT_FIELD,
        more=_other_guns_fields,
    ),
    _response_action(
        "ask",
        request_commands.ask_questions,
        message("Ask first"),
        message("Ask what has to be known first; the clock stands until the reply."),
        QuestionsRequest,
        ActionField(
            "questions",
            message("Questions, one on each line"),
            "area",
            required=True,
            most=2000,
            hint=READ_BY_REQUESTER,
        ),
    ),
    _response_action(
        "defer",
        request_commands.defer,
        message("Answer later"),
        message("Say until which day, and why; that day is the new term."),
        DeferRequest,
        ActionField("until", message("Until"), "date", required=True),
        REASON,
    ),
    _response_action(
        "forward",
        request_commands.forward,
        message("Name another state"),
        message("Name the state to ask instead; the asking state asks it."),
        ForwardRequest,
        ActionField("state", message("State"), "choice", "state", required=True),
        REASON,
        more=_other_guns_fields,
    ),
    _response_action(
        "refuse",
        request_commands.refuse,
        message("Refuse"),
        message(
            "Only for a reason that the International Tracing Instrument allows (22). Where something is"
            " missing, ask for it."
        ),
        RefusalRequest,
        ActionField("reason", message("Reason"), "choice", "refusal_reason", required=True),
        ActionField(
            "text", message("In words"), "area", required=True, most=2000, hint=READ_BY_REQUESTER
        ),
    ),
    Action(
        "assign",
        message("Assign"),
        message("Let somebody of your state work on it. No other state learns who."),
        AssignRequest,
        request_commands.assign,
        Permission.REQUEST_ANSWER,
        tuple(TRANSITIONS),
        (
            ActionField(
                "username", message("User name"), "choice", "worker:request:answer", required=True
            ),
        ),
        is_versioned=False,
        start=lambda actor, view: {"username": view.assignee or ""},
    ),
    Action(
        "hide",
        message("Keep it from agencies"),
        message(
            "Of your state, beside those that the asking state named. To them there is no such request."
        ),
        RestrictRequest,
        request_commands.restrict,
        Permission.REQUEST_ANSWER,
        tuple(TRANSITIONS),
        (
            ActionField(
                "hidden_from",
                message("Agencies of your state"),
                "agencies",
                required=False,
                hint=message(
                    "Codes, separated by commas. Those that the asking state named stay kept from it."
                ),
            ),
        ),
        start=lambda actor, view: {"hidden_from": ", ".join(view.own_restricted)},
        settle=request_messages.hide,
    ),
    Action(
        "notes",
        message("Write a note"),
        message("For your state alone: it never leaves it."),
        NoteRequest,
        request_commands.add_note,
        Permission.REQUEST_ANSWER,
        tuple(TRANSITIONS),
        (ActionField("text", message("Note"), "area", required=True, most=2000),),
        is_versioned=False,
    ),
)
SUCCESS_MESSAGES = {
    "answer": message("The answer is sent."),
    "acknowledge": message("The asking state is told."),
    "no_record": message("The asking state is told."),
    "ask": message("The questions are sent."),
    "defer": message("The asking state is told until when."),
    "refuse": message("The refusal is sent."),
    "forward": message("The asking state is told whom to ask."),
    "assign": message("It is assigned."),
    "notes": message("The note is kept."),
}
