"""Where the officer stands: at a post, on one of its sides; every page of the desk begins with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import g, render_template, request, url_for
from markupsafe import Markup

from api.auth import authenticate_page
from api.transaction import transaction
from api.vault import vault
from api.web import watching
from api.web.access import sender, signed_in
from api.web.desk import choices
from api.web.post_desk import looking
from salsa_ext.errors import NotYours, Unauthenticated, say
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels.crossings import Side, sides_for
from salsa_ext.readmodels.reference import get_post
from salsa_ext.services import devices
from salsa_ext.values.actor import Actor

OWNER = "Salsa-Desk-Owner"
JSON = "application/json"
View = Callable[..., Any]


@dataclass(frozen=True)
class Here:
    """A post as the reader stands at it."""

    post: Any
    own: Side
    other: Side

    @property
    def code(self) -> str:
        """Return the post's code."""
        return str(self.post.code)

    def address(self, view: str, /, **ids: Any) -> str:
        """Return the address of a page of this desk."""
        return url_for(f"post_desk.{view}", code=self.code, **ids)


def here_of(actor: Actor, code: str) -> Here:
    """Return where the actor stands; raises Forbidden for who has no desk there, or NotFound."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    return Here(post, *sides_for(post, actor.state))


def page(view: View) -> View:
    """Run `view(actor, here, **path)` for who is signed in; others go to sign in."""

    @wraps(view)
    def run(actor: Actor, code: str, **ids: Any) -> Any:
        return view(actor, here_of(actor, code), **ids)

    return signed_in(run)


def form(view: View) -> View:
    """Run `view(actor, here, **path)` of a form; it opens its transactions itself.

    A script is told that nobody is signed in, where a person goes to sign in. What one account kept
    on a device is taken from that account alone.
    """

    @wraps(view)
    def run(actor: Actor, code: str, **ids: Any) -> Any:
        with transaction(actor):
            here = here_of(actor, code)
            _check_owner(actor)
        return view(actor, here, **ids)

    sending = sender(run)

    @wraps(view)
    def first(**ids: Any) -> Any:
        if by_script() and authenticate_page() is None:
            raise Unauthenticated(say("Your session has ended. Sign in again."))
        return sending(**ids)

    return first


def by_script() -> bool:
    """Tell whether the desk's script sends, which reads JSON, and not a form by itself."""
    return request.accept_mimetypes.best_match([JSON, "text/html"]) == JSON


def _check_owner(actor: Actor) -> None:
    """Raise NotYours where a device sends what another account has kept on it."""
    said = request.headers.get(OWNER)
    if said is not None and said != devices.owner_of(actor, vault()):
        raise NotYours(
            say("This was kept on the device by another account, which alone may send it.")
        )


def render(template: str, actor: Actor, here: Here, **data: Any) -> str:
    """Return a page of the desk, with what changes while it is open but on the page without a line."""
    if not (is_offline := g.get("is_offline", False)):
        view, shown = looking.look(actor, here.code, at_once=True)
        parts = {name: Markup(part) for name, part in shown.parts.items()}  # noqa: S704 - of our own template
        data |= {"live": parts, "watched": watching.told(view, shown, here.address("home"))}
    return render_template(
        f"post_desk/{template}.html", actor=actor, at=here, own=here.own, other=here.other,
        post=here.post, now=actor.now(), zone=here.own.zone, choices=choices,
        is_offline=is_offline, **data,
    )  # fmt: skip
