"""Routes of records, guns, consents to further use, matches and leads."""

from datetime import datetime
from typing import Any
from uuid import UUID

from api.http.resource import Item, Resource
from api.schemas.common import AsOfQuery
from api.schemas.records import (
    ConsentGrantRequest,
    ConsentQuery,
    ConsentRefusalRequest,
    ConsentRequest,
    ConsentResponse,
    DisclosureQuery,
    DisclosureResponse,
    GunResponse,
    LeadQuery,
    LeadResponse,
    MatchConfirmRequest,
    MatchQuery,
    MatchRejectRequest,
    MatchResponse,
    RecordResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration.audit import list_disclosures
from salsa_ext.core.actor import Actor
from salsa_ext.database.paging import Page
from salsa_ext.disclosure import consents, disclosures
from salsa_ext.disclosure.disclosures import Disclosure
from salsa_ext.guns import queries as gun_queries
from salsa_ext.guns.queries import GunView
from salsa_ext.leads import queries as lead_queries
from salsa_ext.leads.queries import LeadView
from salsa_ext.matches import commands as match_commands
from salsa_ext.matches import queries as match_queries

RECORD = "/records/<uuid:record_id>"
CONSENT = "/consents/<uuid:consent_id>"
MATCH = "/matches/<uuid:match_id>"

blueprint = Resource("records", "What one state recorded of one gun on one occasion")


def get_record(actor: Actor, record_id: UUID, as_of: datetime | None = None) -> Disclosure:
    """Return a record; another state's needs Salsa-Purpose and Salsa-Case."""
    return disclosures.read_record(actor=actor, record_id=record_id, as_of=as_of)


blueprint.reading(RECORD, RecordResponse, get_record, Permission.RECORD_READ, AsOfQuery)
blueprint.listing(
    f"{RECORD}/disclosures",
    DisclosureQuery,
    DisclosureResponse,
    list_disclosures,
    Permission.DISCLOSURE_READ,
    name="list_record_disclosures",
)

guns_blueprint = Resource(
    "guns", "The records that are of one gun, as far as the caller may see them"
)


def get_gun(actor: Actor, record_id: UUID) -> GunView:
    """Return the gun of a record; other states' records need Salsa-Purpose and Salsa-Case."""
    return gun_queries.get_gun(actor=actor, record_id=record_id)


guns_blueprint.reading("/guns/<uuid:record_id>", GunResponse, get_gun, Permission.RECORD_READ)

consents_blueprint = Resource(
    "consents",
    "What the origin of a record allows another state to do with it",
    Item(ConsentResponse, consents.load_consent, consents.current_version),
)
consents_blueprint.listing(
    "/consents", ConsentQuery, ConsentResponse, consents.list_consents, Permission.CONSENT_READ
)
consents_blueprint.reading(CONSENT, ConsentResponse, consents.get_consent, Permission.CONSENT_READ)
consents_blueprint.action(
    "/consents",
    ConsentRequest,
    consents.request_consent,
    Permission.CONSENT_ASK,
    "Ask the origin for a use of a record, or notify compulsion.",
    name="create_consent",
    location="/consents/{id}",
)
consents_blueprint.action(
    f"{CONSENT}/grant",
    ConsentGrantRequest,
    consents.grant,
    Permission.CONSENT_DECIDE,
    "Grant a use of your state's record until a day.",
)
consents_blueprint.action(
    f"{CONSENT}/refuse",
    ConsentRefusalRequest,
    consents.refuse,
    Permission.CONSENT_DECIDE,
    "Refuse a use of your state's record, with the reason.",
)
consents_blueprint.action(
    f"{CONSENT}/revoke",
    ConsentRefusalRequest,
    consents.revoke,
    Permission.CONSENT_DECIDE,
    "Revoke a consent, with the reason.",
)

matches_blueprint = Resource(
    "matches",
    "Records that may be of one gun, for each state to judge",
    Item(MatchResponse, match_queries.read_match, match_queries.current_version),
)
matches_blueprint.listing(
    "/matches", MatchQuery, MatchResponse, match_queries.list_matches, Permission.MATCH_READ
)
matches_blueprint.reading(MATCH, MatchResponse, match_queries.get_match, Permission.MATCH_READ)
matches_blueprint.action(
    f"{MATCH}/confirm",
    MatchConfirmRequest,
    match_commands.confirm_match,
    Permission.MATCH_DECIDE,
    "Confirm for your state that both records are of one gun.",
)
matches_blueprint.action(
    f"{MATCH}/reject",
    MatchRejectRequest,
    match_commands.reject_match,
    Permission.MATCH_DECIDE,
    "Reject for your state that both records are of one gun.",
)

leads_blueprint = Resource("leads", "Common traits of seized guns, the most significant first")


def list_leads(
    actor: Actor, filters: dict[str, Any], limit: int, cursor: str | None
) -> Page[LeadView]:
    """Return a page of leads; with Salsa-Purpose over other states' records."""
    return lead_queries.list_leads(actor=actor, filters=filters, limit=limit, cursor=cursor)


def get_lead(actor: Actor, lead_id: UUID) -> LeadView:
    """Return a lead with its guns; other states' records need Salsa-Purpose."""
    return lead_queries.get_lead(actor=actor, lead_id=lead_id)


leads_blueprint.listing("/leads", LeadQuery, LeadResponse, list_leads, Permission.LEAD_READ)
leads_blueprint.reading("/leads/<uuid:lead_id>", LeadResponse, get_lead, Permission.LEAD_READ)
