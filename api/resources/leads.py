"""Leads: what guns that were seized have in common, for an analyst to follow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api.resource import Resource
from api.schemas.leads import LeadQuery, LeadResponse
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels.pages import Page
from salsa_ext.services import leads
from salsa_ext.services.leads import LeadView
from salsa_ext.values.actor import Actor

blueprint = Resource("leads", "What seized guns have in common, the most telling first")


def _list(actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None) -> Page[LeadView]:
    """Return a page of leads, the strongest first; with Salsa-Purpose, over other states' records too."""
    return leads.list_leads(actor=actor, filters=filters, limit=limit, cursor=cursor)


def _read(actor: Actor, lead_id: UUID) -> LeadView:
    """Return one lead with its guns and their records; one over other states' needs Salsa-Purpose."""
    return leads.read_lead(actor=actor, lead_id=lead_id)


blueprint.listing("/leads", LeadQuery, LeadResponse, _list, Permission.LEAD_READ)
blueprint.reading("/leads/<uuid:lead_id>", LeadResponse, _read, Permission.LEAD_READ)
