"""Setting up a second factor: codes of an authenticator application, or passkeys."""

import base64
import io
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import segno
from flask import current_app, redirect, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import SESSION_COOKIE
from api.http.context import transaction
from api.i18n.messages import translate
from api.web import security, submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.pages import account_pages
from salsa_ext.access import authentication, passkeys, second_factor
from salsa_ext.access.passkeys import Ceremony
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
    return _show(actor)


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
    response = redirect(url_for("account.own_account", done="codes"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME)
    return response


@account_pages.post("/account/passkeys")
@login_required_for_form
def add_passkey(actor: Actor) -> Any:
    """Add a passkey by what the device answered, and open a whole session."""
    form, ceremony = submission.read_form(), passkey_ceremony(str(actor.key_id))
    if ceremony is None:
        return redirect(url_for("account.second_factor_form"), 303)
    response = redirect(url_for("account.own_account"), 303)
    try:
        with transaction(actor):
            passkeys.add_passkey(
                actor=actor,
                ceremony=ceremony,
                name=form.get("name") or "",
                answer=form.get("answer") or "",
            )
            if not actor.permissions:
                token = authentication.renew_session(actor)
                security.set_cookie(
                    response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME
                )
    except (Invalid, Conflict) as error:
        reason = error.errors["name"][0] if isinstance(error, Invalid) else error.message
        return render_again(actor, lambda: _show(actor, passkey_error=reason)), 422
    return response


@account_pages.post("/account/passkeys/<uuid:passkey_id>/remove")
@login_required_for_form
def remove_passkey(actor: Actor, passkey_id: UUID) -> Any:
    """Remove an own passkey."""
    with transaction(actor):
        passkeys.remove_passkey(actor=actor, passkey_id=passkey_id)
    return redirect(url_for("account.own_account"), 303)


def passkey_ceremony(bound_to: str) -> Ceremony | None:
    """Return where passkeys are used; None where the pages have no address that allows them."""
    origin = current_app.config["ORIGIN"]
    if origin is None and request.host.partition(":")[0] == "localhost":
        origin = request.host_url.rstrip("/")
    return Ceremony(origin, bound_to) if origin else None


def creation_options(actor: Actor) -> str | None:
    """Return what the browser needs to set up a passkey, as JSON."""
    ceremony, identity = passkey_ceremony(str(actor.key_id)), read_identity(actor)
    if ceremony is None or identity is None:
        return None
    return passkeys.creation_options(actor, ceremony, identity.username)


def _decode(secret: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(secret)
    except ValueError:
        return b""


def _show(
    actor: Actor,
    sealed: bytes | None = None,
    error: Message | None = None,
    passkey_error: Message | None = None,
) -> str:
    codes = {}
    if not second_factor.has_codes(actor):
        codes = _codes(actor, sealed or second_factor.new_secret(actor))
    return render_template(
        "account/second_factor.html",
        error=error,
        passkey_error=passkey_error and translate(passkey_error),
        options=creation_options(actor),
        **codes,
    )


def _codes(actor: Actor, sealed: bytes) -> dict[str, Any]:
    identity = read_identity(actor)
    username = identity.username if identity else ""
    address = second_factor.setup_address(actor, sealed, username)
    drawing = io.BytesIO()
    segno.make(address, micro=False).save(
        drawing, kind="svg", scale=5, border=4, xmldecl=False, light="white"
    )
    return {
        "secret": base64.urlsafe_b64encode(sealed).decode(),
        "bare": parse_qs(urlsplit(address).query)["secret"][0],
        "drawing": Markup(drawing.getvalue().decode()),  # noqa: S704 - drawn here
    }
