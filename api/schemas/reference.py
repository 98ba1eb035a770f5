"""Schemas of reference data: states, posts, names, agencies, contacts."""

from typing import Any

from flask import g
from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import (
    Code,
    Day,
    Flag,
    Line,
    PostCode,
    QueryFlag,
    StateCode,
    Text,
    Whole,
)
from api.http.fields.schemas import Items, RequestSchema, ViewResponse, repeats
from api.http.pagination import ListQuery
from api.schemas.common import row_fields
from salsa_ext.administration.agencies import AgencyChange, AgencyData, ContactData
from salsa_ext.core import codes
from salsa_ext.reference.participation.rules import Declaration


class ContactRequest(RequestSchema):
    """New contact point with telephone or e-mail; never a person."""

    value = ContactData
    agency = Line(most=100, required=True)
    kind = Code(codes.CONTACT_KINDS, required=True)
    languages = Items(Text(most=3), most=20, required=True)
    hours = Line(most=100, required=True)
    telephone = Line(most=50)
    email = Line(most=200)
    address = Line(most=300)
    ori = Line(most=9)
    mou_user = Line(most=100)


@repeats(ContactRequest, "mou_user")
class ContactResponse(Schema):
    """Contact point of a state."""

    state = StateCode(attribute="owner_state", required=True)


class RegisteredContactResponse(ContactResponse):
    """Contact point as it is registered; `mou_user` of your own state alone."""

    id = fields.UUID(required=True)
    mou_user = fields.String(required=True, allow_none=True)

    @pre_dump
    def _present(self, row: Any, **_: Any) -> dict[str, Any]:
        is_own = row.owner_state == g.actor.state
        return row_fields(row) | {"mou_user": row.mou_user if is_own else None}


class ParticipationRequest(RequestSchema):
    """What your state declares of one register, in place of what it declared before."""

    value = Declaration
    register = Code(codes.REGISTERS, required=True)
    mode = Code(codes.REGISTER_MODES, required=True)
    since = Day(required=True)
    until = Day()
    complete = Flag()
    makes = Items(Line(most=100), most=200)
    year_from = Whole(least=1800, most=2200)
    year_to = Whole(least=1800, most=2200)


@repeats(ParticipationRequest)
class ParticipationResponse(ViewResponse):
    """What a state declares of one register, as one version."""

    row = "row"
    state = StateCode(attribute="owner_state", required=True)
    version = fields.Integer(required=True)
    in_force = fields.Boolean(required=True)
    declared_at = fields.DateTime(required=True)


class NamedResponse(ViewResponse):
    """A code with its name in the caller's language."""

    row = "row"
    code = fields.String(required=True)
    name = fields.String(required=True)


class StateResponse(NamedResponse):
    """State with its flags; a former one with its last day."""

    alpha2 = fields.String(allow_none=True)
    valid_from = fields.Date(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    successors = fields.List(StateCode())
    is_oas_member = fields.Boolean(required=True)
    is_cifta_party = fields.Boolean(required=True)
    is_cifta_signatory_only = fields.Boolean(required=True)
    is_participant = fields.Boolean(required=True)


OFFENCE_KINDS = ("crime_context", "legal_ground", "illicit_reason")


class OffenceResponse(NamedResponse):
    """Crime context, legal ground or reason of illicitness."""

    kind = Code(OFFENCE_KINDS, required=True)
    iccs = fields.String(allow_none=True)


class PostSideResponse(Schema):
    """One side of a post."""

    state = StateCode(required=True)
    place = fields.String(required=True)
    time_zone = fields.String(required=True)


class PostResponse(Schema):
    """A border post with its two sides; a port, an airport or a mail centre has one."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    radius_km = fields.Integer(required=True)
    sides = fields.List(fields.Nested(PostSideResponse), required=True)

    @pre_dump
    def _present(self, post: Any, **_: Any) -> dict[str, Any]:
        sides = [
            {
                "state": getattr(post, f"state_{letter}"),
                "place": getattr(post, f"place_{letter}"),
                "time_zone": getattr(post, f"zone_{letter}"),
            }
            for letter in ("ab" if post.state_b else "a")
        ]
        return row_fields(post) | {"sides": sides}


class LookupResponse(ViewResponse):
    """Code and name; with `q` also the certainty and its reason.

    Certainty from 0 to 1. `is_certain`: a record with this text would get this code.
    """

    row = "row"
    code = fields.String(required=True)
    name = fields.String(required=True)
    certainty = fields.Float(attribute="confidence", allow_none=True)
    matched_by = fields.String(attribute="how", allow_none=True)
    is_certain = fields.Boolean(allow_none=True)


class TypeResponse(LookupResponse):
    """A type of firearm, part or munition."""

    category = Code(codes.CATEGORIES, required=True)
    hs = fields.String(allow_none=True)
    iafq = fields.String(required=True)
    ncic = fields.String(allow_none=True)


class MakeResponse(LookupResponse):
    """Manufacturer, brand with its parent, or importer."""

    country = StateCode(required=True)
    parent = fields.String(allow_none=True)
    kind = fields.String(required=True)


class CalibreResponse(LookupResponse):
    """Calibre; one family is interchangeable, a related one is fired alike."""

    family = fields.String(required=True)
    kind = fields.String(required=True)
    related = fields.String(allow_none=True)


class AgencyRequest(RequestSchema):
    """New agency; its code begins with the state's, such as PRY-POLICE."""

    value = AgencyData
    code = Line(most=60, required=True)
    kind = Code(codes.AGENCY_KINDS, required=True)
    name = Line(most=200, required=True)
    time_zone = Line(most=100, required=True)
    posts = Items(PostCode(), most=200)


class AgencyChangeRequest(RequestSchema):
    """What may change of an agency."""

    value = AgencyChange
    kind = Code(codes.AGENCY_KINDS, required=True)
    name = Line(most=200, required=True)
    time_zone = Line(most=100, required=True)


@repeats(AgencyRequest, is_complete=True)
class AgencyResponse(Schema):
    """Agency of a state; `posts` are its border posts."""

    id = fields.UUID(required=True)
    state = StateCode(attribute="owner_state", allow_none=True)


class AgencyPostsRequest(RequestSchema):
    """All border posts of an agency."""

    posts = Items(PostCode(), most=200, required=True)


class StateQuery(ListQuery):
    """Filter of states."""

    participant = QueryFlag()


class StateFilterQuery(ListQuery):
    """Filter by state."""

    state = StateCode()


class ParticipationQuery(StateFilterQuery):
    """Filter of participation; `all_versions` adds earlier ones."""

    register = Code(codes.REGISTERS)
    all_versions = QueryFlag()


class ContactQuery(StateFilterQuery):
    """Filter of contacts."""

    kind = Code(codes.CONTACT_KINDS)


class AgencyQuery(StateFilterQuery):
    """Filter of agencies."""

    kind = Code(codes.AGENCY_KINDS)


class NameQuery(ListQuery):
    """Written name or its beginning."""

    q = Text(most=100)


class OffenceQuery(ListQuery):
    """Filter by list."""

    kind = Code(OFFENCE_KINDS)


class TownQuery(ListQuery):
    """Country and name, or the beginning of it."""

    country = StateCode(required=True)
    name = Line(most=100, required=True)


class TownResponse(Schema):
    """Town with its division and the accuracy of its position in kilometres."""

    country = StateCode(required=True)
    name = fields.String(required=True)
    admin1 = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    precision = fields.Float(required=True)
    population = fields.Integer(required=True)
