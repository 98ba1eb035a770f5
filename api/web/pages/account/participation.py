"""Which registers of which state the service searches, and who answers from them."""

from typing import Final

from flask import url_for

from api.schemas.reference import ParticipationQuery, ParticipationRequest
from api.web import lists
from api.web.access import login_required
from api.web.forms import Field, Form
from api.web.pages import account_pages
from api.web.record_pages import HOME, register_form, render_page
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import today
from salsa_ext.reference.participation import declarations

MAX_ROWS: Final = 1_000
LIST: Final = ("account.participation_list", message("Participation of states"))
FILTERS: Final = (
    Field("state", message("State"), "choice", "participant"),
    Field("register", message("Kind of register"), "choice", "register"),
)
FIELDS: Final = (
    Field("register", message("Kind of register"), "choice", "register", required=True),
    Field("mode", message("Who answers from it"), "choice", "register_mode", required=True),
    Field("since", message("Takes part since"), "date", required=True),
    Field("until", message("Last day"), "date", required=False),
    Field(
        "complete",
        message("The register is complete"),
        "flag",
        hint=message(
            "It holds every firearm of its kind in your state, within the makes and years below."
            " Only then can the service answer that there is no record."
        ),
    ),
    Field(
        "makes",
        message("Makes that it holds"),
        "area",
        required=False,
        hint=message("One on a line. Leave it empty for all makes."),
    ),
    Field("year_from", message("First year of manufacture"), required=False, max_length=4),
    Field("year_to", message("Last year of manufacture"), required=False, max_length=4),
)


@account_pages.get("/participation")
@login_required
def participation_list(actor: Actor) -> str:
    """List what the states declare of their registers."""
    require(actor, Permission.REFERENCE_READ)
    listed = lists.read_filters(ParticipationQuery)
    page = declarations.list_participation(actor, listed.filters, MAX_ROWS, listed.cursor)
    return render_page(
        "account/participation.html",
        actor,
        title=LIST[1],
        rows=page.items,
        form=listed.form,
        fields=FILTERS,
        **lists.list_context(page, listed.form, FILTERS),
    )


def _show_form(actor: Actor, form: Form | None) -> str:
    form = form or Form({"mode": "person", "since": today(actor).isoformat()})
    return render_page(
        "account/participation_form.html", actor, trail=(HOME, LIST), form=form, fields=FIELDS
    )


def _declare(actor: Actor, form: Form) -> str:
    declarations.declare(actor=actor, data=form.load(ParticipationRequest()))
    return url_for("account.participation_list", state=actor.state)


register_form(
    account_pages,
    "/participation/new",
    "participation_form",
    Permission.PARTICIPATION_DECLARE,
    _show_form,
    _declare,
)
