"""Names of messages between states; success messages of their pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import request

from api.web.formatting import join_agencies
from api.web.forms import Form, codes_in
from salsa_ext.core.errors import Message, message

MESSAGE_KINDS: Final[Mapping[str, Message]] = {
    "request": message("Asked"),
    "renewed": message("Asked again: more is known of the gun"),
    "reply": message("Reply to a question"),
    "withdraw": message("The request was withdrawn"),
    "feedback": message("Whether it helped"),
    "hide": message("Who must not see it, or whom to call, changed"),
    "acknowledge": message("Somebody works on it"),
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


def hide(body: dict[str, Any], _: Any, form: Form) -> None:
    """Complete the body of a hiding by the agencies that were typed; none lets all see it."""
    body["hidden_from"] = codes_in(form.get("hidden_from"))


def success_message(messages: Mapping[str, Message], hidden_from: Sequence[str]) -> Message | None:
    """Return the success message of the action that led here.

    For restrictions, the agencies.
    """
    name = request.args.get("done", "")
    if name != "hide":
        return messages.get(name)
    if hidden_from:
        return message("It is kept from {agencies} by now.", agencies=join_agencies(hidden_from))
    return message("It is kept from no agency by now.")
