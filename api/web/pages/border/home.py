"""Home of the border post desk: call requests to the other side, and checks at the barrier."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import abort, current_app, redirect, request

from api.http.context import transaction
from api.schemas.checks import CheckRequest, CheckResponse
from api.web import formatting, submission
from api.web.access import local_path, render_again
from api.web.check_answers import parse_dates, render_answer
from api.web.forms import Form
from api.web.pages import border_pages
from api.web.pages.border.desk_pages import (
    CurrentPost,
    is_script_request,
    post_contacts,
    post_page,
    register_post_form,
    render_desk_page,
)
from api.web.pages.border.desk_submission import (
    photo_retry,
    read_form_photo,
    refusal_response,
    submit_desk_form,
)
from api.web.pages.border.truck import CALL_REQUESTED, find_truck, new_task_form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.boards import calls, crossings
from salsa_ext.boards.calls import CallRequestData
from salsa_ext.boards.crossings import MAX_ROWS
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.core.occurrence import local_date
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer

SUCCESS_MESSAGES = {"call": CALL_REQUESTED, "photo": message("The photograph is stored.")}


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


def _show_form(actor: Actor, here: CurrentPost, form: Form | None = None) -> str:
    require(actor, Permission.CHECK_MAKE)
    form = form or Form({"serial": request.args.get("serial", "")})
    return render_desk_page("check", actor, here, form=form)


def _submit(actor: Actor, here: CurrentPost) -> Any:
    """Run a check once and show its answer; repeats return the same."""
    require(actor, Permission.CHECK_MAKE)
    form, answer = submission.read_form(), None
    if read_form_photo(form):
        answer = submission.submit_repeatable(form, lambda: _run_once(actor, here, form))
    if answer is None:
        return refusal_response(actor, form, lambda: _show_form(actor, here, form))
    next_form, has_photo = here.address("check_form"), form.photo.content is not None
    html = render_again(actor, lambda: render_answer(actor, form, answer, next_form, has_photo))
    if not is_script_request():
        return html
    texts = [f"{form.get('serial')}: {formatting.verdict(answer).name}", answer["next"]["text"]]
    result = {"messages": texts, "html": html, "is_urgent": answer["verdict"] != "no_hit"}
    return result | photo_retry(here, form.photo, "check", str(answer["id"]))


def _run_once(actor: Actor, here: CurrentPost, form: Form) -> Any:
    """Return the answer as the API gives it, or the first answer."""
    typed = json.dumps(form.values, sort_keys=True).encode()
    attempt = RequestAttempt(actor.account_id, "POST", request.path, form.token, typed)
    with transaction(actor):
        if (first := idempotency.find_answer(attempt)) is not None:
            return parse_dates(json.loads(first.body))
        at = _query_time(form) or actor.now()
        data = form.load(CheckRequest(), lambda body: _set_defaults(body, here, at))
        form.values |= {"purpose": data.purpose.code, "incident": data.purpose.incident or ""}
        answer = CheckResponse().dump(checks.run_check(actor=actor, data=data))
        body = current_app.json.dumps(answer)
        form.photo.attach(actor, AttachmentSubject("check", UUID(str(answer["id"]))))
        idempotency.store_answer(actor, attempt, StoredAnswer(200, "", body.encode()))
        return parse_dates(json.loads(body))


def _query_time(form: Form) -> datetime | None:
    """Return when a device stored the query, if it did."""
    try:
        at = datetime.fromisoformat(form.get("occurred_at"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _set_defaults(body: dict[str, Any], here: CurrentPost, at: datetime) -> None:
    """Set purpose `border` and an incident by post and time. If the form has neither case nor incident."""
    body.setdefault("purpose", "border")
    if body["purpose"] == "border" and not body.get("case_number"):
        incident = f"{here.post.name}, {formatting.moment(at, here.own.zone)}"
        body.setdefault("incident", incident[:100])


register_post_form("/check", "check_form", _show_form, _submit)
