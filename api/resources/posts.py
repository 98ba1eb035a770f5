"""Boards of border posts."""

from __future__ import annotations

from api import following
from api.resource import Resource
from api.schemas.board_events import BoardEventsResponse, EventsQuery
from api.schemas.boards import BoardResponse
from api.schemas.reference import OfStateQuery, PostResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import board_events, boards, reference
from salsa_ext.readmodels.board_events import Events
from salsa_ext.values.actor import Actor

blueprint = Resource("posts", "Border posts and their boards")
blueprint.listing(
    "/posts", OfStateQuery, PostResponse, reference.list_posts, Permission.REFERENCE_READ
)


def _events(actor: Actor, code: str, limit: int, after: str | None = None) -> Events:
    """Return what changed at a post since you last asked, as far as its board shows it to you."""
    mark = following.read(actor, code, after) if after else None
    return board_events.follow(actor, code, mark, limit)


blueprint.reading(
    "/posts/<slug:code>/events", BoardEventsResponse, _events, Permission.BOARD_READ, EventsQuery
)
blueprint.reading(
    "/posts/<slug:code>/board",
    BoardResponse,
    boards.get_board,
    Permission.BOARD_READ,
    passing="as_of",
)
