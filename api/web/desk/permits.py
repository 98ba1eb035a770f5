"""Permits on the desk: the list, and one with its standing, balance, counterparts and shipments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request

from api.schemas.permits import PermitQuery
from api.web.access import signed_in
from api.web.desk import changes, choices, discrepancies, doings, listing
from api.web.desk.blueprint import blueprint
from salsa_ext.errors import say
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import finding, shipments
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels.days import zone_of
from salsa_ext.readmodels.remarks import Remark, on_rows
from salsa_ext.values.actor import Actor

UNDER = 50
DONE = changes.DONE | {"issued": say("The document is issued.")}


@blueprint.get("/permits")
@signed_in
def permits(actor: Actor) -> str:
    """Show the permits that concern the state, newest first, by the filters of the address."""
    asked = listing.asked(PermitQuery)
    page = reading.list_permits(actor, asked.filters, listing.LIMIT, asked.cursor)
    return render_template(
        "desk/permits.html", actor=actor, form=asked.form, page=page, choices=choices,
        onward=listing.address(page.next), states=choices.states(),
    )  # fmt: skip


@blueprint.get("/permits/<uuid:permit_id>")
@signed_in
def permit(actor: Actor, permit_id: UUID) -> str:
    """Show one permit."""
    view = reading.get_permit(actor, permit_id)
    under: Any = ()
    subject = changes.as_subject(actor, view)
    if view.permit.kind == "export" and Permission.SHIPMENT_READ in actor.permissions:
        under = shipments.list_of_permit(actor, {}, UNDER, None, permit_id).items
    return render_template(
        "desk/permit.html", actor=actor, view=view, permit=view.permit, under=under, most=UNDER,
        related=finding.related(actor, view.permit), done=DONE.get(request.args.get("done", "")),
        zone=zone_of(actor),
        now=actor.now(), doings=doings.offered(changes.DOINGS, actor, subject), subject=subject,
        doubts=discrepancies.about(actor, permit_id), remarks=_remarks(actor, view),
    )  # fmt: skip


def _remarks(actor: Actor, view: reading.PermitView) -> list[Remark]:
    """Return the words of the own permit's lines that nobody knows."""
    if view.permit.owner_state != actor.state:
        return []
    return on_rows(((f"lines.{line.line}", line) for line in view.lines), actor.language)
