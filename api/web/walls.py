"""The wall form of a post's board, for an account of the role `display`, which reads nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from api.auth import COOKIE, authenticate_page
from api.live import Drawn, Scope, View, live
from api.transaction import transaction
from api.web import cookies, watching
from salsa_ext.errors import Unauthenticated, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.boards import get_board, wall_of
from salsa_ext.readmodels.crossings import sides_of
from salsa_ext.services import authentication
from salsa_ext.values.actor import Actor

ROWS: Final = 8
"""Rows of each list: what is read from across a room."""
SHOWN: Final = Scope(
    frozenset(("board", "shipment", "checkpoint", "receipt", "discrepancy", "permit", "trace",
               "request", "hiding", "call")),
)  # fmt: skip
"""What can change on it."""
UNKNOWN: Final = say("This link is unknown, was used or is too old. Ask for a new one.")

blueprint = Blueprint("walls", __name__)


@blueprint.get("/wall")
def wall() -> Any:
    """Show the board to a display that is signed in; else the form that signs in by a one-time link."""
    g.actor = authenticate_page()
    if g.actor is None or Permission.WALL_READ not in g.actor.permissions:
        return render_template("wall_link.html", link=request.args.get("link", "")[:100], said=None)
    with transaction(g.actor):
        view, shown = _look(g.actor, at_once=True)
        main = Markup(shown.whole)  # noqa: S704 - what our own template wrote
        return render_template(
            "wall.html",
            name=shown.name,
            main=main,
            watched=watching.told(view, shown),
        )


@blueprint.post("/wall")
def sign_in() -> Any:
    """Exchange a one-time link for a session, and show the board; 401 where the link is good no more."""
    try:
        token = _open_session(request.form.get("link", "")[:100])
    except Unauthenticated:
        return render_template("wall_link.html", link="", said=UNKNOWN), 401
    response = redirect(url_for("walls.wall"), 303)
    cookies.put(response, COOKIE, token, authentication.DISPLAYED)
    return response


def _open_session(link: str) -> str:
    known = authentication.actor_of(link, current_app.config["CLOCK"], is_link=True)
    actor = replace(known, request_id=g.request_id)
    with transaction(actor):
        return authentication.open_by_link(actor)


@blueprint.get("/wall/live")
@watching.answered
def wall_live(actor: Actor) -> tuple[View, Drawn]:
    """Tell a display what changed since."""
    return _look(actor)


def _look(actor: Actor, at_once: bool = False) -> tuple[View, Drawn]:
    reader, post = wall_of(actor)
    view = View.of("wall", reader, post)
    return view, live().drawn(view, lambda: _draw(reader, post), at_once)


def _draw(reader: Actor, post: str) -> Drawn:
    shown = get_board(reader, post)
    told = {"board": shown, "sides": sides_of(shown.post), "own": shown.own, "rows": ROWS}
    return watching.drawn(render_template("wall_board.html", **told), shown, SHOWN)
