"""The officer's post and side; decorators of all desk pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from flask import g, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.schemas.reference import ContactResponse
from api.web import choices, partial_updates
from api.web.access import login_required, login_required_for_form
from api.web.pages.border import live_updates
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards import displays
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, WrongAccount, message
from salsa_ext.reference import agencies
from salsa_ext.reference.agencies import POST_CONTACT_KINDS
from salsa_ext.reference.posts import PostSide, own_and_other_side
from salsa_ext.reference.queries import get_post

OWNER_HEADER = "Salsa-Desk-Owner"
JSON_TYPE = "application/json"
View = Callable[..., Any]


@dataclass(frozen=True)
class CurrentPost:
    """A border post seen from the reader's side."""

    post: Any
    own: PostSide
    other: PostSide

    @property
    def code(self) -> str:
        """Return the post's code."""
        return str(self.post.code)

    def address(self, view: str, /, **ids: Any) -> str:
        """Return the address of a desk page of this post."""
        return url_for(f"border.{view}", code=self.code, **ids)


def find_current_post(actor: Actor, code: str) -> CurrentPost:
    """Return the post with own and other side; raises Forbidden, NotFound."""
    require(actor, Permission.BOARD_READ)
    post = get_post(code)
    return CurrentPost(post, *own_and_other_side(post, actor.state))


def post_page(view: View) -> View:
    """Run `view(actor, here, **path)` for the signed-in user.

    Other visitors are redirected to the sign-in page.
    """

    @wraps(view)
    def run(actor: Actor, code: str, **ids: Any) -> Any:
        return view(actor, find_current_post(actor, code), **ids)

    return login_required(run)


def post_form(view: View) -> View:
    """Run `view(actor, here, **path)` of a submitted form.

    The view opens its own transactions. Without a session, scripts get Unauthenticated, people the
    sign-in page. Raises NotYours if a device sends what another account stored on it.
    """

    @wraps(view)
    def run(actor: Actor, code: str, **ids: Any) -> Any:
        with transaction(actor):
            here = find_current_post(actor, code)
            _check_owner(actor)
        return view(actor, here, **ids)

    sending = login_required_for_form(run)

    @wraps(view)
    def first(**ids: Any) -> Any:
        if is_script_request() and authenticate_page() is None:
            raise Unauthenticated(message("Your session has ended. Sign in again."))
        return sending(**ids)

    return first


def is_script_request() -> bool:
    """Return whether the desk's script sends the request and reads JSON."""
    return request.accept_mimetypes.best_match([JSON_TYPE, "text/html"]) == JSON_TYPE


def _check_owner(actor: Actor) -> None:
    """Raise NotYours if the device's data belong to another account."""
    said = request.headers.get(OWNER_HEADER)
    if said is not None and said != displays.device_owner(actor):
        raise WrongAccount(
            message("This was kept on the device by another account, which alone may send it.")
        )


def render_page(template: str, actor: Actor, here: CurrentPost, **data: Any) -> str:
    """Render a desk page with its live parts, except offline."""
    if not (is_offline := g.get("is_offline", False)):
        view, shown = live_updates.live_parts(actor, here.code, at_once=True)
        parts = {name: Markup(part) for name, part in shown.parts.items()}  # noqa: S704 - of our own template
        data |= {
            "live": parts,
            "watched": partial_updates.live_attributes(view, shown, here.address("desk_home")),
        }
    return render_template(
        f"border/{template}.html",
        actor=actor,
        at=here,
        own=here.own,
        other=here.other,
        post=here.post,
        now=actor.now(),
        zone=here.own.zone,
        choices=choices,
        is_offline=is_offline,
        **data,
    )


MAX_CONTACTS: Final = 200


def post_contacts(actor: Actor, state: str, post: str) -> Sequence[dict[str, Any]]:
    """Return a state's contacts for a post, agencies at the post first."""
    here = agencies.agencies_at_post(state, post)
    found = agencies.list_contacts(actor, {"state": state}, MAX_CONTACTS, None).items
    called = sorted(
        (one for one in found if one.kind in POST_CONTACT_KINDS),
        key=lambda one: (one.agency not in here, POST_CONTACT_KINDS.index(one.kind)),
    )
    said: list[dict[str, Any]] = ContactResponse(many=True).dump(called)
    return said
