"""The wall form of a post's board, for an account of the role `display`, which reads nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE, authenticate_page
from api.http.context import transaction
from api.web import partial_updates, security
from api.web.blueprints import border_pages
from api.web.live import RenderedView, Scope, ViewKey, live_views
from salsa_ext.access import authentication
from salsa_ext.access.permissions import Permission
from salsa_ext.boards.board import get_board
from salsa_ext.boards.displays import display_reader
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, message
from salsa_ext.reference.posts import both_sides

ROWS: Final = 8
"""Rows of each list: what is read from across a room."""
SHOWN: Final = Scope(
    frozenset(
        (
            "board",
            "shipment",
            "checkpoint",
            "receipt",
            "discrepancy",
            "permit",
            "trace",
            "request",
            "restriction",
            "call",
        )
    )
)
"""What can change on it."""
UNKNOWN: Final = message("This link is unknown, was used or is too old. Ask for a new one.")


@border_pages.get("/wall")
def wall() -> Any:
    """Show the board to a display that is signed in; else the form that signs in by a one-time link."""
    g.actor = authenticate_page()
    if g.actor is None or Permission.WALL_READ not in g.actor.permissions:
        return render_template(
            "board/wall_link.html", link=request.args.get("link", "")[:100], said=None
        )
    with transaction(g.actor):
        view, shown = _look(g.actor, at_once=True)
        main = Markup(shown.whole)  # noqa: S704 - what our own template wrote
        return render_template(
            "board/wall.html",
            name=shown.name,
            main=main,
            watched=partial_updates.live_attributes(view, shown),
        )


@border_pages.post("/wall")
def sign_in() -> Any:
    """Exchange a one-time link for a session, and show the board; 401 where the link is good no more."""
    try:
        token = _open_session(request.form.get("link", "")[:100])
    except Unauthenticated:
        return render_template("board/wall_link.html", link="", said=UNKNOWN), 401
    response = redirect(url_for("border.wall"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.DISPLAYED)
    return response


def _open_session(link: str) -> str:
    known = authentication.authenticate_key(link, current_app.config["CLOCK"], is_link=True)
    actor = replace(known, request_id=g.request_id)
    with transaction(actor):
        return authentication.open_by_link(actor)


@border_pages.get("/wall/live")
@partial_updates.answer_changes
def wall_live(actor: Actor) -> tuple[ViewKey, RenderedView]:
    """Tell a display what changed since."""
    return _look(actor)


def _look(actor: Actor, at_once: bool = False) -> tuple[ViewKey, RenderedView]:
    reader, post = display_reader(actor)
    view = ViewKey.of("wall", reader, post)
    return view, live_views().drawn(view, lambda: _draw(reader, post), at_once)


def _draw(reader: Actor, post: str) -> RenderedView:
    shown = get_board(reader, post)
    told = {"board": shown, "sides": both_sides(shown.post), "own": shown.own_side, "rows": ROWS}
    return partial_updates.render_parts(
        render_template("board/wall_board.html", **told), shown, SHOWN
    )
