"""Discrepancies on the desk: the list, one with what each state says, and what the own state says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.schemas.discrepancies import (
    AgreeRequest,
    AssignRequest,
    DiscrepancyQuery,
    SayingRequest,
)
from api.web.access import sender, signed_in
from api.web.desk import choices, doings, listing
from api.web.desk.blueprint import blueprint
from api.web.desk.doings import Doing, Field, Subject
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import discrepancies as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.discrepancies import WAITING, DiscrepancyView
from salsa_ext.readmodels.names import label
from salsa_ext.services import positions
from salsa_ext.values.actor import Actor

MOST = 50
FEW = 10
"""On a page: on a phone each takes a third of the screen."""
WORDS = Field("text", say("In words"), "area", required=True, most=2000,
              hint=say("The states concerned read it."))  # fmt: skip
DOINGS: doings.Doings = (
    Doing(
        "explain", say("Explain"), say("Say for your state why it is so."),
        SayingRequest, positions.explain, Permission.DISCREPANCY_WORK, WAITING, (WORDS,),
        is_own=False,
    ),
    Doing(
        "agree", say("Agree"),
        say("Agree for your state to what is said; when all states agree, it is closed."),
        AgreeRequest, positions.agree, Permission.DISCREPANCY_WORK, WAITING,
        (Field("text", say("In words"), "area", most=2000, required=False),), is_own=False,
    ),
    Doing(
        "reopen", say("Reopen"), say("Take your state's position back, and say why."),
        SayingRequest, positions.reopen, Permission.DISCREPANCY_WORK, ("explained", "agreed"),
        (WORDS,), is_own=False,
    ),
    Doing(
        "assign", say("Assign"),
        say("Let somebody of your state work on it. No other state learns who."),
        AssignRequest, positions.assign, Permission.DISCREPANCY_WORK, WAITING,
        (Field("username", say("User name"), "choice", "worker:discrepancy:work", required=True),),
        is_own=False, is_versioned=False,
        start=lambda actor, view: {"username": view.assignee or ""},
    ),
)  # fmt: skip
DONE = {
    "explain": say("Your state's explanation is recorded."),
    "agree": say("Your state's agreement is recorded."),
    "reopen": say("Your state's position is taken back."), "assign": say("It is assigned."),
}  # fmt: skip


@blueprint.get("/discrepancies")
@signed_in
def discrepancies(actor: Actor) -> str:
    """Show the discrepancies that concern the state, newest first; those that wait at first."""
    asked = listing.asked(
        DiscrepancyQuery, **({"waiting": "true"} if set(request.args) <= {"cursor"} else {})
    )
    page = reading.list_discrepancies(actor, asked.filters, FEW, asked.cursor)
    return render_template(
        "desk/discrepancies.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next), zone=zone_of(actor),
    )  # fmt: skip


@blueprint.get("/discrepancies/<uuid:discrepancy_id>")
@signed_in
def discrepancy(actor: Actor, discrepancy_id: UUID) -> str:
    """Show one discrepancy."""
    view = reading.get_discrepancy(actor, discrepancy_id)
    subject = _subject(view, actor)
    said = {position.owner_state: position for position in view.positions}
    return render_template(
        "desk/discrepancy.html", actor=actor, view=view, row=view.discrepancy, subject=subject,
        said=said, doings=doings.offered(DOINGS, actor, subject),
        done=DONE.get(request.args.get("done", "")), zone=zone_of(actor),
        posts=choices.posts(actor),
    )  # fmt: skip


def about(actor: Actor, subject_id: UUID) -> Sequence[DiscrepancyView]:
    """Return the discrepancies about a permit or a shipment, for who may see them."""
    if Permission.DISCREPANCY_READ not in actor.permissions:
        return ()
    return reading.list_discrepancies(actor, {"subject_id": subject_id}, MOST, None).items


def subject_of(actor: Actor, discrepancy_id: UUID) -> Subject:
    """Return a discrepancy as the pages of its doings show it."""
    return _subject(reading.get_discrepancy(actor, discrepancy_id), actor)


def _subject(view: DiscrepancyView, actor: Actor) -> Subject:
    row = view.discrepancy
    title = f"{label('discrepancy_kind', row.kind, actor.language)}: {row.subject_number}"
    return Subject(view, title, url_for("desk.discrepancy", discrepancy_id=row.id),
                   row.owner_state, row.status, "discrepancy_status")  # fmt: skip


@blueprint.get("/discrepancies/<uuid:discrepancy_id>/<slug:name>")
@signed_in
def position_form(actor: Actor, discrepancy_id: UUID, name: str) -> Any:
    """Show the form of what the own state says."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, discrepancy_id)


@blueprint.post("/discrepancies/<uuid:discrepancy_id>/<slug:name>")
@sender
def take_position(actor: Actor, discrepancy_id: UUID, name: str) -> Any:
    """Record what the own state says, and show the discrepancy."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, discrepancy_id, "discrepancy_id")
