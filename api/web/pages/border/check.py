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
from api.web import choices, formatting, submission
from api.web.access import render_again
from api.web.blueprints import border_pages
from api.web.forms import Form
from api.web.pages.border.current_post import (
    CurrentPost,
    is_script_request,
    post_form,
    post_page,
    render_page,
)
from api.web.pages.border.desk_submission import photo_retry, read_form_photo, refusal_response
from api.web.pages.investigation.checks import parse_dates, render_answer
from api.web.photos import Photo
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.administration.values import AttachmentSubject
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor
from salsa_ext.database import idempotency
from salsa_ext.database.idempotency import RequestAttempt, StoredAnswer


@border_pages.get("/posts/<slug:code>/desk/check")
@post_page
def check_form(actor: Actor, here: CurrentPost) -> str:
    """Show the form of a check."""
    require(actor, Permission.CHECK_MAKE)
    return _render_form(actor, here, Form({"serial": request.args.get("serial", "")}))


@border_pages.post("/posts/<slug:code>/desk/check")
@post_form
def run_check(actor: Actor, here: CurrentPost) -> Any:
    """Run a check once and show its answer; repeats return the same."""
    require(actor, Permission.CHECK_MAKE)
    sent = submission.read_form()
    photo = read_form_photo(sent)
    answer = (
        submission.submit_repeatable(sent, lambda: _run_once(actor, here, sent, photo))
        if photo
        else None
    )
    if photo is None or answer is None:
        return refusal_response(actor, sent, lambda again: _render_form(actor, here, again))
    is_kept = photo.kept is not None
    html = render_again(
        actor, lambda: render_answer(actor, sent, answer, here.address("check_form"), is_kept)
    )
    if not is_script_request():
        return html
    said = [f"{sent.get('serial')}: {formatting.verdict(answer).name}", answer["next"]["text"]]
    shows = {"said": said, "html": html, "is_loud": answer["verdict"] != "no_hit"}
    return shows | photo_retry(here, photo, "check", str(answer["id"]))


def _run_once(actor: Actor, here: CurrentPost, form: Form, photo: Photo) -> Any:
    """Return the answer as the API gives it, or the first answer."""
    typed = json.dumps(form.values, sort_keys=True).encode()
    attempt = RequestAttempt(actor.account_id, "POST", request.path, form.token, typed)
    with transaction(actor):
        if (first := idempotency.find_answer(attempt)) is not None:
            return parse_dates(json.loads(first.body))
        asked = _query_time(form) or actor.now()
        data = form.load(CheckRequest(), lambda body: _set_defaults(body, here, asked))
        form.values |= {"purpose": data.purpose.code, "incident": data.purpose.incident or ""}
        said = CheckResponse().dump(checks.run_check(actor=actor, data=data))
        body = current_app.json.dumps(said)
        photo.keep(actor, AttachmentSubject("check", UUID(str(said["id"]))))
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
        body.setdefault("incident", incident_text(here, at))


def incident_text(here: CurrentPost, at: datetime) -> str:
    """Return post and time as the text of an unnumbered incident."""
    return f"{here.post.name}, {formatting.moment(at, here.own.zone)}"[:100]


def _render_form(actor: Actor, here: CurrentPost, form: Form) -> str:
    return render_page("check", actor, here, form=form, suggest=choices.suggestions(actor))
