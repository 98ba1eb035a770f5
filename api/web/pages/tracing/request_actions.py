"""Actions on a request other than an answer; messages, restrictions and notes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

from flask import request

from api.schemas.tracing.requests import (
    DeferRequest,
    ForwardRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefusalRequest,
    RemarkRequest,
    RestrictRequest,
)
from api.web.document_actions import Action, Actions, assign_action
from api.web.formatting import join_agencies
from api.web.forms import Field, Form, codes_in
from salsa_ext.access.permissions import Permission
from salsa_ext.core.errors import Message, message
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests.answers import likely_records
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.tracing.requests.values import TRANSITIONS

MESSAGE_KINDS: Final[Mapping[str, Message]] = {
    "request": message("Asked"),
    "renewed": message("Asked again: more is known of the gun"),
    "reply": message("Reply to a question"),
    "withdraw": message("The request was withdrawn"),
    "feedback": message("Whether it helped"),
    "hide": message("Restrictions or contact changed"),
    "acknowledge": message("Someone works on it"),
    "arrived": message("It arrived; a person will answer"),
    "answer": message("Answer"),
    "no_record": message("No record of this gun"),
    "corrected": message("A record that was given is corrected"),
    "refuse": message("Refusal"),
    "defer": message("Answer later"),
    "ask": message("Question"),
    "forward": message("Another state is to be asked"),
    "decline": message("A second person did not approve"),
    "by_hand": message("Came back by another channel"),
    "form_sent": message("The form went out"),
    "note": message("Note of your state"),
    "set_aside": message("The other state set a message aside"),
}


def note_action(
    command: Callable[..., Any], permission: Permission, statuses: Collection[str]
) -> Action:
    """Return the action that adds a note of the own state."""
    return Action(
        "notes",
        message("Write a note"),
        message("For your state alone: it never leaves it."),
        NoteRequest,
        command,
        permission,
        statuses,
        (Field("text", message("Note"), "area", required=True, max_length=2000),),
        message("The note is saved."),
        is_versioned=False,
    )


def restrict_action(
    command: Callable[..., Any],
    permission: Permission,
    statuses: Collection[str],
    description: Message,
    field: Field,
    restricted: Callable[[Any], Sequence[str]],
) -> Action:
    """Return the action that restricts a document from agencies, typed as codes."""

    def complete(body: dict[str, Any], view: Any, form: Form) -> None:
        body["hidden_from"] = codes_in(form.get("hidden_from"))

    return Action(
        "hide",
        message("Restrict access"),
        description,
        RestrictRequest,
        command,
        permission,
        statuses,
        (field,),
        initial_values=lambda actor, view: {"hidden_from": ", ".join(restricted(view))},
        complete_body=complete,
    )


def success_message(
    messages: Mapping[str, Message | None], restricted: Sequence[str]
) -> Message | None:
    """Return the success message of the action that led here; of a restriction the agencies."""
    name = request.args.get("done", "")
    if name != "hide":
        return messages.get(name)
    if restricted:
        return message(
            "Access is now restricted for {agencies}.", agencies=join_agencies(restricted)
        )
    return message("Access is no longer restricted for any agency.")


READ_BY_REQUESTER = message("The asking state reads it.")
ReadArea = partial(Field, widget="area", max_length=2000, hint=READ_BY_REQUESTER)
TEXT_FIELD = ReadArea("text", message("Comment"), required=False)
REASON = ReadArea("reason", message("Reason"), required=True)
REQUESTER_TOLD = message("The requesting state is informed.")


def _response(
    name: str,
    command: Callable[..., Any],
    title: Message,
    description: Message,
    schema: Any,
    fields: tuple[Field, ...],
    success: Message,
    **options: Any,
) -> Action:
    """Return an action that sends a message to the requesting state."""
    return Action(
        name,
        title,
        description,
        schema,
        command,
        Permission.REQUEST_ANSWER,
        [status for status, actions in TRANSITIONS.items() if name in actions],
        fields,
        success,
        **options,
    )


def _other_guns_fields(view: RequestView) -> tuple[Field, ...]:
    label = message("The records that match are of other guns")
    return (Field("confirm_other_guns", label, "flag"),) if likely_records(view.request) else ()


ACTIONS: Actions = (
    _response(
        "acknowledge",
        request_commands.acknowledge,
        message("Acknowledge"),
        message("Inform the requesting state that someone works on it. The deadline goes on."),
        RemarkRequest,
        (TEXT_FIELD,),
        REQUESTER_TOLD,
    ),
    _response(
        "no_record",
        request_commands.report_no_record,
        message("Say that there is no record"),
        message("Inform the requesting state that yours has no record of this firearm."),
        NoRecordRequest,
        (
            Field(
                "failure_reason",
                message("Why nothing is known"),
                "choice",
                "failure_reason",
                required=False,
            ),
            TEXT_FIELD,
        ),
        REQUESTER_TOLD,
        extra_fields=_other_guns_fields,
    ),
    _response(
        "ask",
        request_commands.ask_questions,
        message("Ask first"),
        message("Ask what you need to know first. The deadline is suspended until the reply."),
        QuestionsRequest,
        (ReadArea("questions", message("Questions, one on each line"), required=True),),
        message("The questions are sent."),
    ),
    _response(
        "defer",
        request_commands.defer,
        message("Answer later"),
        message("Say until which day, and why; that day is the new term."),
        DeferRequest,
        (Field("until", message("Until"), "date", required=True), REASON),
        message("The requesting state is informed of the new date."),
    ),
    _response(
        "forward",
        request_commands.forward,
        message("Name another state"),
        message("Name the state to ask instead; the asking state asks it."),
        ForwardRequest,
        (Field("state", message("State"), "choice", "state", required=True), REASON),
        message("The requesting state is informed which state to ask."),
        extra_fields=_other_guns_fields,
    ),
    _response(
        "refuse",
        request_commands.refuse,
        message("Refuse"),
        message(
            "Only for a reason that the International Tracing Instrument allows (22). Where something is"
            " missing, ask for it."
        ),
        RefusalRequest,
        (
            Field("reason", message("Reason"), "choice", "refusal_reason", required=True),
            ReadArea("text", message("Comment"), required=True),
        ),
        message("The refusal is sent."),
    ),
    assign_action(request_commands.assign, Permission.REQUEST_ANSWER, TRANSITIONS),
    restrict_action(
        request_commands.restrict,
        Permission.REQUEST_ANSWER,
        TRANSITIONS,
        message(
            "Agencies of your state, in addition to those that the requesting state named."
            " They do not see this request."
        ),
        Field(
            "hidden_from",
            message("Agencies of your state"),
            "agencies",
            hint=message(
                "Codes, separated by commas. Agencies that the requesting state named remain"
                " restricted."
            ),
        ),
        lambda view: view.own_restricted,
    ),
    note_action(request_commands.add_note, Permission.REQUEST_ANSWER, TRANSITIONS),
)
