"""Pages that read foreign records for a typed purpose and case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint

from api.schemas.checks import PurposeRequest
from api.web import submission
from api.web.access import form_view, render_again
from api.web.forms import Form
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor, Purpose

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
