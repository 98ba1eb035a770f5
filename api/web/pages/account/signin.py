"""Sign-in by user name and password, sign-out."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from flask import current_app, g, redirect, render_template, request, url_for

from api.http.auth import LANGUAGE_COOKIE, SESSION_COOKIE, authenticate_page, cookie_name
from api.http.context import current_vault, transaction, without_turn
from api.http.errors import STATUS_CODES
from api.web import security
from api.web.access import local_path
from api.web.pages import account_pages
from api.web.pages.account.directory import end_address
from api.web.pages.account.home import LANGUAGE_COOKIE_LIFETIME
from api.web.pages.account.second_factor import passkey_ceremony
from salsa_ext.access import authentication, passkeys
from salsa_ext.access.rules import ROLE_PERMISSIONS, visitor
from salsa_ext.administration import accounts
from salsa_ext.administration.directory import LOCAL_ROLES, Directory
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import (
    CodeRequired,
    Invalid,
    PasswordChangeRequired,
    TooManyAttempts,
    Unauthenticated,
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
        refused = error.errors["password"][0] if isinstance(error, Invalid) else None
        is_first = "first" in request.form or isinstance(error, PasswordChangeRequired)
        page = _show(
            next_path,
            username=username,
            error=error.message if not refused else is_first and authentication.FIRST_PASSWORD,
            refused=refused,
            change=is_first or "new_password" in request.form,
            is_first=is_first,
            is_right=isinstance(error, CodeRequired | PasswordChangeRequired | Invalid)
            and not request.form.get("code"),
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
            security.browser_family(),
            _local_roles(),
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
    if request.form.get("new_password") and next_path == "/" and actor.permissions:
        response.location = url_for("account.own_account", done="password")
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
    after = "account.signed_out" if current_app.config["DIRECTORY"] else "account.home"
    response = redirect(url_for(after), 303)
    secure = current_app.config["SECURE_COOKIES"]
    response.delete_cookie(cookie_name(SESSION_COOKIE), path="/", secure=secure)
    return response


@account_pages.get("/signed-out")
def signed_out() -> str:
    """Show that no user is signed in."""
    g.actor = None
    return render_template("account/signed_out.html", end_address=end_address())


def _open_session(username: str) -> str:
    with without_turn():
        return authentication.sign_in(
            _visitor(),
            username,
            request.form.get("password", ""),
            request.remote_addr or "",
            request.form.get("new_password"),
            code=request.form.get("code", ""),
            browser=security.browser_family(),
            roles=_local_roles(),
            given=current_app.config["FIRST_PASSWORD"],
        )


def _local_roles() -> Collection[str]:
    """Return the roles that sign in without the directory."""
    directory: Directory | None = current_app.config["DIRECTORY"]
    is_local = directory is None or directory.local_accounts
    return ROLE_PERMISSIONS if is_local else LOCAL_ROLES
