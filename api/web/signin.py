"""Signing in by user name and password, and out again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for

from api.auth import COOKIE, authenticate_page
from api.transaction import transaction
from api.web import cookies
from api.web.access import local
from salsa_ext.errors import Unauthenticated
from salsa_ext.services import authentication

blueprint = Blueprint("signin", __name__)


@blueprint.get("/sign-in")
def form() -> Any:
    """Show the form; who is signed in already goes on."""
    onward, g.actor = local(request.args.get("next")), authenticate_page()
    return redirect(onward) if g.actor else render_template("sign_in.html", onward=onward)


@blueprint.post("/sign-in")
def sign_in() -> Any:
    """Open a session and go on to where the visitor wanted; 401 with the form where wrong."""
    onward = local(request.form.get("next"))
    username = request.form.get("username", "").replace("\x00", "").strip()
    try:
        token = _open_session(username, request.form.get("password", ""))
    except Unauthenticated as error:
        page = render_template("sign_in.html", onward=onward, username=username, said=error.message)
        return page, 401
    response = redirect(onward, 303)
    cookies.put(response, COOKIE, token, authentication.SESSION)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Any:
    """End the session on the server too, so that a copy of its cookie is worth nothing."""
    if (actor := authenticate_page()) is not None:
        with transaction(actor):
            authentication.close_session(actor)
    response = redirect(url_for("pages.home"), 303)
    response.delete_cookie(COOKIE, path="/")
    return response


@blueprint.get("/signed-out")
def signed_out() -> str:
    """Say that nobody is signed in: what a device shows, too, while it cannot yet end a session here."""
    g.actor = None
    return render_template("signed_out.html")


def _open_session(username: str, password: str) -> str:
    known = authentication.find_account(username, password)
    actor = replace(known, clock=current_app.config["CLOCK"], request_id=g.request_id)
    with transaction(actor):
        return authentication.open_session(actor)
