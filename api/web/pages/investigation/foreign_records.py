"""Pages that read foreign records for a typed purpose and case; the history of a gun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import Blueprint

from api.schemas.checks import PurposeRequest
from api.schemas.records import HistoryResponse
from api.web import submission
from api.web.access import form_view, render_again
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose
from salsa_ext.core.errors import Invalid
from salsa_ext.matches import gun_histories

FIELD_BY_HEADER: Final = {"Salsa-Purpose": "purpose", "Salsa-Case": "case_number"}
"""The form fields for what programs send as headers."""


def register_purpose_page(
    blueprint: Blueprint,
    path: str,
    endpoint: str,
    render: Callable[..., str],
    *permissions: Permission,
) -> None:
    """Register a page that asks for a purpose where it needs one.

    `render(actor, form, **path)` renders it with the form of a purpose; form None: the actor has
    given one, foreign records are read, and their owners see it.
    """

    def show(actor: Actor, **ids: Any) -> str:
        return render(actor, Form({"purpose": "investigation"}), **ids)

    def submit(actor: Actor, **ids: Any) -> tuple[str, int]:
        for permission in permissions:
            require(actor, permission)
        form = submission.read_form()

        def read() -> str:
            typed = form.load(PurposeRequest())
            reader = actor.for_purpose(Purpose(typed["purpose"], typed.get("case_number")))
            return render_again(reader, lambda: render(reader, None, **ids))

        page = submission.submit_repeatable(form, read)
        if page is None:
            form.errors = {
                FIELD_BY_HEADER.get(field, field): texts for field, texts in form.errors.items()
            }
            page = render_again(actor, lambda: render(actor, form, **ids))
        return page, form.status

    blueprint.add_url_rule(path, endpoint, form_view(show, submit), methods=["GET", "POST"])


def _render_history(actor: Actor, form: Form | None, record_id: UUID) -> str:
    """Render a gun's history; with foreign records the form of a purpose first."""
    template, key = "investigation/history.html", str(record_id)
    try:
        history = gun_histories.read_history(actor=actor, record_id=record_id)
    except Invalid:
        if form is None:
            raise
        return render_page(template, actor, record_id=key, form=form)
    answer = HistoryResponse().dump(history)
    own_records = {
        step["record"]["id"] for step in answer["steps"] if step["record"]["state"] == actor.state
    }
    return render_page(
        template,
        actor,
        record_id=key,
        holders=answer["points_to"],
        steps=list(zip(history.steps, answer["steps"], strict=True)),
        is_own=key in own_records,
    )


register_purpose_page(
    investigation_pages,
    "/records/<uuid:record_id>/history",
    "history_page",
    _render_history,
    Permission.RECORD_READ,
)
