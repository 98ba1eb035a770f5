"""Permits on the desk: the list, and one with its standing, balance, counterparts and shipments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request

from api.schemas.permits import PermitQuery
from api.web.access import signed_in
from api.web.desk import choices, listing
from api.web.desk.blueprint import blueprint
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import finding, shipments
from salsa_ext.readmodels import permits as reading
from salsa_ext.readmodels.days import days
from salsa_ext.values.actor import Actor

UNDER = 50


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
    return permit_page(actor, permit_id)


def permit_page(actor: Actor, permit_id: UUID, **more: Any) -> str:
    """Return the page of one permit, with the form of an action where one was refused."""
    view = reading.get_permit(actor, permit_id)
    under: Any = ()
    if view.permit.kind == "export" and Permission.SHIPMENT_READ in actor.permissions:
        under = shipments.list_of_permit(actor, {}, UNDER, None, permit_id).items
    return render_template(
        "desk/permit.html", actor=actor, view=view, permit=view.permit, under=under, most=UNDER,
        related=finding.related(actor, view.permit), done=request.args.get("done"),
        zone=days(actor).zone(actor.state or ""), now=actor.now(), **more,
    )  # fmt: skip
