"""Which agencies stand at which border post: their officers are told of its calls, their office is called."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from flask import Blueprint, render_template, url_for

from api.web import sending
from api.web.access import again, sender, signed_in
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.readmodels import contacts, reference
from salsa_ext.readmodels.crossings import sides_for
from salsa_ext.services import agencies
from salsa_ext.values.actor import Actor

MOST: Final = 1_000
FIELD: Final = "codes"

blueprint = Blueprint("placing", __name__)


@blueprint.get("/agencies")
@signed_in
def posts(actor: Actor) -> str:
    """List the border posts of the own state with the agencies that stand there."""
    require(actor, Permission.AGENCY_PLACE)
    standing = defaultdict(list)
    for agency in _own(actor):
        for code in agency.posts:
            standing[code].append(agency.name)
    rows = reference.list_posts(actor, {"state": actor.state}, MOST, None).items
    return render_template("placing/posts.html", posts=rows, standing=standing)


@blueprint.get("/posts/<slug:code>/agencies")
@signed_in
def at_post(actor: Actor, code: str) -> str:
    """Show which agencies of the own state stand at a post, to be changed."""
    form = Form({f"{FIELD}.{one.code}": one.code for one in _own(actor) if code in one.posts})
    return _page(actor, code, form)


@blueprint.post("/posts/<slug:code>/agencies")
@sender
def place(actor: Actor, code: str) -> Any:
    """Let those stand at a post that are picked, and no others."""
    form = sending.sent()
    done = sending.send(form, actor, lambda: _place(actor, code, form))
    return done or (again(actor, lambda: _page(actor, code, form)), form.status)


def _place(actor: Actor, code: str, form: Form) -> str:
    agencies.stand(actor=actor, post=code, codes=form.picked(FIELD))
    return url_for("placing.posts")


def _own(actor: Actor) -> Any:
    return contacts.list_agencies(actor, {"state": actor.own_state()}, MOST, None).items


def _page(actor: Actor, code: str, form: Form) -> str:
    require(actor, Permission.AGENCY_PLACE)
    post = reference.get_post(code)
    own, _ = sides_for(post, actor.state)
    rows = sorted(_own(actor), key=lambda one: one.name)
    return render_template(
        "placing/post.html", post=post, own=own, rows=rows, form=form, field=FIELD
    )
