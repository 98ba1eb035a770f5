"""Reference data, figures, boards and the running of the service over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.pagination import ListQuery
from api.schemas.common import columns
from api.schemas.fields import (
    Code,
    Items,
    Line,
    PostCode,
    QueryFlag,
    RequestSchema,
    StateCode,
    Text,
)
from salsa_ext.readmodels.asked import Asked
from salsa_ext.readmodels.reference import Named
from salsa_ext.services.agencies import AgencyData, ContactData
from salsa_ext.values import codes


class NamedResponse(Schema):
    """A code with its name in the caller's language."""

    code = fields.String(required=True)
    name = fields.String(required=True)

    @pre_dump
    def _present(self, named: Named, **_: Any) -> dict[str, Any]:
        return columns(named.row) | {"name": named.name}


class StateResponse(NamedResponse):
    """A state with its four flags; a former one with its last day."""

    alpha2 = fields.String(allow_none=True)
    valid_from = fields.Date(allow_none=True)
    valid_to = fields.Date(allow_none=True)
    successors = fields.List(fields.String())
    is_oas_member = fields.Boolean(required=True)
    is_cifta_party = fields.Boolean(required=True)
    is_cifta_signatory_only = fields.Boolean(required=True)
    is_participant = fields.Boolean(required=True)


class OffenceResponse(NamedResponse):
    """A criminal context, legal ground or reason of illicitness."""

    kind = fields.String(required=True)
    iccs = fields.String(allow_none=True)


class SideResponse(Schema):
    """One side of a post."""

    state = fields.String(required=True)
    place = fields.String(required=True)
    time_zone = fields.String(required=True)


class PostResponse(Schema):
    """A border post with its two sides."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    radius_km = fields.Integer(required=True)
    sides = fields.List(fields.Nested(SideResponse), required=True)

    @pre_dump
    def _present(self, post: Any, **_: Any) -> dict[str, Any]:
        sides = [
            {"state": getattr(post, f"state_{side}"), "place": getattr(post, f"place_{side}"),
             "time_zone": getattr(post, f"zone_{side}")}
            for side in "ab"
        ]  # fmt: skip
        return columns(post) | {"sides": sides}


class AskedResponse(Schema):
    """A code with its name; with `q` how sure it is that the text means it, from 0 to 1, and why.

    What is certain is what a record of this text would have as its code.
    """

    code = fields.String(required=True)
    name = fields.String(required=True)
    sureness = fields.Float(allow_none=True)
    how = fields.String(allow_none=True)
    is_certain = fields.Boolean(allow_none=True)

    @pre_dump
    def _present(self, asked: Asked, **_: Any) -> dict[str, Any]:
        return columns(asked.row) | {
            name: getattr(asked, name) for name in ("name", "sureness", "how", "is_certain")
        }


class TypeResponse(AskedResponse):
    """A type of firearm, part or munition."""

    category = fields.String(required=True)
    hs = fields.String(allow_none=True)
    iafq = fields.String(required=True)
    ncic = fields.String(allow_none=True)


class MakeResponse(AskedResponse):
    """A maker or a brand with its parent, or an importer: no maker, though guns bear its name."""

    country = fields.String(required=True)
    parent = fields.String(allow_none=True)
    kind = fields.String(required=True)


class CalibreResponse(AskedResponse):
    """A calibre; those of one family are taken for each other, a related one is fired alike."""

    family = fields.String(required=True)
    kind = fields.String(required=True)
    related = fields.String(allow_none=True)


class AgencyResponse(Schema):
    """An authority of a state; `posts` are the border posts at which it stands."""

    code = fields.String(required=True)
    state = fields.String(attribute="owner_state", allow_none=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    time_zone = fields.String(required=True)
    posts = fields.List(fields.String(), required=True)


class AgencyRequest(RequestSchema):
    """An authority of the own state; its code begins with the state's, such as PRY-POLICE."""

    value = AgencyData
    code = Line(most=60, required=True)
    kind = Code(codes.AGENCY_KINDS, required=True)
    name = Line(most=200, required=True)
    time_zone = Line(most=100, required=True)
    posts = Items(PostCode(), most=200)


class PlaceAgencyRequest(RequestSchema):
    """An agency of the own state, and all border posts at which it stands."""

    code = Line(most=60, required=True)
    posts = Items(PostCode(), most=200, required=True)


class ContactRequest(RequestSchema):
    """An office to call, never a person, by telephone or e-mail."""

    value = ContactData
    agency = Line(most=100, required=True)
    kind = Code(codes.CONTACT_KINDS, required=True)
    languages = Items(Text(most=3), most=20, required=True)
    hours = Line(most=100, required=True)
    telephone = Line(most=50)
    email = Line(most=200)


class StateQuery(ListQuery):
    """Which states."""

    participant = QueryFlag()


class OfStateQuery(ListQuery):
    """Whose."""

    state = StateCode()


class ContactQuery(OfStateQuery):
    """Which contacts."""

    kind = Code(codes.CONTACT_KINDS)


class AgencyQuery(OfStateQuery):
    """Which agencies."""

    kind = Code(codes.AGENCY_KINDS)


class NameQuery(ListQuery):
    """What somebody wrote, or how it begins."""

    q = Text(most=100)


class OffenceQuery(ListQuery):
    """Which list."""

    kind = Code(("crime_context", "legal_ground", "illicit_reason"))
