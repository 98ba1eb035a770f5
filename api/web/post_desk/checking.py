"""A check at the barrier: the question and its answer are those of the page of checks, with a photograph."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app, request

from api.schemas.checks import CheckRequest, CheckResponse
from api.transaction import transaction
from api.web import sending, shown
from api.web.access import again
from api.web.desk import choices
from api.web.guns.checks import answer_page, as_read
from api.web.post_desk.blueprint import blueprint
from api.web.post_desk.here import Here, by_script, form, page, render
from api.web.post_desk.photos import Photo
from api.web.post_desk.taking import attach, photo_of, refused
from api.web.typed import Form
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import checks, idempotency
from salsa_ext.services.idempotency import Answer, Attempt
from salsa_ext.values.actor import Actor
from salsa_ext.values.attachments import Subject


@blueprint.get("/posts/<slug:code>/desk/check")
@page
def check_form(actor: Actor, here: Here) -> str:
    """Show the form of a check."""
    require(actor, Permission.CHECK_MAKE)
    return _page(actor, here, Form({"serial": request.args.get("serial", "")}))


@blueprint.post("/posts/<slug:code>/desk/check")
@form
def check(actor: Actor, here: Here) -> Any:
    """Ask once, and show what is known; sent again, the same answer is shown."""
    require(actor, Permission.CHECK_MAKE)
    sent = sending.sent()
    photo = photo_of(sent)
    answer = sending.take(sent, lambda: _once(actor, here, sent, photo)) if photo else None
    if photo is None or answer is None:
        return refused(actor, sent, lambda again: _page(actor, here, again))
    is_kept = photo.kept is not None
    html = again(
        actor, lambda: answer_page(actor, sent, answer, here.address("check_form"), is_kept)
    )
    if not by_script():
        return html
    said = [f"{sent.get('serial')}: {shown.verdict(answer).name}", answer["next"]["text"]]
    shows = {"said": said, "html": html, "is_loud": answer["verdict"] != "no_hit"}
    return shows | attach(here, photo, "check", str(answer["id"]))


def _once(actor: Actor, here: Here, form: Form, photo: Photo) -> Any:
    """Return the answer as the interface gives it; asked again, the first one, which the asker sealed."""
    typed = json.dumps(form.values, sort_keys=True).encode()
    attempt = Attempt(actor.account_id, "POST", request.path, form.token, typed)
    with transaction(actor):
        if (first := idempotency.replay(attempt)) is not None:
            return as_read(json.loads(first.body))
        asked = _asked_at(form) or actor.now()
        data = form.load(CheckRequest(), lambda body: _usual(body, here, asked))
        form.values |= {"purpose": data.purpose.code, "incident": data.purpose.incident or ""}
        said = CheckResponse().dump(checks.make(actor=actor, data=data))
        body = current_app.json.dumps(said)
        photo.keep(actor, Subject("check", UUID(str(said["id"]))))
        idempotency.keep(actor, attempt, Answer(200, "", body.encode()))
        return as_read(json.loads(body))


def _asked_at(form: Form) -> datetime | None:
    """Return when a device kept the question, where it did."""
    try:
        at = datetime.fromisoformat(form.get("occurred_at"))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _usual(body: dict[str, Any], here: Here, at: datetime) -> None:
    """Ask for the border, and of the moment at the post, where neither case nor incident is told."""
    body.setdefault("purpose", "border")
    if body["purpose"] == "border" and not body.get("case_number"):
        body.setdefault("incident", incident_of(here, at))


def incident_of(here: Here, at: datetime) -> str:
    """Return what stands for an incident that has no number: the post and the moment."""
    return f"{here.post.name}, {shown.moment(at, here.own.zone)}"[:100]


def _page(actor: Actor, here: Here, form: Form) -> str:
    return render("check", actor, here, form=form,
                  suggest=choices.suggestions(actor))  # fmt: skip
