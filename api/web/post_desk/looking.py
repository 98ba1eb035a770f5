"""What changes on the desk while it is open: who asks for a call, and what joint seizures wait for."""

from __future__ import annotations

from typing import Final

from flask import render_template

from api.live import LASTS, Drawn, Scope, View, live
from api.web import watching
from api.web.post_desk.blueprint import blueprint
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import calls, joint
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.readmodels.nearby import squares_near
from salsa_ext.readmodels.reference import get_post
from salsa_ext.values.actor import Actor
from salsa_ext.values.zones import date_in

KINDS: Final = frozenset(("call", "seizure"))


@blueprint.get("/posts/<slug:code>/desk/live")
@watching.answered
def live_desk(actor: Actor, code: str) -> tuple[View, Drawn]:
    """Tell a page of the desk what changed since."""
    require(actor, Permission.BOARD_READ)
    return look(actor, code)


def look(actor: Actor, code: str, at_once: bool = False) -> tuple[View, Drawn]:
    """Return what every page of the desk shows beside its own."""
    view = View.of("desk", actor, code)
    return view, live().drawn(view, lambda: _draw(actor, code), at_once)


def _draw(actor: Actor, code: str) -> Drawn:
    post, now = get_post(code), actor.now()
    own, other = sides_for(post, actor.state)
    page = render_template(
        "post_desk/live.html", code=code, calls=calls.on_board(actor, code), own=own, now=now,
        joint=joint.at_post(actor, post, other.state, date_in(now, own.zone)),
    )  # fmt: skip
    scope = Scope(KINDS, frozenset(squares_near(post)))
    return Drawn(code, page, watching.parts_of(page), now, now + LASTS, own.zone, scope)
