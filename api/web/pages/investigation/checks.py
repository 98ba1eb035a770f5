"""Checks of a serial number; pages that read foreign records for a typed purpose and case."""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint

from api.http.context import transaction
from api.schemas.checks import CheckRequest, CheckResponse, PurposeRequest
from api.web import submission
from api.web.access import form_view, render_again
from api.web.check_answers import render_answer
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor, Purpose

Json = dict[str, Any]
PURPOSE_BY_ROLE: Final = {
    "border_officer": "border",
    "police_officer": "street",
    "licensing_officer": "licensing",
}
"""The usual purpose of a role; the others investigate."""


def show_form(actor: Actor) -> str:
    """Show the form of a check."""
    require(actor, Permission.CHECK_MAKE)
    purpose = PURPOSE_BY_ROLE.get(actor.role, "investigation")
    return render_page("investigation/check.html", actor, form=Form({"purpose": purpose}))


def run_check(actor: Actor) -> Any:
    """Run a check and show its answer. Shows the form with 422 if no mark is searchable."""
    require(actor, Permission.CHECK_MAKE)
    form = submission.read_form()

    def run() -> Json:
        with transaction(actor):
            answer = checks.run_check(actor=actor, data=form.load(CheckRequest()))
            return dict(CheckResponse().dump(answer))

    answer = submission.submit_repeatable(form, run)
    if answer is None:
        page = render_again(
            actor, lambda: render_page("investigation/check.html", actor, form=form)
        )
    else:
        page = render_again(actor, lambda: render_answer(actor, form, answer))
    return page, form.status


investigation_pages.add_url_rule(
    "/checks/new", "check_form", form_view(show_form, run_check), methods=["GET", "POST"]
)


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
