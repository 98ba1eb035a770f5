"""Routes of trace requests from other states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g

from api.http.fields.schemas import RequestSchema
from api.http.resource import Resource
from api.schemas.common import AssignRequest
from api.schemas.requests import (
    AcknowledgedResponse,
    AcknowledgeManyRequest,
    AnswerRequest,
    DeferRequest,
    ForwardRequest,
    NoRecordRequest,
    NoteRequest,
    QuestionsRequest,
    RefusalRequest,
    RemarkRequest,
    RequestQuery,
    RequestResponse,
    RestrictRequest,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.tracing.requests import commands as request_commands
from salsa_ext.tracing.requests import handlers as request_handlers
from salsa_ext.tracing.requests import queries as request_queries
from salsa_ext.tracing.requests.commands import AcknowledgementResult
from salsa_ext.tracing.requests.queries import RequestView
from salsa_ext.tracing.requests.values import AcknowledgementData, CommentData, RestrictionData

PATH = "/requests/<uuid:request_id>"
HANDLERS = request_handlers
"""Imported so that what comes is applied wherever the application is."""

blueprint = Resource("requests", "What other states' traces ask of your state")
blueprint.listing(
    "/requests",
    RequestQuery,
    RequestResponse,
    request_queries.list_requests,
    Permission.REQUEST_READ,
)
blueprint.reading(PATH, RequestResponse, request_queries.get_request, Permission.REQUEST_READ)


def _add_action(
    name: str, body: type[RequestSchema], command: Callable[..., Any], summary: str
) -> None:
    def act(actor: Actor, data: Any, request_id: UUID) -> RequestView:
        command(actor=actor, request_id=request_id, expected_version=g.expected_version, data=data)
        return request_queries.load(request_id)

    act.__name__, act.__doc__ = f"{name}_request", summary
    blueprint.posting(
        f"{PATH}/{name}",
        body,
        RequestResponse,
        Permission.REQUEST_ANSWER,
        status=200,
        standing=request_queries.current_version,
    )(act)


@blueprint.posting(
    "/requests/acknowledge",
    AcknowledgeManyRequest,
    AcknowledgedResponse,
    Permission.REQUEST_ANSWER,
    status=200,
)
def acknowledge_requests(actor: Actor, data: AcknowledgementData) -> AcknowledgementResult:
    """Acknowledge several requests; refused ones are returned with the error."""
    return request_commands.acknowledge_many(actor=actor, data=data)


_add_action(
    "acknowledge", RemarkRequest, request_commands.acknowledge, "Say that somebody works on it."
)
_add_action(
    "answer",
    AnswerRequest,
    request_commands.answer,
    "Answer with your state's records, or with what its books say.",
)
_add_action(
    "no_record",
    NoRecordRequest,
    request_commands.report_no_record,
    "Say that there is nothing of this gun.",
)
_add_action(
    "refuse",
    RefusalRequest,
    request_commands.refuse,
    "Refuse for a reason that the International Tracing Instrument allows.",
)
_add_action(
    "defer", DeferRequest, request_commands.defer, "Answer later, until a day that you give."
)
_add_action(
    "ask",
    QuestionsRequest,
    request_commands.ask_questions,
    "Ask what has to be known first; the clock stands until the reply.",
)
_add_action("forward", ForwardRequest, request_commands.forward, "Name the state to ask instead.")


@blueprint.posting(
    f"{PATH}/assign", AssignRequest, RequestResponse, Permission.REQUEST_ANSWER, status=200
)
def assign_request(actor: Actor, data: AssigneeData, request_id: UUID) -> RequestView:
    """Assign a request to an account of your state; not shared."""
    request_commands.assign(actor=actor, request_id=request_id, data=data)
    return request_queries.load(request_id)


@blueprint.posting(
    f"{PATH}/hide",
    RestrictRequest,
    RequestResponse,
    Permission.REQUEST_ANSWER,
    status=200,
    standing=request_queries.current_version,
)
def restrict_request(actor: Actor, data: RestrictionData, request_id: UUID) -> RequestView:
    """Hide a request from agencies of your state."""
    request_commands.restrict(
        actor=actor, request_id=request_id, expected_version=g.expected_version, data=data
    )
    return request_queries.load(request_id)


@blueprint.posting(
    f"{PATH}/notes", NoteRequest, RequestResponse, Permission.REQUEST_ANSWER, status=200
)
def add_request_note(actor: Actor, data: CommentData, request_id: UUID) -> RequestView:
    """Add a note for your state only."""
    request_commands.add_note(actor=actor, request_id=request_id, data=data)
    return request_queries.load(request_id)
