"""Sign-in by user name and password, sign-out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from flask import current_app, g, redirect, render_template, request, url_for

from api.http.auth import LANGUAGE_COOKIE, SESSION_COOKIE, authenticate_page, cookie_name
from api.http.context import current_vault, transaction, without_turn
from api.http.errors import STATUS_CODES
from api.web import security
from api.web.access import local_path
from api.web.pages import account_pages
from api.web.pages.account.home import LANGUAGE_COOKIE_LIFETIME
from api.web.pages.account.second_factor import passkey_ceremony
from salsa_ext.access import authentication, passkeys
from salsa_ext.access.rules import visitor
from salsa_ext.administration import accounts
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    CodeRequired,
    Invalid,
    PasswordChangeRequired,
    TooManyAttempts,
    Unauthenticated,
)

BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)


@account_pages.get("/sign-in")
def sign_in_form() -> Any:
    """Show the form; redirect users already signed in."""
    next_path, g.actor = local_path(request.args.get("next")), authenticate_page()
    if g.actor:
        return redirect(next_path)
    return _show(next_path, change="change" in request.args)


@account_pages.post("/sign-in")
def sign_in() -> Any:
    """Open a session and redirect to the requested page.

    Shows the form with status 401 if the password is wrong, 429 if too many were, 403 or 422 if
    another one is to be chosen.
    """
    next_path = local_path(request.form.get("next"))
    username = request.form.get("username", "").replace("\x00", "").strip()
    try:
        token = _open_session(username)
    except (
        Unauthenticated,
        TooManyAttempts,
        PasswordChangeRequired,
        CodeRequired,
        Invalid,
    ) as error:
        reason = error.errors["password"][0] if isinstance(error, Invalid) else error.message
        is_change = "new_password" in request.form or isinstance(error, PasswordChangeRequired)
        page = _show(
            next_path,
            username=username,
            error=reason,
            change=is_change,
            code=isinstance(error, CodeRequired),
        )
        return page, STATUS_CODES[type(error)]
    return _enter(next_path, token)


@account_pages.post("/sign-in/passkey")
def sign_in_by_passkey() -> Any:
    """Open a session by a passkey, and redirect to the requested page; 401 if it is refused."""
    next_path = local_path(request.form.get("next"))
    ceremony = passkey_ceremony(security.browser_token())
    if ceremony is None:
        return redirect(url_for("account.sign_in_form", next=next_path), 303)
    try:
        token = passkeys.sign_in(
            _visitor(),
            ceremony,
            request.form.get("answer", ""),
            request.remote_addr or "",
            browser_family(),
        )
    except Unauthenticated as error:
        return _show(next_path, error=error.message), 401
    return _enter(next_path, token)


def _enter(next_path: str, token: str) -> Any:
    response = redirect(next_path, 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME)
    actor = authentication.authenticate_key(token, current_app.config["CLOCK"])
    with transaction(actor):
        language = accounts.read_preferences(actor).language
    if language:
        security.set_cookie(response, LANGUAGE_COOKIE, language, LANGUAGE_COOKIE_LIFETIME)
    return response


def _show(next_path: str, **data: Any) -> str:
    ceremony = passkey_ceremony(security.browser_token())
    options = passkeys.request_options(_visitor(), ceremony) if ceremony else None
    return render_template(
        "account/sign_in.html", next_path=next_path, passkey_options=options, **data
    )


def _visitor() -> Actor:
    return replace(
        visitor(current_app.config["CLOCK"]), vault=current_vault(), request_id=g.request_id
    )


@account_pages.post("/sign-out")
def sign_out() -> Any:
    """End the session on the server and delete its cookie."""
    if (actor := authenticate_page()) is not None:
        with transaction(actor):
            authentication.close_session(actor)
    response = redirect(url_for("account.home"), 303)
    secure = current_app.config["SECURE_COOKIES"]
    response.delete_cookie(cookie_name(SESSION_COOKIE), path="/", secure=secure)
    return response


@account_pages.get("/signed-out")
def signed_out() -> str:
    """Show that no user is signed in.

    A device shows it too while it cannot end its session here (offline).
    """
    g.actor = None
    return render_template("account/signed_out.html")


def _open_session(username: str) -> str:
    with without_turn():
        return authentication.sign_in(
            _visitor(),
            username,
            request.form.get("password", ""),
            request.remote_addr or "",
            request.form.get("new_password"),
            code=request.form.get("code", ""),
            browser=browser_family(),
        )


def browser_family() -> str | None:
    """Return the name of the browser; most of them also call themselves by those after it."""
    agent = request.headers.get("User-Agent", "")
    return next((name for word, name in BROWSERS if word in agent), None)
