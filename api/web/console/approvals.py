"""Traces of other states that wait for a second person of the own one: the list, one, and what is said."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from api.i18n import translate
from api.schemas.approvals import (
    ApprovalQuery,
    ApprovalResponse,
    DeclineApprovalRequest,
    GrantApprovalRequest,
)
from api.web.access import sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.console.words import sealed
from api.web.desk import doings, listing
from api.web.desk.doings import Doing, Field, Subject
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import approvals as reading
from salsa_ext.readmodels import traces
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.names import label
from salsa_ext.services import approval_decisions
from salsa_ext.values.actor import Actor

READ = say("The asking state reads it.")
GRANTING = "console/granting.html"


def _told(actor: Actor, row: Any) -> Any:
    return ApprovalResponse().dump(row)


DOINGS: doings.Doings = (
    Doing("grant", say("Approve"), say("Approve what the other state drafted; it can then send it."),
          GrantApprovalRequest, sealed(approval_decisions.grant), Permission.TRACE_APPROVE,
          ("asked",),
          (Field("text", say("In words"), "area", required=False, most=2000, hint=READ),),
          page=GRANTING, told=_told),
    Doing("decline", say("Decline"), say("The other state does not send it; it may ask again."),
          DeclineApprovalRequest, sealed(approval_decisions.decline), Permission.TRACE_APPROVE,
          ("asked",),
          (Field("text", say("Reason"), "area", required=True, most=2000, hint=READ),),
          is_grave=True, page=GRANTING, told=_told),
)  # fmt: skip
DONE = {
    "grant": say("The asking state is told that you approved."),
    "decline": say("The asking state is told that you declined."),
}


@blueprint.get("/approvals")
@signed_in
def approvals(actor: Actor) -> str:
    """Show what waits of the own state, and what other states ask to be approved, newest first."""
    asked = listing.asked(ApprovalQuery)
    page = reading.list_approvals(actor, asked.filters, listing.LIMIT, asked.cursor)
    own = traces.waiting_here(actor, listing.LIMIT) if asked.cursor is None else ()
    return render_template(
        "console/approvals.html", actor=actor, page=page, own=own, onward=listing.address(page.next),
        zone=zone_of(actor),
    )  # fmt: skip


@blueprint.get("/approvals/<uuid:approval_id>")
@signed_in
def approval(actor: Actor, approval_id: UUID) -> str:
    """Show the little of a trace by which a second person decides."""
    subject = subject_of(actor, approval_id)
    return render_template(
        "console/approval.html", actor=actor, subject=subject,
        approval=ApprovalResponse().dump(subject.view), zone=zone_of(actor),
        doings=doings.offered(DOINGS, actor, subject),
        done=DONE.get(request.args.get("done", "")),
    )  # fmt: skip


def subject_of(actor: Actor, approval_id: UUID) -> Subject:
    """Return it as the pages of its doings show it."""
    row = reading.get_approval(actor, approval_id)
    state = label("state", row.asking_state, actor.language)
    title = say("Trace of {state} to approve, case {number}", state=state, number=row.case_number)
    return Subject(
        row, translate(title), url_for("console.approval", approval_id=row.id), row.owner_state,
        row.status, "approval_status", ("console.approvals", say("Traces to approve")),
    )  # fmt: skip


@blueprint.get("/approvals/<uuid:approval_id>/<slug:name>")
@signed_in
def decision_form(actor: Actor, approval_id: UUID, name: str) -> Any:
    """Show the form of a decision."""
    return doings.open_form(actor, doings.named(DOINGS, name), subject_of, approval_id)


@blueprint.post("/approvals/<uuid:approval_id>/<slug:name>")
@sender
def decide(actor: Actor, approval_id: UUID, name: str) -> Any:
    """Decide, and show it."""
    doing = doings.named(DOINGS, name)
    return doings.take_form(actor, doing, subject_of, approval_id, "approval_id")
