"""Answering a request: with what was ticked and typed on its page, or by another word."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import url_for

from api.i18n import translate
from api.schemas.requests import AcknowledgeManyRequest, AnswerRequest
from api.vault import vault
from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.console import naming
from api.web.console.blueprint import blueprint
from api.web.console.requests import PICK, page_of, queue_of, subject_of
from api.web.console.sayings import DOINGS
from api.web.console.words import sealed
from api.web.desk import doings
from api.web.typed import Form
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import known, names
from salsa_ext.services import requests
from salsa_ext.values.actor import Actor

NO_RECORD = say("Say that there is no record")
OTHER_MARKS = say("They are of this gun, though they bear other marks")


@blueprint.post("/requests/<uuid:request_id>/answer")
@sender
def answer(actor: Actor, request_id: UUID) -> Any:
    """Answer with what was ticked and typed; the page of the request again where that cannot be."""
    require(actor, Permission.REQUEST_ANSWER)
    form = sending.sent()
    form.called = {
        "confirm_other_marks": translate(OTHER_MARKS), "no_record": translate(NO_RECORD),
    }  # fmt: skip
    done = sending.send(form, actor, lambda: _answer(actor, request_id, form))
    return done or (again(actor, lambda: page_of(actor, request_id, form)), form.status)


def _answer(actor: Actor, request_id: UUID, form: Form) -> str:
    subject = subject_of(actor, request_id)
    find = partial(known.find, actor, permission=Permission.REQUEST_ANSWER)
    data = form.load(AnswerRequest(), lambda body: _complete(body, form, find))
    sealed(requests.answer)(
        actor=actor, request_id=request_id, seen=doings.version_of(form), data=data
    )
    return f"{subject.address}?done=answer"


def _complete(body: dict[str, Any], form: Form, find: naming.Find) -> None:
    """Take the records that were ticked, those that were named, and countries by their names."""
    picked = [path.removeprefix(PICK) for path, text in form.values.items()
              if path.startswith(PICK) and text == "true"]  # fmt: skip
    body["records"] = picked + [naming.one_of(typed, find) for typed in body.get("records", [])]
    body["points_to"] = [names.state_named(text) or text for text in body.get("points_to", ())]


@blueprint.post("/requests/acknowledge")
@sender
def acknowledge(actor: Actor) -> Any:
    """Acknowledge the requests that were ticked, and show the list with what could not be."""
    require(actor, Permission.REQUEST_ANSWER)
    form = sending.sent()
    done = sending.send(form, actor, lambda: _acknowledge(actor, form))
    return done or (again(actor, lambda: queue_of(actor, form)), form.status)


def _acknowledge(actor: Actor, form: Form) -> str:
    picked = [path.removeprefix(PICK) for path in form.values if path.startswith(PICK)]
    data = AcknowledgeManyRequest().load({"requests": picked})
    said = requests.acknowledge_many(actor=actor, vault=vault(), data=data)
    return url_for("console.requests", done=len(said.done), left=[*map(str, said.left)])


@blueprint.get("/requests/<uuid:request_id>/<slug:name>")
@signed_in
def saying_form(actor: Actor, request_id: UUID, name: str) -> Any:
    """Show the form of something else that can be said."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, request_id)


@blueprint.post("/requests/<uuid:request_id>/<slug:name>")
@sender
def say_it(actor: Actor, request_id: UUID, name: str) -> Any:
    """Say it, and show the request."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, request_id, "request_id")
