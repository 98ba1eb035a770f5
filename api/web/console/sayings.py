"""What a person of the asked state can say to a request beside an answer: a form for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.schemas.discrepancies import AssignRequest
from api.schemas.requests import (
    DeferRequest,
    ForwardRequest,
    HideRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefuseRequest,
    WordsRequest,
)
from api.web.console import words
from api.web.console.words import sealed
from api.web.desk import doings
from api.web.desk.doings import Doing, Field
from salsa_ext.errors import say
from salsa_ext.matching.requests import TRANSITIONS
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.requests import RequestView
from salsa_ext.services import requests
from salsa_ext.services.answer_checks import likely

READ = say("The asking state reads it.")
WORDS = Field("text", say("In words"), "area", required=False, most=2000, hint=READ)
REASON = Field("reason", say("Reason"), "area", required=True, most=2000, hint=READ)
OTHER_GUNS = Field("confirm_other_guns", say("The records that match are of other guns"), "flag")


def _from(action: str) -> tuple[str, ...]:
    """Return the statuses in which the one table allows an action."""
    return tuple(status for status, actions in TRANSITIONS.items() if action in actions)


def _telling(
    name: str,
    command: Callable[..., Any],
    title: Any,
    says: Any,
    schema: Any,
    *fields: Field,
    **more: Any,
) -> Doing:
    return Doing(
        name, title, says, schema, sealed(command), Permission.REQUEST_ANSWER,
        _from(name), fields, **more,
    )  # fmt: skip


def _other_guns(view: RequestView) -> tuple[Field, ...]:
    return (OTHER_GUNS,) if likely(view.request) else ()


DOINGS: doings.Doings = (
    _telling("acknowledge", requests.acknowledge, say("Acknowledge"),
             say("Tell the asking state that somebody works on it; the clock goes on."),
             WordsRequest, WORDS),
    _telling("no_record", requests.no_record, say("Say that there is no record"),
             say("Tell the asking state that yours has nothing of this gun."), NoRecordRequest,
             Field("failure_reason", say("Why nothing is known"), "choice", "failure_reason",
                   required=False), WORDS, more=_other_guns),
    _telling("ask", requests.ask, say("Ask first"),
             say("Ask what has to be known first; the clock stands until the reply."),
             QuestionsRequest,
             Field("questions", say("Questions, one on each line"), "area", required=True, most=2000,
                   hint=READ)),
    _telling("defer", requests.defer, say("Answer later"),
             say("Say until which day, and why; that day is the new term."), DeferRequest,
             Field("until", say("Until"), "date", required=True), REASON),
    _telling("forward", requests.forward, say("Name another state"),
             say("Name the state to ask instead; the asking state asks it."), ForwardRequest,
             Field("state", say("State"), "choice", "state", required=True), REASON,
             more=_other_guns),
    _telling("refuse", requests.refuse, say("Refuse"),
             say("Only for a reason that the International Tracing Instrument allows (22). Where something is"
                 " missing, ask for it."),
             RefuseRequest, Field("reason", say("Reason"), "choice", "refusal_reason", required=True),
             Field("text", say("In words"), "area", required=True, most=2000, hint=READ)),
    Doing(
        "assign", say("Assign"),
        say("Let somebody of your state work on it. No other state learns who."),
        AssignRequest, requests.assign, Permission.REQUEST_ANSWER, tuple(TRANSITIONS),
        (Field("username", say("User name"), "choice", "worker:request:answer", required=True),),
        is_versioned=False,
        start=lambda actor, view: {"username": view.assignee or ""},
    ),
    Doing(
        "hide", say("Keep it from agencies"),
        say("Of your state, beside those that the asking state named. To them there is no such request."),
        HideRequest, requests.hide, Permission.REQUEST_ANSWER, tuple(TRANSITIONS),
        (Field("hidden_from", say("Agencies of your state"), "agencies", required=False,
               hint=say("Codes, separated by commas. Those that the asking state named stay kept from it.")),),
        start=lambda actor, view: {"hidden_from": ", ".join(view.own_hidden_from)}, settle=words.hide,
    ),
    Doing(
        "notes", say("Write a note"), say("For your state alone: it never leaves it."),
        NoteRequest, requests.note, Permission.REQUEST_ANSWER, tuple(TRANSITIONS),
        (Field("text", say("Note"), "area", required=True, most=2000),), is_versioned=False,
    ),
)  # fmt: skip
DONE = {
    "answer": say("The answer is sent."), "acknowledge": say("The asking state is told."),
    "no_record": say("The asking state is told."), "ask": say("The questions are sent."),
    "defer": say("The asking state is told until when."), "refuse": say("The refusal is sent."),
    "forward": say("The asking state is told whom to ask."), "assign": say("It is assigned."),
    "notes": say("The note is kept."),
}  # fmt: skip
