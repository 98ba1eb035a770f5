"""Sign-in by user name and password, sign-out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import current_app, g, redirect, render_template, request, url_for

from api.http.auth import SESSION_COOKIE, authenticate_page
from api.http.context import current_vault, transaction
from api.web import security
from api.web.access import local_path
from api.web.pages import account_pages
from salsa_ext.access import authentication
from salsa_ext.core.errors import Unauthenticated


@account_pages.get("/sign-in")
def sign_in_form() -> Any:
    """Show the form; redirect users already signed in."""
    next_path, g.actor = local_path(request.args.get("next")), authenticate_page()
    if g.actor:
        return redirect(next_path)
    return render_template("account/sign_in.html", next_path=next_path)


@account_pages.post("/sign-in")
def sign_in() -> Any:
    """Open a session and redirect to the requested page.

    Shows the form with status 401 if the password is wrong.
    """
    next_path = local_path(request.form.get("next"))
    username = request.form.get("username", "").replace("\x00", "").strip()
    try:
        known = authentication.authenticate_password(username, request.form.get("password", ""))
    except Unauthenticated as error:
        page = render_template(
            "account/sign_in.html", next_path=next_path, username=username, error=error.message
        )
        return page, 401
    actor = replace(
        known, clock=current_app.config["CLOCK"], vault=current_vault(), request_id=g.request_id
    )
    with transaction(actor):
        token = authentication.open_session(actor)
    response = redirect(next_path, 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME)
    return response


@account_pages.post("/sign-out")
def sign_out() -> Any:
    """End the session on the server and delete its cookie."""
    if (actor := authenticate_page()) is not None:
        with transaction(actor):
            authentication.close_session(actor)
    response = redirect(url_for("account.home"), 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@account_pages.get("/signed-out")
def signed_out() -> str:
    """Show that no user is signed in.

    A device shows it too while it cannot end its session here (offline).
    """
    g.actor = None
    return render_template("account/signed_out.html")
