"""Pages for whoever is signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import g, redirect, request, url_for

from api.auth import authenticate_page
from api.transaction import transaction
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.notifications import count_unread
from salsa_ext.values.actor import Actor

LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
View = Callable[..., Any]


def signed_in(view: View) -> View:
    """Run `view(actor, **path)` in a transaction of who is signed in; others go to sign in."""

    @wraps(view)
    def run(**ids: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            return redirect(url_for("signin.form", next=here()))
        with transaction(g.actor):
            count_waiting(g.actor)
            return view(g.actor, **ids)

    return run


def sender(view: View) -> View:
    """Run `view(actor, **path)` of a form for who is signed in; it opens its transactions itself.

    Others go to sign in, and then back to the page of the form.
    """

    @wraps(view)
    def run(**ids: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            return redirect(url_for("signin.form", next=_page_of_form()), 303)
        return view(g.actor, **ids)

    return run


def again(actor: Actor, page: Callable[[], str]) -> str:
    """Return a page that is shown again since its form was refused, in a transaction of its own."""
    with transaction(actor):
        count_waiting(actor)
        return page()


def _page_of_form() -> str:
    page = urlsplit(request.referrer or "")
    return local(
        urlunsplit(("", "", page.path, page.query, "")) if page.netloc == request.host else None
    )


def count_waiting(actor: Actor | None) -> None:
    """Count what waits for who is signed in, if somebody is; the head of each page of his says it."""
    if actor and Permission.NOTIFICATION_READ in actor.permissions:
        g.unread, g.grave = count_unread(actor)


def here() -> str:
    """Return the address of the page that is shown, to come back to it."""
    return local(request.full_path.rstrip("?") if request.method == "GET" else None)


def local(path: str | None) -> str:
    """Return a path inside the service, the home page for anything that leads elsewhere."""
    return path if path and LOCAL.fullmatch(path) else "/"
