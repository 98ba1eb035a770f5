"""Leads as pages: what seized guns have in common, with a small graph.

Own records at first; those of other states for a purpose and a case, which the reader types.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template

from api.schemas.leads import LeadQuery, LeadResponse
from api.web import shown
from api.web.access import sender, signed_in
from api.web.console.blueprint import blueprint
from api.web.console.drawing import graph
from api.web.desk import choices, listing
from api.web.guns import purposes
from api.web.typed import Form
from salsa_ext.errors import NotFound
from salsa_ext.policy.permissions import Permission
from salsa_ext.policy.rules import require
from salsa_ext.services import leads as commands
from salsa_ext.values.actor import Actor


@blueprint.get("/leads")
@signed_in
def leads(actor: Actor) -> str:
    """Show the leads over the own state's records, the strongest first."""
    return _list(actor, purposes.opened())


@blueprint.post("/leads")
@sender
def leads_for(actor: Actor) -> Any:
    """Show them over other states' records too, for the purpose and the case that were typed."""
    require(actor, Permission.LEAD_READ)
    return purposes.read(actor, _list, lambda form: _list(actor, form))


def _list(actor: Actor, form: Form | None = None) -> str:
    asked = listing.asked(LeadQuery)
    page = commands.list_leads(
        actor=actor, filters=asked.filters, limit=listing.LIMIT, cursor=asked.cursor
    )
    return render_template(
        "console/leads.html", actor=actor, filters=asked.form, form=form, choices=choices,
        leads=LeadResponse(many=True).dump(page.items),
        onward=listing.address(page.next) if form else None, is_more=page.next is not None,
    )  # fmt: skip


@blueprint.get("/leads/<uuid:lead_id>")
@signed_in
def lead(actor: Actor, lead_id: UUID) -> str:
    """Show one lead; where the own state's records do not make it, ask what it is read for."""
    try:
        return _page(actor, lead_id, purposes.opened())
    except NotFound:
        return _without(actor, lead_id, purposes.opened())


@blueprint.post("/leads/<uuid:lead_id>")
@sender
def lead_for(actor: Actor, lead_id: UUID) -> Any:
    """Show it over other states' records too, for the purpose and the case that were typed."""
    require(actor, Permission.LEAD_READ)
    return purposes.read(
        actor,
        lambda reader: _page(reader, lead_id),
        lambda form: _without(actor, lead_id, form),
    )


def _page(actor: Actor, lead_id: UUID, form: Form | None = None) -> str:
    """Return the page of a lead; with a form it asks what other states' records are read for."""
    said = LeadResponse().dump(commands.read_lead(actor=actor, lead_id=lead_id))
    return render_template(
        "console/lead.html", actor=actor, lead=said, lead_id=lead_id, form=form, choices=choices,
        graph=graph(shown.label("lead_kind", said["kind"]), said),
    )  # fmt: skip


def _without(actor: Actor, lead_id: UUID, form: Form) -> str:
    return render_template(
        "console/lead.html", actor=actor, lead_id=lead_id, form=form, choices=choices
    )
