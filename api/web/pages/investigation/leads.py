"""List of leads, a lead with its graph.

Own records by default; foreign records for a typed purpose and case.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template

from api.schemas.records import LeadQuery, LeadResponse
from api.web import choices, formatting, listing
from api.web.access import login_required, login_required_for_form
from api.web.blueprints import investigation_pages
from api.web.charts import draw_lead
from api.web.forms import Form
from api.web.pages.investigation import purposes
from salsa_ext.access.permissions import Permission
from salsa_ext.access.rules import require
from salsa_ext.core.actor import Actor
from salsa_ext.core.errors import NotFound
from salsa_ext.leads import queries as lead_queries


@investigation_pages.get("/leads")
@login_required
def lead_list(actor: Actor) -> str:
    """List leads of own records, strongest first."""
    return _render_list(actor, purposes.purpose_form())


@investigation_pages.post("/leads")
@login_required_for_form
def lead_list_with_purpose(actor: Actor) -> Any:
    """List leads including foreign records for the typed purpose."""
    require(actor, Permission.LEAD_READ)
    return purposes.render_with_purpose(actor, _render_list, lambda form: _render_list(actor, form))


def _render_list(actor: Actor, form: Form | None = None) -> str:
    asked = listing.read_filters(LeadQuery)
    page = lead_queries.list_leads(
        actor=actor, filters=asked.filters, limit=listing.PAGE_SIZE, cursor=asked.cursor
    )
    return render_template(
        "investigation/leads.html",
        actor=actor,
        filters=asked.form,
        form=form,
        choices=choices,
        leads=LeadResponse(many=True).dump(page.items),
        onward=listing.next_page_address(page.next) if form else None,
        is_more=page.next is not None,
    )


@investigation_pages.get("/leads/<uuid:lead_id>")
@login_required
def lead_page(actor: Actor, lead_id: UUID) -> str:
    """Show a lead; ask for a purpose if own records are insufficient."""
    try:
        return _render_lead(actor, lead_id, purposes.purpose_form())
    except NotFound:
        return _render_purpose_form(actor, lead_id, purposes.purpose_form())


@investigation_pages.post("/leads/<uuid:lead_id>")
@login_required_for_form
def lead_with_purpose(actor: Actor, lead_id: UUID) -> Any:
    """Show a lead including foreign records for the typed purpose."""
    require(actor, Permission.LEAD_READ)
    return purposes.render_with_purpose(
        actor,
        lambda reader: _render_lead(reader, lead_id),
        lambda form: _render_purpose_form(actor, lead_id, form),
    )


def _render_lead(actor: Actor, lead_id: UUID, form: Form | None = None) -> str:
    """Render a lead; a form asks for the purpose for foreign records."""
    said = LeadResponse().dump(lead_queries.get_lead(actor=actor, lead_id=lead_id))
    return render_template(
        "investigation/lead.html",
        actor=actor,
        lead=said,
        lead_id=lead_id,
        form=form,
        choices=choices,
        graph=draw_lead(formatting.label("lead_kind", said["kind"]), said),
    )


def _render_purpose_form(actor: Actor, lead_id: UUID, form: Form) -> str:
    return render_template(
        "investigation/lead.html", actor=actor, lead_id=lead_id, form=form, choices=choices
    )
