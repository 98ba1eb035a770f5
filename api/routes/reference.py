"""Routes of reference data: states, makes, calibres, types, agencies, contacts."""

from typing import Any
from uuid import UUID

from api.http.resource import Resource
from api.schemas.reference import (
    AgencyChangeRequest,
    AgencyPostsRequest,
    AgencyQuery,
    AgencyRequest,
    AgencyResponse,
    CalibreResponse,
    ContactQuery,
    ContactRequest,
    MakeResponse,
    NameQuery,
    OffenceQuery,
    OffenceResponse,
    ParticipationQuery,
    ParticipationRequest,
    ParticipationResponse,
    RegisteredContactResponse,
    StateQuery,
    StateResponse,
    TownQuery,
    TownResponse,
    TypeResponse,
)
from salsa_ext.access.permissions import Permission
from salsa_ext.administration import agencies as administration_agencies
from salsa_ext.administration.agencies import AgencyChange, AgencyData, ContactData
from salsa_ext.core.actor import Actor
from salsa_ext.reference import agencies as reference_agencies
from salsa_ext.reference import gazetteer
from salsa_ext.reference import queries as reference_queries
from salsa_ext.reference.participation import declarations
from salsa_ext.reference.participation.rules import Declaration

READ = Permission.REFERENCE_READ
blueprint = Resource("reference", "Reference data, with names in four languages")
blueprint.listing("/states", StateQuery, StateResponse, reference_queries.list_states, READ)
blueprint.listing("/makes", NameQuery, MakeResponse, reference_queries.list_makes, READ)
blueprint.listing("/calibres", NameQuery, CalibreResponse, reference_queries.list_calibres, READ)
blueprint.listing("/types", NameQuery, TypeResponse, reference_queries.list_types, READ)
blueprint.listing("/offences", OffenceQuery, OffenceResponse, reference_queries.list_offences, READ)
blueprint.listing("/agencies", AgencyQuery, AgencyResponse, reference_agencies.list_agencies, READ)
blueprint.listing("/places", TownQuery, TownResponse, gazetteer.list_places, READ)
blueprint.listing(
    "/contacts", ContactQuery, RegisteredContactResponse, reference_agencies.list_contacts, READ
)
blueprint.listing(
    "/participation",
    ParticipationQuery,
    ParticipationResponse,
    declarations.list_participation,
    READ,
)


@blueprint.posting(
    "/participation", ParticipationRequest, ParticipationResponse, Permission.PARTICIPATION_DECLARE
)
def declare_participation(actor: Actor, data: Declaration) -> Any:
    """Declare a register of your state, or change its declaration."""
    return declarations.read_declaration(actor, declarations.declare(actor=actor, data=data))


@blueprint.posting("/agencies", AgencyRequest, AgencyResponse, Permission.AGENCY_MANAGE)
def create_agency(actor: Actor, data: AgencyData) -> Any:
    """Create an agency of your state."""
    return reference_agencies.read_agency(
        administration_agencies.register_agency(actor=actor, data=data)
    )


@blueprint.posting(
    "/agencies/<string:code>/correct",
    AgencyChangeRequest,
    AgencyResponse,
    Permission.AGENCY_MANAGE,
    status=200,
)
def correct_agency(actor: Actor, data: AgencyChange, code: str) -> Any:
    """Correct the name, kind or time zone of an agency of your state."""
    return reference_agencies.read_agency(
        administration_agencies.correct_agency(actor=actor, code=code, data=data)
    )


@blueprint.posting(
    "/agencies/<string:code>/posts",
    AgencyPostsRequest,
    AgencyResponse,
    Permission.AGENCY_PLACE,
    status=200,
)
def set_agency_posts(actor: Actor, data: dict[str, Any], code: str) -> Any:
    """Set the border posts of an agency; its officers get their calls."""
    return reference_agencies.read_agency(
        administration_agencies.set_agency_posts(actor=actor, code=code, **data)
    )


@blueprint.posting("/contacts", ContactRequest, RegisteredContactResponse, Permission.AGENCY_MANAGE)
def create_contact(actor: Actor, data: ContactData) -> Any:
    """Create a contact point of your state."""
    return reference_agencies.read_contact(
        administration_agencies.add_contact(actor=actor, data=data)
    )


@blueprint.posting(
    "/contacts/<uuid:contact_id>/correct",
    ContactRequest,
    RegisteredContactResponse,
    Permission.AGENCY_MANAGE,
    status=200,
)
def correct_contact(actor: Actor, data: ContactData, contact_id: UUID) -> Any:
    """Replace a contact point of your state; the new one has an id of its own."""
    return reference_agencies.read_contact(
        administration_agencies.correct_contact(actor=actor, contact_id=contact_id, data=data)
    )


@blueprint.posting(
    "/contacts/<uuid:contact_id>/close", None, None, Permission.AGENCY_MANAGE, status=204
)
def close_contact(actor: Actor, contact_id: UUID) -> None:
    """Close a contact point of your state."""
    administration_agencies.close_contact(actor=actor, contact_id=contact_id)
