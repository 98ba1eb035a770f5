"""Setting up the codes of an authenticator application."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit

import segno
from flask import redirect, render_template, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE
from api.http.context import transaction
from api.web import security, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.pages import account_pages
from salsa_ext.access import authentication, second_factor
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.accounts import read_identity
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Conflict, Invalid, Message


@account_pages.get("/second-factor")
@login_required
def second_factor_form(actor: Actor) -> str:
    """Show a new secret as a QR code, and ask for a code of it; of no display."""
    if actor.permissions:
        require(actor, Permission.KEY_ISSUE)
    if second_factor.has_second_factor(actor):
        return render_template("account/second_factor.html", is_set=True)
    return _show(actor, second_factor.new_secret(actor))


@account_pages.post("/second-factor")
@login_required_for_form
def set_second_factor(actor: Actor) -> Any:
    """Store the secret once its code is right, and open a whole session."""
    form = submission.read_form()
    sealed = _decode(form.get("secret") or "")
    if not second_factor.is_own_secret(actor, sealed):
        return redirect(url_for("account.second_factor_form"), 303)
    try:
        with transaction(actor):
            second_factor.confirm(actor, sealed, form.get("code") or "")
            token = authentication.renew_session(actor)
    except (Invalid, Conflict) as error:
        reason = second_factor.WRONG_CODE if isinstance(error, Invalid) else error.message
        return render_again(actor, lambda: _show(actor, sealed, reason)), 422
    response = redirect(url_for("account.home"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME)
    return response


def _decode(secret: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(secret)
    except ValueError:
        return b""


def _show(actor: Actor, sealed: bytes, error: Message | None = None) -> str:
    identity = read_identity(actor)
    username = identity.username if identity else ""
    address = second_factor.setup_address(actor, sealed, username)
    drawing = io.BytesIO()
    segno.make(address, micro=False).save(
        drawing, kind="svg", scale=5, border=4, xmldecl=False, light="white"
    )
    return render_template(
        "account/second_factor.html",
        error=error,
        secret=base64.urlsafe_b64encode(sealed).decode(),
        bare=parse_qs(urlsplit(address).query)["secret"][0],
        drawing=Markup(drawing.getvalue().decode()),  # noqa: S704 - drawn here
    )
