"""Own keys and sessions: list, issue a key for a program, end one."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import redirect, url_for

from api.http.context import transaction
from api.schemas.access import KeyRequest
from api.web import submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import render_page
from salsa_ext.administration import accounts
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message

FIELDS: Final = (
    Field("name", message("Name of the program"), required=True, max_length=100),
    Field("days", message("Days until it ends"), required=True, max_length=3),
)


@account_pages.get("/keys")
@login_required
def key_list(actor: Actor) -> str:
    """List the keys and sessions of the own account, with the form of a new key."""
    return _show(actor, Form({"days": "90"}))


@account_pages.post("/keys")
@login_required_for_form
def issue_key(actor: Actor) -> Any:
    """Issue a key and show it, this once."""
    form = submission.read_form()
    issued: list[str] = []

    def issue() -> str:
        identity = accounts.read_identity(actor)
        username = identity.username if identity else ""
        data = form.load(KeyRequest(), lambda body: body.update(username=username))
        issued.append(accounts.issue_key(actor=actor, data=data)[1])
        return url_for("account.key_list")

    done = submission.submit(form, actor, issue)
    if done is not None and not issued:  # sent twice
        return done
    token = issued[0] if done is not None else None
    return render_again(actor, lambda: _show(actor, form, token)), form.status


@account_pages.post("/keys/<uuid:key_id>/end")
@login_required_for_form
def end_key(actor: Actor, key_id: UUID) -> Any:
    """End an own key or session."""
    with transaction(actor):
        accounts.end_own_key(actor=actor, key_id=key_id)
    return redirect(url_for("account.key_list"), 303)


def _show(actor: Actor, form: Form, token: str | None = None) -> str:
    rows = accounts.list_own_keys(actor)
    return render_page("account/keys.html", actor, form=form, fields=FIELDS, rows=rows, token=token)
