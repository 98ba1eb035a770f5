"""The wall display of a post: a device with nobody at it, which shows one side's board and no more."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from api.i18n import language
from api.live import Drawn, Scope, View, live
from api.transaction import transaction
from api.web import cookies, watching
from salsa_ext.errors import Message, Unauthenticated, say
from salsa_ext.readmodels.boards import get_board
from salsa_ext.readmodels.crossings import sides_of
from salsa_ext.services import displays
from salsa_ext.services.displays import Display
from salsa_ext.values.actor import Actor

KEY: Final = "salsa_display"
ROWS: Final = 8
"""Of each list: what is read from across a room."""

SHOWN: Final = Scope(
    frozenset(("board", "shipment", "checkpoint", "receipt", "discrepancy", "permit", "trace",
               "request", "hiding", "call")),
)  # fmt: skip
"""What can change on it."""

blueprint = Blueprint("walls", __name__)


@blueprint.get("/wall")
def wall() -> Any:
    """Show the board on a device that is paired, and ask others for the code."""
    try:
        display = _display()
    except Unauthenticated as error:
        said = error.message if KEY in request.cookies else None
        return render_template("wall_code.html", code=request.args.get("code", ""), said=said)
    with transaction(display.actor):
        view, shown = _look(display, at_once=True)
        main = Markup(shown.whole)  # noqa: S704 - what our own template wrote
        return render_template(
            "wall.html",
            name=shown.name,
            main=main,
            watched=watching.told(view, shown),
            over=_over(),
        )


@blueprint.post("/wall")
def pair() -> Any:
    """Pair the device by the code that was typed, and show the board; 401 with the form where wrong."""
    code = request.form.get("code", "").strip()[:100]
    try:
        display = displays.find(code, is_paired=False, clock=current_app.config["CLOCK"])
        with transaction(display.actor):
            token = displays.pair(display)
    except Unauthenticated as error:
        return render_template("wall_code.html", code=code, said=error.message), 401
    response = redirect(url_for("walls.wall"), 303)
    cookies.put(response, KEY, token, displays.LASTS)
    return response


def _who() -> Actor:
    g.display = _display()
    actor: Actor = g.display.actor
    return actor


@blueprint.get("/wall/live")
@lambda look: watching.answered(look, _who)
def wall_live(_: Actor) -> tuple[View, Drawn]:
    """Tell a display what changed since."""
    return _look(g.display)


def _display() -> Display:
    """Return the display whose device asks, and speak its language; raises Unauthenticated."""
    token = request.cookies.get(KEY)
    if not token:
        raise Unauthenticated(_over())
    display = displays.find(token, is_paired=True, clock=current_app.config["CLOCK"])
    g.language = display.actor.language
    language.set(g.language)
    return display


def _over() -> Message:
    return say("This display was switched off.")


def _look(display: Display, at_once: bool = False) -> tuple[View, Drawn]:
    displays.see(display)
    actor, post = display.actor, display.post
    view = View.of(
        f"wall {actor.key_id}", actor, post
    )  # its own: what is revoked is drawn for nobody else
    return view, live().drawn(view, lambda: _draw(actor, post), at_once)


def _draw(actor: Actor, post: str) -> Drawn:
    shown = get_board(actor, post)
    told = {"board": shown, "sides": sides_of(shown.post), "own": shown.own, "rows": ROWS}
    return watching.drawn(render_template("wall_board.html", **told), shown, SHOWN)
