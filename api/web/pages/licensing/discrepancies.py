"""List of discrepancies, a discrepancy's page, the state's statements."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from flask import request

from api.schemas.trade.discrepancies import (
    AgreementRequest,
    DiscrepancyQuery,
    DiscrepancyResponse,
    StatementRequest,
)
from api.web import choices
from api.web.document_actions import READ_BY_CONCERNED, Action, Actions, Subject, assign_action
from api.web.formatting import colon
from api.web.forms import Field
from api.web.lists import UNSHOWN
from api.web.pages import licensing_pages
from api.web.pages.licensing.home import LICENSING
from api.web.record_pages import DocumentPages
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import message
from salsa_ext.database.paging import MAX_COUNTED
from salsa_ext.reference.names import label, participants
from salsa_ext.trade.discrepancies import commands as discrepancy_commands
from salsa_ext.trade.discrepancies import queries as discrepancy_queries
from salsa_ext.trade.discrepancies.queries import DiscrepancyView
from salsa_ext.trade.discrepancies.values import UNRESOLVED_STATUSES

MAX_RELATED = 50
PAGE_SIZE = 10
"""On a page: on a phone each takes a third of the screen."""
FILTERS = (
    Field("number", message("Number of the permit or shipment"), max_length=100),
    Field("kind", message("Kind"), "choice", "discrepancy_kind"),
    Field("status", message("Status"), "choice", "discrepancy_status"),
    Field("assignee", message("Assigned to"), max_length=100),
    Field(
        "unexplained",
        message("Statement of your state"),
        "choice",
        (("true", message("Still to be made")),),
    ),
    Field("exporting_state", message("Exporting country"), "choice", "any_state"),
    Field("importing_state", message("Importing country"), "choice", "any_state"),
    Field("heading", message("Tariff heading"), max_length=10),
    Field("year", message("Year"), max_length=4),
)
TextField = partial(Field, "text", message("Comment"), "area", max_length=2000)
TEXT_FIELD = TextField(required=True, hint=READ_BY_CONCERNED)
ACTIONS: Actions = (
    Action(
        "explain",
        message("Explain"),
        message("Explain the reason for your state."),
        StatementRequest,
        discrepancy_commands.explain,
        Permission.DISCREPANCY_WORK,
        UNRESOLVED_STATUSES,
        (TEXT_FIELD,),
        message("Your state's explanation is recorded."),
        is_own=False,
    ),
    Action(
        "agree",
        message("Agree"),
        message(
            "Your state agrees with what was stated. When every state agrees, the discrepancy is closed."
        ),
        AgreementRequest,
        discrepancy_commands.agree,
        Permission.DISCREPANCY_WORK,
        UNRESOLVED_STATUSES,
        (TextField(required=False),),
        message("Your state's agreement is recorded."),
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
        message("Your state's position is withdrawn."),
        is_own=False,
    ),
    assign_action(
        discrepancy_commands.assign, Permission.DISCREPANCY_WORK, UNRESOLVED_STATUSES, is_own=False
    ),
)


def related_discrepancies(actor: Actor, subject_id: UUID) -> Sequence[DiscrepancyView]:
    """Return the discrepancies of a permit or shipment; empty without DISCREPANCY_READ."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return ()
    return discrepancy_queries.list_discrepancies(
        actor, {"subject_id": subject_id}, MAX_RELATED, None
    ).items


def _find(actor: Actor, discrepancy_id: UUID) -> Subject:
    view = discrepancy_queries.get_discrepancy(actor, discrepancy_id)
    row = view.discrepancy
    title = f"{label('discrepancy_kind', row.kind, actor.language)}{colon()} {row.subject_number}"
    return Subject(view, title, row.owner_state, view.status)


def _count_unexplained(actor: Actor) -> int:
    """Return how many discrepancies the state still has to explain, as home counts them."""
    waiting = discrepancy_queries.list_discrepancies(actor, {"unexplained": True}, 1, None)
    return waiting.count(MAX_COUNTED) or 0


DISCREPANCIES = DocumentPages(
    licensing_pages,
    "discrepancy",
    "/discrepancies",
    message("Discrepancies"),
    _find,
    ACTIONS,
    parent=LICENSING,
)
DISCREPANCIES.add_list(
    DiscrepancyQuery,
    discrepancy_queries.list_discrepancies,
    FILTERS,
    # without a filter the open ones
    presets=lambda actor: {"waiting": "true"} if set(request.args) <= UNSHOWN else {},
    context=lambda actor, page: {"unexplained": _count_unexplained(actor)},
    page_size=PAGE_SIZE,
    item=DiscrepancyResponse,
)
DISCREPANCIES.add_detail(
    lambda actor, subject: {"posts": choices.posts(actor), "participants": participants()}
)
