"""Boards of border posts."""

from __future__ import annotations

from api.resource import Resource
from api.schemas.boards import BoardResponse
from api.schemas.reference import OfStateQuery, PostResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import boards, reference

blueprint = Resource("posts", "Border posts and their boards")
blueprint.listing(
    "/posts", OfStateQuery, PostResponse, reference.list_posts, Permission.REFERENCE_READ
)
blueprint.reading(
    "/posts/<slug:code>/board",
    BoardResponse,
    boards.get_board,
    Permission.BOARD_READ,
    passing="as_of",
)
