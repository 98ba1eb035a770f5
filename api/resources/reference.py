"""Reference data: states, makes, calibres, types, offences, agencies, contacts."""

from __future__ import annotations

from api.resource import Resource
from api.schemas.checks import ContactResponse
from api.schemas.reference import (
    AgencyQuery,
    AgencyResponse,
    CalibreResponse,
    ContactQuery,
    MakeResponse,
    NameQuery,
    OffenceQuery,
    OffenceResponse,
    StateQuery,
    StateResponse,
    TypeResponse,
)
from api.pagination import ListQuery
from salsa_ext.readmodels import contacts, reference

blueprint = Resource("reference", "Reference data, with names in four languages")
blueprint.listing("/states", StateQuery, StateResponse, reference.list_states)
blueprint.listing("/makes", NameQuery, MakeResponse, reference.list_makes)
blueprint.listing("/calibres", NameQuery, CalibreResponse, reference.list_calibres)
blueprint.listing("/types", ListQuery, TypeResponse, reference.list_types)
blueprint.listing("/offences", OffenceQuery, OffenceResponse, reference.list_offences)
blueprint.listing("/agencies", AgencyQuery, AgencyResponse, contacts.list_agencies)
blueprint.listing("/contacts", ContactQuery, ContactResponse, contacts.list_contacts)
