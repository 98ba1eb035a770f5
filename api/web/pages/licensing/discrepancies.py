"""List of discrepancies, a discrepancy's page, the state's statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.schemas.common import AssignRequest
from api.schemas.shipments import AgreementRequest, DiscrepancyQuery, StatementRequest
from api.web import actions, choices, listing
from api.web.access import login_required, login_required_for_form
from api.web.actions import Action, ActionField, Subject
from api.web.blueprints import licensing_pages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.reference.calendars import actor_zone
from salsa_ext.reference.names import label
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import DiscrepancyView
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES

MAX_RELATED = 50
PAGE_SIZE = 10
"""On a page: on a phone each takes a third of the screen."""
TEXT_FIELD = ActionField(
    "text",
    message("In words"),
    "area",
    required=True,
    most=2000,
    hint=message("The states concerned read it."),
)
ACTIONS: actions.Actions = (
    Action(
        "explain",
        message("Explain"),
        message("Say for your state why it is so."),
        StatementRequest,
        discrepancy_commands.explain,
        Permission.DISCREPANCY_WORK,
        UNRESOLVED_STATUSES,
        (TEXT_FIELD,),
        is_own=False,
    ),
    Action(
        "agree",
        message("Agree"),
        message("Agree for your state to what is said; when all states agree, it is closed."),
        AgreementRequest,
        discrepancy_commands.agree,
        Permission.DISCREPANCY_WORK,
        UNRESOLVED_STATUSES,
        (ActionField("text", message("In words"), "area", most=2000, required=False),),
        is_own=False,
    ),
    Action(
        "reopen",
        message("Reopen"),
        message("Take your state's position back, and say why."),
        StatementRequest,
        discrepancy_commands.reopen,
        Permission.DISCREPANCY_WORK,
        ("explained", "agreed"),
        (TEXT_FIELD,),
        is_own=False,
    ),
    Action(
        "assign",
        message("Assign"),
        message("Let somebody of your state work on it. No other state learns who."),
        AssignRequest,
        discrepancy_commands.assign,
        Permission.DISCREPANCY_WORK,
        UNRESOLVED_STATUSES,
        (
            ActionField(
                "username", message("User name"), "choice", "worker:discrepancy:work", required=True
            ),
        ),
        is_own=False,
        is_versioned=False,
        start=lambda actor, view: {"username": view.assignee or ""},
    ),
)
SUCCESS_MESSAGES = {
    "explain": message("Your state's explanation is recorded."),
    "agree": message("Your state's agreement is recorded."),
    "reopen": message("Your state's position is taken back."),
    "assign": message("It is assigned."),
}


@licensing_pages.get("/discrepancies")
@login_required
def discrepancy_list(actor: Actor) -> str:
    """List the state's discrepancies, newest first; open ones by default."""
    asked = listing.read_filters(
        DiscrepancyQuery, **({"waiting": "true"} if set(request.args) <= {"cursor"} else {})
    )
    page = discrepancy_queries.list_discrepancies(actor, asked.filters, PAGE_SIZE, asked.cursor)
    return render_template(
        "licensing/discrepancies.html",
        actor=actor,
        form=asked.form,
        page=page,
        choices=choices,
        onward=listing.next_page_address(page.next),
        zone=actor_zone(actor),
    )


@licensing_pages.get("/discrepancies/<uuid:discrepancy_id>")
@login_required
def discrepancy_page(actor: Actor, discrepancy_id: UUID) -> str:
    """Show a discrepancy with each state's statement."""
    view = discrepancy_queries.get_discrepancy(actor, discrepancy_id)
    subject = _discrepancy_subject(view, actor)
    said = {position.owner_state: position for position in view.statements}
    return render_template(
        "licensing/discrepancy.html",
        actor=actor,
        view=view,
        row=view.discrepancy,
        subject=subject,
        said=said,
        doings=actions.available_actions(ACTIONS, actor, subject),
        done=SUCCESS_MESSAGES.get(request.args.get("done", "")),
        zone=actor_zone(actor),
        posts=choices.posts(actor),
    )


def related_discrepancies(actor: Actor, subject_id: UUID) -> Sequence[DiscrepancyView]:
    """Return the discrepancies of a permit or shipment.

    Empty without DISCREPANCY_READ.
    """
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return ()
    return discrepancy_queries.list_discrepancies(
        actor, {"subject_id": subject_id}, MAX_RELATED, None
    ).items


def find_subject(actor: Actor, discrepancy_id: UUID) -> Subject:
    """Return a discrepancy as the subject of actions."""
    return _discrepancy_subject(discrepancy_queries.get_discrepancy(actor, discrepancy_id), actor)


def _discrepancy_subject(view: DiscrepancyView, actor: Actor) -> Subject:
    row = view.discrepancy
    title = f"{label('discrepancy_kind', row.kind, actor.language)}: {row.subject_number}"
    return Subject(
        view,
        title,
        url_for("licensing.discrepancy_page", discrepancy_id=row.id),
        row.owner_state,
        row.status,
        "discrepancy_status",
    )


@licensing_pages.get("/discrepancies/<uuid:discrepancy_id>/<slug:name>")
@login_required
def statement_form(actor: Actor, discrepancy_id: UUID, name: str) -> Any:
    """Show the form of a statement."""
    return actions.show_action(
        actor, actions.find_action(ACTIONS, name), find_subject, discrepancy_id
    )


@licensing_pages.post("/discrepancies/<uuid:discrepancy_id>/<slug:name>")
@login_required_for_form
def record_statement(actor: Actor, discrepancy_id: UUID, name: str) -> Any:
    """Record the own state's statement and show the discrepancy."""
    doing = actions.find_action(ACTIONS, name)
    return actions.submit_action(actor, doing, find_subject, discrepancy_id, "discrepancy_id")
