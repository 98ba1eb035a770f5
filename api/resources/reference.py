"""Reference data: states, makes, calibres, types, offences, agencies, contacts."""

from __future__ import annotations

from typing import Any

from api.resource import Resource
from api.schemas.checks import ContactResponse
from api.schemas.reference import (
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
    PlaceAgencyRequest,
    StateQuery,
    StateResponse,
    TypeResponse,
)
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import contacts, reference
from salsa_ext.services import agencies
from salsa_ext.services.agencies import AgencyData, ContactData
from salsa_ext.values.actor import Actor

READ = Permission.REFERENCE_READ
blueprint = Resource("reference", "Reference data, with names in four languages")
blueprint.listing("/states", StateQuery, StateResponse, reference.list_states, READ)
blueprint.listing("/makes", NameQuery, MakeResponse, reference.list_makes, READ)
blueprint.listing("/calibres", NameQuery, CalibreResponse, reference.list_calibres, READ)
blueprint.listing("/types", NameQuery, TypeResponse, reference.list_types, READ)
blueprint.listing("/offences", OffenceQuery, OffenceResponse, reference.list_offences, READ)
blueprint.listing("/agencies", AgencyQuery, AgencyResponse, contacts.list_agencies, READ)
blueprint.listing("/contacts", ContactQuery, ContactResponse, contacts.list_contacts, READ)


@blueprint.posting("/agencies", AgencyRequest, AgencyResponse, Permission.AGENCY_MANAGE)
def register_agency(actor: Actor, data: AgencyData) -> Any:
    """Register an agency of your state; accounts, permits and seizures name it by its code."""
    return contacts.read_agency(agencies.register(actor=actor, data=data))


@blueprint.posting(
    "/agencies/place", PlaceAgencyRequest, AgencyResponse, Permission.AGENCY_PLACE, status=200
)
def place_agency(actor: Actor, data: dict[str, Any]) -> Any:
    """Say at which border posts an agency stands: calls of the other sides are told to its officers."""
    return contacts.read_agency(agencies.place(actor=actor, **data))


@blueprint.posting("/contacts", ContactRequest, ContactResponse, Permission.AGENCY_MANAGE)
def add_contact(actor: Actor, data: ContactData) -> Any:
    """Register an office of your state, for others to call."""
    return contacts.read_contact(agencies.add_contact(actor=actor, data=data))
