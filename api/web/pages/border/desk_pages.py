"""The officer's post and side; decorators, live parts and rendering of desk pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from flask import g, render_template, request, url_for
from markupsafe import Markup

from api.http.auth import authenticate_page
from api.http.context import transaction
from api.schemas.reference import ContactResponse
from api.web import live_views
from api.web.access import form_view, login_required
from api.web.live_views import MAX_AGE, RenderedView
from api.web.pages import border_pages
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import keys
from salsa_ext.boards import calls
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import Unauthenticated, WrongAccount, message
from salsa_ext.core.occurrence import local_date
from salsa_ext.guns import joint_seizures
from salsa_ext.reference import agencies
from salsa_ext.reference.agencies import POST_CONTACT_KINDS
from salsa_ext.reference.post_sides import PostSide, own_and_other_side
from salsa_ext.reference.queries import get_post

OWNER_HEADER: Final = "Salsa-Desk-Owner"
JSON_TYPE: Final = "application/json"
MAX_CONTACTS: Final = 200
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
    """Run `view(actor, here, **path)` for the user; others go to the sign-in page."""

    @wraps(view)
    def run(actor: Actor, code: str, **ids: Any) -> Any:
        return view(actor, find_current_post(actor, code), **ids)

    return login_required(run)


def register_post_form(path: str, endpoint: str, show: View, submit: View) -> None:
    """Register a form of the desk: `show` answers GET, `submit` POST, as `(actor, here, **path)`.

    `submit` opens its own transactions. Without a session, scripts get Unauthenticated, people the
    sign-in page. Raises WrongAccount if a device sends what another account stored on it.
    """

    def show_form(actor: Actor, code: str, **ids: Any) -> Any:
        return show(actor, find_current_post(actor, code), **ids)

    def submit_form(actor: Actor, code: str, **ids: Any) -> Any:
        with transaction(actor):
            here = find_current_post(actor, code)
            owner = request.headers.get(OWNER_HEADER)
            if owner is not None and owner != keys.device_owner(actor):
                raise WrongAccount(
                    message(
                        "This was saved on the device by another account. Only that account may send it."
                    )
                )
        return submit(actor, here, **ids)

    view = form_view(show_form, submit_form)

    def run(**ids: Any) -> Any:
        if request.method == "POST" and is_script_request() and authenticate_page() is None:
            raise Unauthenticated(message("Your session has ended. Sign in again."))
        return view(**ids)

    border_pages.add_url_rule(
        f"/posts/<slug:code>/desk{path}", endpoint, run, methods=["GET", "POST"]
    )


def is_script_request() -> bool:
    """Return whether the desk's script sends the request and reads JSON."""
    return request.accept_mimetypes.best_match([JSON_TYPE, "text/html"]) == JSON_TYPE


def render_desk_page(template: str, actor: Actor, here: CurrentPost, **data: Any) -> str:
    """Render a desk page with its live parts, except offline."""
    if not (is_offline := g.get("is_offline", False)):
        view = live_views.render_view("desk", actor, here.code, _render_live_parts)
        parts = {name: Markup(part) for name, part in view.parts.items()}  # noqa: S704 - of our own template
        attributes = live_views.live_attributes(view, here.address("desk_home"))
        data |= {"live": parts, "live_attributes": attributes}
    return render_template(
        f"border/{template}.html",
        actor=actor,
        here=here,
        own=here.own,
        other=here.other,
        post=here.post,
        now=actor.now(),
        zone=here.own.zone,
        is_offline=is_offline,
        **data,
    )


def post_contacts(actor: Actor, state: str, post: str) -> Sequence[dict[str, Any]]:
    """Return a state's contacts for a post, agencies at the post first."""
    at_post = agencies.agencies_at_post(state, post)
    rows = agencies.list_contacts(actor, {"state": state}, MAX_CONTACTS, None).items
    contacts = sorted(
        (row for row in rows if row.kind in POST_CONTACT_KINDS),
        key=lambda row: (row.agency not in at_post, POST_CONTACT_KINDS.index(row.kind)),
    )
    return list(ContactResponse(many=True).dump(contacts))


@border_pages.get("/posts/<slug:code>/desk/live")
@live_views.answer_changes
def desk_updates(actor: Actor, code: str) -> RenderedView:
    """Return the parts of a desk page changed since a version."""
    return live_views.find_view("desk", actor, code, _render_live_parts)


def _render_live_parts(actor: Actor, code: str) -> RenderedView:
    """Return the live parts of every desk page: calls and joint seizures."""
    post, now = get_post(code), actor.now()
    own, other = own_and_other_side(post, actor.state)
    page = render_template(
        "border/live_parts.html",
        code=code,
        calls=calls.calls_on_board(actor, code),
        own=own,
        now=now,
        joint=joint_seizures.at_post(actor, post, other.state, local_date(now, own.zone)),
    )
    return RenderedView(code, page, own.zone, now + MAX_AGE)
