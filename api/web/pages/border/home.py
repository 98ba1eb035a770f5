"""Home of the border post desk; call requests to the other side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import abort, redirect, request

from api.http.context import transaction
from api.web import submission
from api.web.access import local_path
from api.web.forms import Form
from api.web.pages import border_pages
from api.web.pages.border.desk_pages import (
    CurrentPost,
    post_contacts,
    post_page,
    register_post_form,
    render_desk_page,
)
from api.web.pages.border.desk_submission import submit_desk_form
from api.web.pages.border.truck import CALL_REQUESTED, find_truck, new_task_form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.boards import calls, crossings
from salsa_ext.boards.calls import CallRequestData
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.occurrence import local_date

SUCCESS_MESSAGES = {"call": CALL_REQUESTED, "photo": message("The photograph is kept.")}


@border_pages.get("/posts/<slug:code>/desk")
@post_page
def desk_home(actor: Actor, here: CurrentPost) -> str:
    """Show shipments late, due and passed today, tasks, contacts."""
    late, due = crossings.late_and_due_trucks(actor, here.post)
    today = local_date(actor.now(), here.own.zone)
    return render_desk_page(
        "home",
        actor,
        here,
        late=late,
        due=due,
        passed=crossings.checkpoints_of_day(here.post, today, here.own.zone),
        most=MAX_ROWS,
        offices=post_contacts(actor, here.other.state, here.code),
        success=SUCCESS_MESSAGES.get(request.args.get("done", "")),
    )


def _show_call(actor: Actor, here: CurrentPost, form: Form | None = None) -> str:
    """Show the contacts of the other side and the call button."""
    form = form or new_task_form(None, request.args.get("which", ""))
    offices = post_contacts(actor, here.other.state, here.code)
    return render_desk_page("call", actor, here, form=form, offices=offices)


def _submit_call(actor: Actor, here: CurrentPost) -> Any:
    """Ask the officers of the other side to call."""
    require(actor, Permission.CHECKPOINT_RECORD)
    form = submission.read_form()

    def request_call() -> str:
        which = form.get("which")
        truck = find_truck(actor, here, which) if which else None
        about = CallRequestData(
            truck.shipment.id if truck else None, form.get("words")[:500] or None
        )
        calls.request_call(actor=actor, post=here.code, data=about)
        if truck:
            return here.address("truck_sheet", shipment_id=truck.shipment.id, done="call")
        return here.address("desk_home", done="call")

    return submit_desk_form(actor, here, form, request_call, lambda: _show_call(actor, here, form))


def _answer_call(actor: Actor, here: CurrentPost) -> Any:
    """Mark a call request as answered and go back."""
    require(actor, Permission.CHECKPOINT_RECORD)
    try:
        call_id = UUID(request.form.get("call", ""))
    except ValueError:
        abort(404)
    with transaction(actor):
        calls.answer_call(actor=actor, call_id=call_id)
    page_before = local_path(request.form.get("next"))
    return redirect(page_before if page_before != "/" else here.address("desk_home"), 303)


register_post_form("/call", "call_form", _show_call, _submit_call)
register_post_form("/answer", "answer_call", lambda *_: abort(405), _answer_call)
