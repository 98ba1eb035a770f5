"""Check at the barrier, with a photograph.

Query and answer are those of the page of checks.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app, request

from api.http.context import transaction
from api.schemas.checks import CheckRequest, CheckResponse
from api.web import formatting, submission
from api.web.access import render_again
from api.web.check_answers import parse_dates, render_answer
from api.web.forms import Form
from api.web.pages.border.desk_pages import (
    CurrentPost,
    is_script_request,
    register_post_form,
    render_desk_page,
)
from api.web.pages.border.desk_submission import photo_retry, read_form_photo, refusal_response
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.attachment_values import AttachmentSubject
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer


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
    result = {"said": texts, "html": html, "is_loud": answer["verdict"] != "no_hit"}
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
    """Set purpose `border` and an incident by post and time.

    If the form has neither case nor incident.
    """
    body.setdefault("purpose", "border")
    if body["purpose"] == "border" and not body.get("case_number"):
        incident = f"{here.post.name}, {formatting.moment(at, here.own.zone)}"
        body.setdefault("incident", incident[:100])


register_post_form("/check", "check_form", _show_form, _submit)
