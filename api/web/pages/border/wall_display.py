"""Wall form of a post's board, for accounts of the role `display`, which read nothing else."""

from dataclasses import replace
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE, authenticate_page, cookie_name
from api.http.context import transaction
from api.web import live_views, security
from api.web.live_views import RenderedView
from api.web.pages import border_pages
from salsa_ext.access import authentication
from salsa_ext.access.permissions import Permission
from salsa_ext.boards.board import display_reader, get_board
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, message
from salsa_ext.reference.post_sides import list_sides

MAX_ROWS: Final = 4
"""Rows of each list, to be read across a room."""
SWITCHED_OFF: Final = message("This display was switched off.")
UNKNOWN_LINK: Final = message("This link is unknown, was used or is too old. Ask for a new one.")


@border_pages.get("/wall")
def wall() -> Any:
    """Show the board to a signed-in display; else the form that signs in by a one-time link."""
    g.actor = authenticate_page()
    if g.actor is None or Permission.WALL_READ not in g.actor.permissions:
        link = request.args.get("link", "")[:100]
        was_on = g.actor is None and cookie_name(SESSION_COOKIE) in request.cookies
        error = SWITCHED_OFF if was_on and not link else None
        return render_template("board/wall_link.html", link=link, error=error)
    with transaction(g.actor):
        view = live_views.render_view("wall", *display_reader(g.actor), _render_wall)
        return render_template(
            "board/wall.html",
            name=view.name,
            board=Markup(view.whole),  # noqa: S704 - of our own template
            live_attributes=live_views.live_attributes(view),
        )


@border_pages.post("/wall")
def sign_in_wall() -> Any:
    """Exchange a one-time link for a session, and show the board; 401 for an invalid link."""
    try:
        link = request.form.get("link", "")[:100]
        known = authentication.authenticate_key(
            link, current_app.config["CLOCK"], kinds=authentication.LINKS
        )
        actor = replace(known, request_id=g.request_id)
        with transaction(actor):
            token = authentication.open_by_link(actor)
    except Unauthenticated:
        return render_template("board/wall_link.html", link="", error=UNKNOWN_LINK), 401
    response = redirect(url_for("border.wall"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.DISPLAYED)
    return response


@border_pages.get("/wall/live")
@live_views.answer_changes
def wall_updates(actor: Actor) -> RenderedView:
    """Return the parts of a wall changed since a version."""
    return live_views.find_view("wall", *display_reader(actor), _render_wall)


def _render_wall(reader: Actor, post: str) -> RenderedView:
    board = get_board(reader, post)
    page = render_template(
        "board/wall_board.html",
        board=board,
        sides=list_sides(board.post),
        own=board.own_side,
        most=MAX_ROWS,
    )
    return live_views.view_of_board(page, board)
