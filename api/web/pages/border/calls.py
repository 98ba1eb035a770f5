"""Call requests to the other side of a post.

Its contacts by telephone, its officers by notification.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, redirect, request

from api.http.context import transaction
from api.web import submission
from api.web.access import local_path
from api.web.blueprints import border_pages
from api.web.forms import Form
from api.web.pages.border.current_post import (
    CurrentPost,
    post_contacts,
    post_form,
    post_page,
    render_page,
)
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.pages.border.truck import find_truck, new_task_form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards import calls
from salsa_ext.boards.calls import CallRequestData
from salsa_ext.core.actor import Actor


@border_pages.get("/posts/<slug:code>/desk/call")
@post_page
def call_form(actor: Actor, here: CurrentPost) -> str:
    """Show the contacts of the other side and the call button."""
    return _render_form(actor, here, new_task_form(None, request.args.get("which", "")))


@border_pages.post("/posts/<slug:code>/desk/call")
@post_form
def request_call(actor: Actor, here: CurrentPost) -> Any:
    """Ask the officers of the other side to call."""
    require(actor, Permission.CHECKPOINT_RECORD)
    sent = submission.read_form()
    return submit_desk_form(
        actor,
        here,
        sent,
        lambda _: _request_call(actor, here, sent),
        lambda again: _render_form(actor, here, again),
    )


@border_pages.post("/posts/<slug:code>/desk/answer")
@post_form
def answer_call(actor: Actor, here: CurrentPost) -> Any:
    """Mark a call request as answered and go back."""
    require(actor, Permission.CHECKPOINT_RECORD)
    try:
        asked = UUID(request.form.get("call", ""))
    except ValueError:
        abort(404)
    with transaction(actor):
        calls.answer_call(actor=actor, call_id=asked)
    page_before = local_path(request.form.get("next"))
    return redirect(page_before if page_before != "/" else here.address("desk_home"), 303)


def _request_call(actor: Actor, here: CurrentPost, form: Form) -> str:
    which = form.get("which")
    truck = find_truck(actor, here, which) if which else None
    about = CallRequestData(truck.shipment.id if truck else None)
    calls.request_call(actor=actor, post=here.code, data=about)
    if truck:
        return here.address("truck_sheet", shipment_id=truck.shipment.id, done="call")
    return here.address("desk_home", done="call")


def _render_form(actor: Actor, here: CurrentPost, form: Form) -> str:
    return render_page(
        "call", actor, here, form=form, offices=post_contacts(actor, here.other.state, here.code)
    )
