"""Assignment of agencies to border posts.

Officers of assigned agencies are notified of calls from the post; their office is called.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from flask import render_template, url_for

from api.web import submission
from api.web.access import login_required, login_required_for_form, render_again
from api.web.blueprints import account_pages
from api.web.forms import Form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import agencies as administration_agencies
from salsa_ext.core.actor import Actor
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.posts import own_and_other_side

MAX_ROWS: Final = 1_000
FIELD: Final = "codes"


@account_pages.get("/agencies")
@login_required
def post_list(actor: Actor) -> str:
    """List own border posts with their assigned agencies."""
    require(actor, Permission.AGENCY_PLACE)
    standing = defaultdict(list)
    for agency in _own_agencies(actor):
        for code in agency.posts:
            standing[code].append(agency.name)
    rows = reference_queries.list_posts(actor, {"state": actor.state}, MAX_ROWS, None).items
    return render_template("account/post_list.html", posts=rows, standing=standing)


@account_pages.get("/posts/<slug:code>/agencies")
@login_required
def assignment_form(actor: Actor, code: str) -> str:
    """Show the form of a post's agencies."""
    form = Form(
        {f"{FIELD}.{one.code}": one.code for one in _own_agencies(actor) if code in one.posts}
    )
    return _render_form(actor, code, form)


@account_pages.post("/posts/<slug:code>/agencies")
@login_required_for_form
def assign_agencies(actor: Actor, code: str) -> Any:
    """Replace the agencies of a post by the chosen ones."""
    form = submission.read_form()
    done = submission.submit(form, actor, lambda: _assign(actor, code, form))
    return done or (render_again(actor, lambda: _render_form(actor, code, form)), form.status)


def _assign(actor: Actor, code: str, form: Form) -> str:
    administration_agencies.set_post_agencies(actor=actor, post=code, codes=form.picked(FIELD))
    return url_for("account.post_list")


def _own_agencies(actor: Actor) -> Any:
    return reference_agencies.list_agencies(
        actor, {"state": actor.own_state()}, MAX_ROWS, None
    ).items


def _render_form(actor: Actor, code: str, form: Form) -> str:
    require(actor, Permission.AGENCY_PLACE)
    post = reference_queries.get_post(code)
    own, _ = own_and_other_side(post, actor.state)
    rows = sorted(_own_agencies(actor), key=lambda one: one.name)
    return render_template(
        "account/post_assignment.html", post=post, own=own, rows=rows, form=form, field=FIELD
    )
