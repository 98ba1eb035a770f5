"""What was said between two states, in words: the name of each kind of message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import wraps
from typing import Any, Final

from flask import request

from api.vault import vault
from api.web.shown import agencies_of
from api.web.typed import Form, codes_in
from salsa_ext.errors import Message, say

KINDS: Final[Mapping[str, Message]] = {
    "request": say("Asked"),
    "renewed": say("Asked again: more is known of the gun"),
    "reply": say("Reply to a question"),
    "withdraw": say("The request was withdrawn"),
    "feedback": say("Whether it helped"),
    "hide": say("Who must not see it, or whom to call, changed"),
    "acknowledge": say("Somebody works on it"),
    "answer": say("Answer"),
    "no_record": say("No record of this gun"),
    "corrected": say("A record that was given is corrected"),
    "refuse": say("Refusal"),
    "defer": say("Answer later"),
    "ask": say("Question"),
    "forward": say("Another state is to be asked"),
    "decline": say("A second person did not approve"),
    "by_hand": say("Came back by another channel"),
    "form_sent": say("The form went out"),
    "note": say("Note of your state"),
    "set_aside": say("The other state set a message aside"),
}


def sealed(command: Any) -> Any:
    """Return a command that is given the vault of the application, under its own name."""

    @wraps(command)
    def run(**said: Any) -> Any:
        return command(vault=vault(), **said)

    return run


def hide(body: dict[str, Any], _: Any, form: Form) -> None:
    """Complete the body of a hiding by the agencies that were typed; none lets all see it."""
    body["hidden_from"] = codes_in(form.get("hidden_from"))


def done(said: Mapping[str, Message], hidden_from: Sequence[str]) -> Message | None:
    """Return what was done by the form that led to this page; of agencies, from which it is kept by now."""
    name = request.args.get("done", "")
    if name != "hide":
        return said.get(name)
    if hidden_from:
        return say("It is kept from {agencies} by now.", agencies=agencies_of(hidden_from))
    return say("It is kept from no agency by now.")
