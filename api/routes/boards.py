"""Routes of border posts, their boards and calls between sides."""

from __future__ import annotations

from uuid import UUID

from api.http import event_cursor
from api.http.resource import Resource
from api.schemas.boards import (
    BoardEventsQuery,
    BoardEventsResponse,
    BoardResponse,
    CallQuery,
    CallRequest,
    CallResponse,
)
from api.schemas.reference import PostResponse, StateFilterQuery
from salsa_ext.access.permissions import Permission
from salsa_ext.boards import board, calls, events
from salsa_ext.boards.calls import CallRequestData, CallView
from salsa_ext.boards.events import EventPage
from salsa_ext.core.actor import Actor
from salsa_ext.reference import queries as reference_queries

blueprint = Resource("posts", "Border posts and their boards")
blueprint.listing(
    "/posts",
    StateFilterQuery,
    PostResponse,
    reference_queries.list_posts,
    Permission.REFERENCE_READ,
)


def get_board_events(actor: Actor, code: str, limit: int, after: str | None = None) -> EventPage:
    """Return changes at a post since a cursor, as its board shows."""
    mark = event_cursor.decode_cursor(actor, code, after) if after else None
    return events.read_events(actor, code, mark, limit)


blueprint.reading(
    "/posts/<slug:code>/events",
    BoardEventsResponse,
    get_board_events,
    Permission.BOARD_READ,
    BoardEventsQuery,
)
blueprint.reading(
    "/posts/<slug:code>/board",
    BoardResponse,
    board.get_board,
    Permission.BOARD_READ,
    passing="as_of",
)

calls_blueprint = Resource("calls", "Calls between the two sides of a border post")
calls_blueprint.listing(
    "/posts/<slug:code>/calls", CallQuery, CallResponse, calls.list_calls, Permission.BOARD_READ
)


@calls_blueprint.posting(
    "/posts/<slug:code>/calls", CallRequest, CallResponse, Permission.CHECKPOINT_RECORD
)
def create_call(actor: Actor, data: CallRequestData, code: str) -> CallView:
    """Request a call from the other side of a post.

    409 `already_asked` for a recent equal request, `too_many_calls` if ten of your side wait.
    """
    return calls.load_call(calls.request_call(actor=actor, post=code, data=data))


@calls_blueprint.posting(
    "/calls/<uuid:call_id>/answer", None, CallResponse, Permission.CHECKPOINT_RECORD, status=200
)
def answer_call(actor: Actor, call_id: UUID) -> CallView:
    """Mark a call request as answered, for both boards."""
    calls.answer_call(actor=actor, call_id=call_id)
    return calls.load_call(call_id)
