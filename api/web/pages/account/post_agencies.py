"""Assignment of agencies to border posts."""

from collections import defaultdict
from typing import Any, Final

from flask import url_for

from api.web.access import login_required
from api.web.forms import Form
from api.web.pages import account_pages
from api.web.record_pages import HOME, register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration import agencies as administration_agencies
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.names import label
from salsa_ext.reference.post_sides import own_and_other_side

MAX_ROWS: Final = 1_000
FIELD: Final = "codes"
POSTS = ("account.post_list", message("Agencies at border posts"))


@account_pages.get("/agencies/posts")
@login_required
def post_list(actor: Actor) -> str:
    """List own border posts with their assigned agencies."""
    require(actor, Permission.AGENCY_PLACE)
    names_by_post = defaultdict(list)
    for agency in _own_agencies(actor):
        for code in agency.posts:
            names_by_post[code].append(agency.name)
    rows = reference_queries.list_posts(actor, {"state": actor.state}, MAX_ROWS, None).items
    return render_page(
        "account/post_list.html", actor, title=POSTS[1], posts=rows, names_by_post=names_by_post
    )


def _own_agencies(actor: Actor) -> Any:
    filters = {"state": actor.own_state()}
    return reference_agencies.list_agencies(actor, filters, MAX_ROWS, None).items


def _show_form(actor: Actor, form: Form | None, code: str) -> str:
    post, rows = reference_queries.get_post(code), _own_agencies(actor)
    own, _ = own_and_other_side(post, actor.state)
    form = form or Form({f"{FIELD}.{row.code}": row.code for row in rows if code in row.posts})
    options = [
        (row.code, f"{row.name} · {label('agency_kind', row.kind, actor.language)}")
        for row in sorted(rows, key=lambda row: row.name)
    ]
    return render_page(
        "account/post_agencies.html",
        actor,
        trail=(HOME, POSTS),
        post=post,
        own=own,
        options=options,
        form=form,
        field=FIELD,
    )


def _assign(actor: Actor, form: Form, code: str) -> str:
    administration_agencies.set_post_agencies(actor=actor, post=code, codes=form.chosen(FIELD))
    return url_for("account.post_list")


register_form(
    account_pages,
    "/posts/<slug:code>/agencies",
    "assignment_form",
    Permission.AGENCY_PLACE,
    _show_form,
    _assign,
)
