"""What other states' traces ask of the own state, and its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.resource import Resource
from api.schemas.discrepancies import AssignRequest
from api.schemas.fields import RequestSchema
from api.schemas.requests import (
    AcknowledgedResponse,
    AcknowledgeManyRequest,
    AnswerRequest,
    DeferRequest,
    ForwardRequest,
    HideRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefuseRequest,
    RequestQuery,
    RequestResponse,
    WordsRequest,
)
from api.vault import vault
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import requests as reading
from salsa_ext.readmodels.requests import RequestView
from salsa_ext.services import request_arrivals, requests
from salsa_ext.services.requests import Acknowledged
from salsa_ext.values.actor import Actor
from salsa_ext.values.positions import Assigning
from salsa_ext.values.requests import Acknowledging, Hiding, Telling

PATH = "/requests/<uuid:request_id>"
HANDLERS = request_arrivals
"""Imported so that what comes is applied wherever the application is."""

blueprint = Resource("requests", "What other states' traces ask of your state")
blueprint.listing(
    "/requests", RequestQuery, RequestResponse, reading.list_requests, Permission.REQUEST_READ
)
blueprint.reading(PATH, RequestResponse, reading.get_request, Permission.REQUEST_READ)


def _action(name: str, body: type[RequestSchema], command: Callable[..., Any], said: str) -> None:
    def act(actor: Actor, data: Any, request_id: UUID) -> RequestView:
        command(actor=actor, vault=vault(), request_id=request_id, seen=g.seen, data=data)
        return reading.read(request_id)

    act.__name__, act.__doc__ = f"{name}_request", said
    blueprint.posting(
        f"{PATH}/{name}", body, RequestResponse, Permission.REQUEST_ANSWER,
        status=200, standing=reading.version,
    )(act)  # fmt: skip


@blueprint.posting(
    "/requests/acknowledge", AcknowledgeManyRequest, AcknowledgedResponse,
    Permission.REQUEST_ANSWER, status=200,
)  # fmt: skip
def acknowledge_requests(actor: Actor, data: Acknowledging) -> Acknowledged:
    """Say of several requests that somebody works on them; what cannot be is left, and named."""
    return requests.acknowledge_many(actor=actor, vault=vault(), data=data)


_action("acknowledge", WordsRequest, requests.acknowledge, "Say that somebody works on it.")
_action("answer", AnswerRequest, requests.answer,
        "Answer with your state's records, or with what its books say.")  # fmt: skip
_action("no_record", NoRecordRequest, requests.no_record,
        "Say that there is nothing of this gun.")  # fmt: skip
_action("refuse", RefuseRequest, requests.refuse,
        "Refuse for a reason that the International Tracing Instrument allows.")  # fmt: skip
_action("defer", DeferRequest, requests.defer, "Answer later, until a day that you give.")
_action("ask", QuestionsRequest, requests.ask,
        "Ask what has to be known first; the clock stands until the reply.")  # fmt: skip
_action("forward", ForwardRequest, requests.forward, "Name the state to ask instead.")


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, RequestResponse, Permission.REQUEST_ANSWER, status=200
)
def assign_request(actor: Actor, data: Assigning, request_id: UUID) -> RequestView:
    """Let somebody of your state work on it; no other state learns who."""
    requests.assign(actor=actor, request_id=request_id, data=data)
    return reading.read(request_id)


@blueprint.posting(
    f"{PATH}/hide", HideRequest, RequestResponse, Permission.REQUEST_ANSWER, status=200,
    standing=reading.version,
)  # fmt: skip
def hide_request(actor: Actor, data: Hiding, request_id: UUID) -> RequestView:
    """Keep it from these agencies of your state too: to them there is no such request."""
    requests.hide(actor=actor, request_id=request_id, seen=g.seen, data=data)
    return reading.read(request_id)


@blueprint.posting(
    f"{PATH}/notes", NoteRequest, RequestResponse, Permission.REQUEST_ANSWER, status=200
)
def note_request(actor: Actor, data: Telling, request_id: UUID) -> RequestView:
    """Keep a note for your state alone."""
    requests.note(actor=actor, request_id=request_id, data=data)
    return reading.read(request_id)
