"""Pages that update in parts while they are open."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from flask import Response, current_app, g, request

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.web.live import (
    BUILD_HEADER,
    MAX_AGE,
    TICKET_HEADER,
    RenderedView,
    Scope,
    ViewKey,
    live_views,
    weak_etag,
)
from salsa_ext.boards.board import Board
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, message

PART_PATTERN: Final = re.compile(r'<(section|nav)\b[^>]*? id="([a-z-]+)".*?</\1>', re.DOTALL)
"""A part of a page that is exchanged as a whole; none stands inside another."""
BoardView = Callable[..., tuple[ViewKey, RenderedView]]


def render_parts(page: str, board: Board, scope: Scope) -> RenderedView:
    """Return a rendered board page in parts."""
    return RenderedView(
        board.post.name,
        page,
        split_parts(page),
        board.as_of,
        min(board.valid_until, board.as_of + MAX_AGE),
        board.own_side.zone,
        scope,
    )


def split_parts(page: str) -> dict[str, str]:
    """Return the parts of a page by their ids."""
    return {found[2]: found[0] for found in PART_PATTERN.finditer(page)}


def live_attributes(view: ViewKey, drawn: RenderedView, path: str | None = None) -> dict[str, str]:
    """Return the attributes for the script that fetches changes.

    From its own path or that of another page.
    """
    return {
        "from": f"{path or request.path}/live",
        "version": drawn.version,
        "zone": drawn.zone,
        "ticket": live_views().ticket(view),
        "build": live_views().build,
    }


def require_viewer() -> Actor:
    """Return the signed-in user; raises Unauthenticated."""
    actor = authenticate_page()
    if actor is None:
        raise Unauthenticated(message("You are signed out; sign in again to see what is new."))
    return actor


def answer_changes(
    view_function: BoardView, authenticate: Callable[[], Actor] = require_viewer
) -> Callable[..., Response]:
    """Answer with the parts changed since the version in If-None-Match.

    304 if none changed. Each answer has a new ticket.
    """

    @wraps(view_function)
    def run(**path: Any) -> Response:
        g.actor = authenticate()
        with transaction(g.actor):
            view, shown = view_function(g.actor, **path)
        response: Response = _changed_parts(shown, request.headers.get("If-None-Match", ""))
        response.headers[TICKET_HEADER] = live_views().ticket(view)
        response.headers[BUILD_HEADER] = live_views().build
        response.headers["Cache-Control"] = "private, no-store"
        return response

    return run


def _changed_parts(shown: RenderedView, sent: str) -> Any:
    if sent == weak_etag(shown.version):
        response: Any = Response(status=304)
    else:
        had = sent.removeprefix('W/"').removesuffix('"')
        body = {"version": shown.version, "parts": shown.other_than(had)}
        response = current_app.json.response(body)
    response.set_etag(shown.version, weak=True)
    return response
