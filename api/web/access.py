"""Access to pages for signed-in users."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from flask import g, redirect, request, url_for

from api.http.auth import authenticate_page
from api.http.context import transaction
from salsa_ext.access.permissions import Permission
from salsa_ext.administration.accounts import read_identity
from salsa_ext.administration.audit import log_reads
from salsa_ext.core.actor import Actor
from salsa_ext.worklists.notification_inbox import count_unread

Page = TypeVar("Page")


SETUP: Final = "account.second_factor_form"
"""What a session without permissions may do: set up the second factor that its role needs."""
LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
View = Callable[..., Any]


def login_required(view: View) -> View:
    """Run `view(actor, **path)` in a transaction of the user; others go to the sign-in page."""

    @wraps(view)
    def run(**ids: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            return redirect(url_for("account.sign_in_form", next=current_path()))
        if not g.actor.permissions and request.endpoint != SETUP:
            return redirect(url_for(SETUP))
        with transaction(g.actor):
            prepare_frame(g.actor)
            page = view(g.actor, **ids)
            log_reads(g.actor, ids)
            return page

    return run


def login_required_for_form(view: View) -> View:
    """Run `view(actor, **path)` of a form; the view opens its own transactions."""

    @wraps(view)
    def run(**ids: Any) -> Any:
        g.actor = authenticate_page()
        if g.actor is None:
            page = urlsplit(request.referrer or "")
            is_own = page.netloc == request.host
            path = local_path(urlunsplit(("", "", page.path, page.query, "")) if is_own else None)
            return redirect(url_for("account.sign_in_form", next=path), 303)
        return view(g.actor, **ids)

    return run


def form_view(show: View, submit: View) -> View:
    """Return the view of a form: `show` answers GET, `submit` answers POST."""
    get, post = login_required(show), login_required_for_form(submit)

    def run(**ids: Any) -> Any:
        return (post if request.method == "POST" else get)(**ids)

    return run


def render_again(actor: Actor, page: Callable[[], Page]) -> Page:
    """Render a page again after a refused form, in its own transaction."""
    with transaction(actor):
        prepare_frame(actor)
        return page()


def prepare_frame(actor: Actor | None) -> None:
    """Read what the head of each page shows: who is signed in, unread notifications."""
    if actor is None:
        return
    g.identity = read_identity(actor)
    if Permission.NOTIFICATION_READ in actor.permissions:
        g.unread, g.grave = count_unread(actor)


def current_path() -> str:
    """Return the path of the current page; "/" if not a GET."""
    return local_path(request.full_path.rstrip("?") if request.method == "GET" else None)


def local_path(path: str | None) -> str:
    """Return a path inside the service; "/" for any other address."""
    return path if path and LOCAL_PATH.fullmatch(path) else "/"
