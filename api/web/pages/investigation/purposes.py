"""Purpose and case for reading foreign records on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from api.schemas.checks import PurposeRequest
from api.web import submission
from api.web.access import render_again
from api.web.forms import Form
from salsa_ext.core.actor import Actor, Purpose

FIELD_BY_HEADER: Final = {"Salsa-Purpose": "purpose", "Salsa-Case": "case_number"}
"""The fields that stand for what programs send as headers."""


def purpose_form() -> Form:
    """Return an empty purpose form."""
    return Form({"purpose": "investigation"})


def render_with_purpose(
    actor: Actor, render: Callable[[Actor], str], render_form: Callable[[Form], str]
) -> tuple[str, int]:
    """Render a page for the submitted purpose; return it with its status.

    If the purpose is invalid, calls `render_form(form)` instead.
    """
    form = submission.read_form()

    def looked() -> str:
        reader = actor.for_purpose(_purpose(form))
        return render_again(reader, lambda: render(reader))

    made = submission.submit_repeatable(form, looked)
    if made is not None:
        return made, form.status
    form.errors = {FIELD_BY_HEADER.get(path, path): said for path, said in form.errors.items()}
    return render_again(actor, lambda: render_form(form)), form.status


def _purpose(form: Form) -> Purpose:
    said = form.load(PurposeRequest())
    return Purpose(said["purpose"], said.get("case_number"))
