"""Live parts of desk pages: calls and joint seizures."""

from __future__ import annotations

from typing import Final

from flask import render_template

from api.web import partial_updates
from api.web.blueprints import border_pages
from api.web.live import MAX_AGE, RenderedView, Scope, ViewKey, live_views
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards import calls
from salsa_ext.core.actor import Actor
from salsa_ext.core.time import local_date
from salsa_ext.documents import joint_seizures
from salsa_ext.reference.geography import grid_squares_near
from salsa_ext.reference.posts import own_and_other_side
from salsa_ext.reference.queries import get_post

EVENT_KINDS: Final = frozenset(("call", "seizure"))


@border_pages.get("/posts/<slug:code>/desk/live")
@partial_updates.answer_changes
def desk_updates(actor: Actor, code: str) -> tuple[ViewKey, RenderedView]:
    """Return the parts of a desk page changed since a version."""
    require(actor, Permission.BOARD_READ)
    return live_parts(actor, code)


def live_parts(actor: Actor, code: str, at_once: bool = False) -> tuple[ViewKey, RenderedView]:
    """Return the live parts of every desk page."""
    view = ViewKey.of("desk", actor, code)
    return view, live_views().drawn(view, lambda: _render_live(actor, code), at_once)


def _render_live(actor: Actor, code: str) -> RenderedView:
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
    scope = Scope(EVENT_KINDS, frozenset(grid_squares_near(post)))
    return RenderedView(
        code, page, partial_updates.split_parts(page), now, now + MAX_AGE, own.zone, scope
    )
