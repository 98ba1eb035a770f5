"""Routes of leads: common traits of seized guns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.http.resource import Resource
from api.schemas.leads import LeadQuery, LeadResponse
from salsa_ext.access.permissions import Permission
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.leads import queries as lead_queries
from salsa_ext.leads.queries import LeadView

blueprint = Resource("leads", "What seized guns have in common, the most telling first")


def list_leads(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LeadView]:
    """Return a page of leads; with Salsa-Purpose over other states' records."""
    return lead_queries.list_leads(actor=actor, filters=filters, limit=limit, cursor=cursor)


def get_lead(actor: Actor, lead_id: UUID) -> LeadView:
    """Return a lead with its guns; other states' records need Salsa-Purpose."""
    return lead_queries.get_lead(actor=actor, lead_id=lead_id)


blueprint.listing("/leads", LeadQuery, LeadResponse, list_leads, Permission.LEAD_READ)
blueprint.reading("/leads/<uuid:lead_id>", LeadResponse, get_lead, Permission.LEAD_READ)
