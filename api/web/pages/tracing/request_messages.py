"""What requests and traces have in common: messages between states, restrictions, notes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from flask import request

from api.schemas.tracing.requests import NoteRequest, RestrictRequest
from api.web.document_actions import Action
from api.web.formatting import join_agencies
from api.web.forms import Field, Form, codes_in
from salsa_ext.access.permissions import Permission
from salsa_ext.core.errors import Message, message

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
        message("The note is kept."),
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
