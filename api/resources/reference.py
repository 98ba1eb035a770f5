"""Reference data: states, makes, calibres, types, offences, agencies, contacts."""

from __future__ import annotations

from api.pagination import ListQuery
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
from salsa_ext.policy.permissions import Permission
from salsa_ext.readmodels import contacts, reference

READ = Permission.REFERENCE_READ
blueprint = Resource("reference", "Reference data, with names in four languages")
blueprint.listing("/states", StateQuery, StateResponse, reference.list_states, READ)
blueprint.listing("/makes", NameQuery, MakeResponse, reference.list_makes, READ)
blueprint.listing("/calibres", NameQuery, CalibreResponse, reference.list_calibres, READ)
blueprint.listing("/types", ListQuery, TypeResponse, reference.list_types, READ)
blueprint.listing("/offences", OffenceQuery, OffenceResponse, reference.list_offences, READ)
blueprint.listing("/agencies", AgencyQuery, AgencyResponse, contacts.list_agencies, READ)
blueprint.listing("/contacts", ContactQuery, ContactResponse, contacts.list_contacts, READ)
