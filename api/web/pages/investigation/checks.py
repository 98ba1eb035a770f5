"""Check of a serial number: form and answer.

The answer is displayed once: only the query and verdict of a check are stored, no candidates. A
form sent twice makes two checks.
"""

from __future__ import annotations

from typing import Any, Final

from api.http.context import transaction
from api.schemas.checks import CheckRequest, CheckResponse
from api.web import submission
from api.web.access import form_view, render_again
from api.web.check_answers import render_answer
from api.web.forms import Form
from api.web.pages import investigation_pages
from api.web.record_pages import render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.checks import checks
from salsa_ext.core.actor import Actor

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
    """Run a check and show its answer.

    Shows the form with 422 if no mark is searchable.
    """
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
