"""My account: keys for programs and sessions in browsers, listed and ended by their person."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import redirect, request, url_for

from api.http.auth import LANGUAGE_COOKIE, SESSION_COOKIE
from api.http.context import transaction, without_turn
from api.i18n.messages import translate
from api.schemas.access import KeyRequest, RotationRequest
from api.web import security, submission
from api.web.access import local_path, login_required, login_required_for_form, render_again
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.pages.account import second_factor
from api.web.pages.account.home import LANGUAGE_COOKIE_LIFETIME
from api.web.record_pages import render_page
from salsa_ext.access import authentication, passkeys
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.access.second_factor import has_codes
from salsa_ext.administration import accounts, keys
from salsa_ext.administration.accounts import Preferences
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Invalid, message

KEY_FIELDS: Final = (
    Field("name", message("Name of the program"), required=True, max_length=100),
    Field("days", message("Days until it ends"), required=True, max_length=3),
    Field(
        "networks",
        message("Addresses from which it is used"),
        "area",
        required=False,
        hint=message("One range on a line, such as 10.1.0.0/16. Leave it empty for any address."),
    ),
    Field(
        "scopes",
        message("What it may do"),
        "boxes",
        "own_permission",
        hint=message("Choose none for all that you may do."),
    ),
)


LANGUAGE_NAMES: Final = (
    ("en", "English"),
    ("es", "Español"),
    ("fr", "Français"),
    ("pt", "Português"),
)
PASSWORD_FIELDS: Final = (
    Field("old", message("Your password now"), "password", required=True),
    Field(
        "password",
        message("New password"),
        "password",
        required=True,
        hint=message("At least 12 characters. Three or four words are good."),
    ),
)
DONE: Final = {
    "password": message("Your password is changed."),
    "codes": message("The codes are set up. You now sign in with your password and a code."),
    "preferences": message("Your settings are saved."),
}
PREFERENCE_FIELDS: Final = (
    Field(
        "language",
        message("Language"),
        "choice",
        LANGUAGE_NAMES,
        required=False,
        blank=message("That of your browser"),
    ),
    Field(
        "time_zone",
        message("Time zone"),
        "choice",
        "time_zone",
        required=False,
        blank=message("That of your agency"),
    ),
    Field(
        "muted_kinds",
        message("Notifications that you do not want"),
        "boxes",
        "own_notification_kind",
        hint=message("Alarms are shown all the same."),
    ),
)


@account_pages.get("/account")
@login_required
def own_account(actor: Actor) -> str:
    """Show the own account: what it is signed in with, and the form of a new key."""
    return _show(actor, Form())


@account_pages.post("/account/keys")
@login_required_for_form
def issue_key(actor: Actor) -> Any:
    """Issue a key and show it, this once."""
    form = submission.read_form()

    def issue() -> str:
        identity = accounts.read_identity(actor)
        username = identity.username if identity else ""
        data = form.load(KeyRequest(), lambda body: body.update(username=username))
        return keys.issue_key(actor=actor, data=data)[1]

    return _show_key(actor, form, issue)


@account_pages.post("/account/keys/<uuid:key_id>/rotate")
@login_required_for_form
def rotate_key(actor: Actor, key_id: UUID) -> Any:
    """Issue a key like an own one, which ends a day later, and show it, this once."""
    form = submission.read_form()

    def rotate() -> str:
        data = form.load(RotationRequest())
        return keys.rotate_key(actor=actor, key_id=key_id, data=data)[1]

    return _show_key(actor, form, rotate)


@account_pages.post("/account/keys/<uuid:key_id>/end")
@login_required_for_form
def end_key(actor: Actor, key_id: UUID) -> Any:
    """End an own key or session, or as an administrator one of the state, and go back."""
    with transaction(actor):
        keys.revoke_key(actor=actor, key_id=key_id)
    page = request.form.get("next") or url_for("account.own_account")
    return redirect(local_path(page), 303)


@account_pages.post("/account/end-other-sessions")
@login_required_for_form
def end_other_sessions(actor: Actor) -> Any:
    """End all own sessions but this one."""
    with transaction(actor):
        keys.end_other_sessions(actor=actor)
    return redirect(url_for("account.own_account"), 303)


@account_pages.post("/account/password")
@login_required_for_form
def change_password(actor: Actor) -> Any:
    """Change the own password, which ends all keys and sessions but a new one."""
    form = submission.read_form()
    with transaction(actor):
        require(actor, Permission.KEY_ISSUE)
        identity = accounts.read_identity(actor)
    try:
        with without_turn():
            token = authentication.change_password(
                actor,
                identity.username if identity else "",
                form.get("old"),
                form.get("password"),
                request.remote_addr or "",
                security.browser_family(),
            )
    except Invalid as error:
        form.errors = {path: [*map(translate, texts)] for path, texts in error.errors.items()}
        form.values.clear()
        return render_again(actor, lambda: _show(actor, form)), 422
    response = redirect(url_for("account.own_account", done="password"), 303)
    security.set_cookie(response, SESSION_COOKIE, token, authentication.SESSION_LIFETIME)
    return response


@account_pages.post("/account/preferences")
@login_required_for_form
def set_preferences(actor: Actor) -> Any:
    """Set language, time zone and muted notifications of the own account."""
    form = submission.read_form()
    data = Preferences(
        form.get("language") or None,
        form.get("time_zone") or None,
        sorted(form.chosen("muted_kinds")),
    )

    def store() -> str:
        accounts.set_preferences(actor=actor, data=data)
        return url_for("account.own_account", done="preferences")

    done = submission.submit(form, actor, store)
    if done is None:
        return render_again(actor, lambda: _show(actor, form)), form.status
    if data.language:
        security.set_cookie(done, LANGUAGE_COOKIE, data.language, LANGUAGE_COOKIE_LIFETIME)
    return done


def _show_key(actor: Actor, form: Form, run: Callable[[], str]) -> Any:
    issued: list[str] = []

    def submit() -> str:
        issued.append(run())
        return url_for("account.own_account")

    done = submission.submit(form, actor, submit)
    if done is not None and not issued:  # sent twice
        return done
    token = issued[0] if done is not None else None
    return render_again(actor, lambda: _show(actor, form, token)), form.status


def _show(actor: Actor, form: Form, token: str | None = None) -> str:
    require(actor, Permission.KEY_ISSUE)
    rows, preferences = keys.list_open_keys(actor), accounts.read_preferences(actor)
    known = {"language": preferences.language, "time_zone": preferences.time_zone}
    known |= {f"muted_kinds.{at}": kind for at, kind in enumerate(preferences.muted_kinds)}
    form.values = {name: text or "" for name, text in known.items()} | {"days": "90"} | form.values
    return render_page(
        "account/own_account.html",
        actor,
        form=form,
        fields=KEY_FIELDS,
        password_fields=PASSWORD_FIELDS,
        preference_fields=PREFERENCE_FIELDS,
        keys=[row for row in rows if row.kind == "key"],
        sessions=[row for row in rows if row.kind == "session"],
        own_passkeys=passkeys.list_passkeys(actor),
        options=second_factor.creation_options(actor),
        has_codes=has_codes(actor),
        success=DONE.get(request.args.get("done", "")),
        token=token,
    )
