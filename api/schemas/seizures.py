"""Seizures over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, pre_dump, validate

from api.pagination import ListQuery
from api.schemas.checks import CandidateResponse
from api.schemas.common import (
    CorrectionRequest,
    FirearmRequest,
    ItemResponse,
    MarkRequest,
    OccurringRequest,
    PlaceRequest,
    PlaceResponse,
    ReferenceRequest,
    VersionedResponse,
    columns,
    items,
    remarked,
    shared,
)
from api.schemas.fields import (
    Code,
    Day,
    Items,
    Nested,
    PostCode,
    Quantity,
    RequestSchema,
    StateCode,
    Text,
    Whole,
)
from salsa_ext.readmodels.documents import DocumentView
from salsa_ext.services.matches import Matched
from salsa_ext.values import codes
from salsa_ext.values.documents import SeizureData

DESCRIBING = ("setting", "organized_crime", "concealment", "transport", "route", "found_with",
              "joint_with", "related")  # fmt: skip
OF_GROUPS = {
    "place": ("post", "setting", "route"),
    "remarks": ("organized_crime", "concealment", "found_with", "joint_with", "joint", "related"),
}
"""Which fields of a seizure are of which field group, beside its place and its items."""


class SeizedItemRequest(FirearmRequest):
    """One gun, part or lot that was seized."""

    line = Whole(least=1, most=1_000_000, required=True)


class OrganizedCrimeRequest(RequestSchema):
    """How the seizure is tied to organized crime."""

    linked = Code(codes.LINKS, required=True)
    relation = Code(codes.RELATIONS)
    basis = Code(codes.BASES)
    group = Text()


class RouteRequest(RequestSchema):
    """The route that the guns took, as far as it is known."""

    departure = StateCode()
    transit = Items(StateCode(), most=20, load_default=())
    destination = StateCode()


class FoundWithRequest(RequestSchema):
    """What was found beside the guns."""

    kind = Text(most=100, required=True)
    quantity = Quantity()
    unit = Text(most=30)


class RelatedRequest(RequestSchema):
    """Another case that this one belongs to."""

    state = StateCode(required=True)
    case_number = Text(most=100, required=True)
    relation = Text(most=100, required=True)


class SeizureRequest(OccurringRequest):
    """Firearms seized, found or surrendered on one occasion."""

    number = Text(most=100, required=True)
    kind = Code(codes.SEIZURE_KINDS, required=True)
    agency = Text(most=100, required=True)
    place = Nested(PlaceRequest, required=True)
    post = PostCode()
    setting = Code(codes.SETTINGS)
    legal_grounds = Items(Code(codes.LEGAL_GROUNDS), most=10, required=True)
    crime_context = Items(Code(codes.CRIME_CONTEXTS), most=20, required=True)
    organized_crime = Nested(OrganizedCrimeRequest)
    concealment = Text(most=500)
    transport = Code(codes.TRANSPORTS)
    route = Nested(RouteRequest)
    found_with = Items(Nested(FoundWithRequest), most=50)
    joint_with = Nested(ReferenceRequest)
    related = Items(Nested(RelatedRequest), most=50)
    items = Items(Nested(SeizedItemRequest), most=1000, required=True)

    def make(self, data: dict[str, Any]) -> Any:
        """Return the seizure; what only describes it stays together."""
        details = {name: _plain(data.pop(name)) for name in DESCRIBING if name in data}
        return SeizureData(**data, details=details)


class SeizureCorrection(CorrectionRequest, SeizureRequest):
    """A seizure as it should have been, with all items, and why."""


class GunCorrection(RequestSchema):
    """How one gun of a seizure should have been described, and why."""

    firearm = Nested(FirearmRequest, required=True)
    reason = Text(most=500, required=True)


class AddedMarkRequest(MarkRequest):
    """A mark that was found or restored on a seized gun, by which method, and why it is added.

    What is brought back by chemicals, magnetism or X-rays is restored where nothing else is said.
    """

    method = Code(codes.MARK_METHODS, required=True)
    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the mark and the reason."""
        reason = data.pop("reason")
        if data["method"] != "visual":
            data.setdefault("condition", "restored")
        return super().build(data), reason


class ItemMatchesResponse(Schema):
    """The records that one item may be the same gun as.

    Where `later`, as from the 21st item, it is matched right afterwards: see `GET /matches?record=`.
    `more` is how many others fit less well: `POST /checks` lists them with `every`.
    """

    line = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(CandidateResponse), required=True)
    later = fields.Boolean(attribute="is_later", required=True)
    more = fields.Integer(required=True)


class JointResponse(Schema):
    """What a seizure is joint with: `joined` where each of the two states names the other's seizure.

    Else it is `waiting`: the other state recorded none of this number yet, or none that names yours
    back. `recorded_at` is when the other state did.
    """

    state = fields.String(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("joined", "waiting")))
    seizure = fields.UUID(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True, allow_none=True)


class SeizureResponse(VersionedResponse):
    """One version of a seizure."""

    number = fields.String(required=True)
    kind = fields.String(required=True)
    agency = fields.String(required=True)
    place = fields.Nested(PlaceResponse, required=True)
    post = fields.String(allow_none=True)
    legal_grounds = fields.List(fields.String(), required=True)
    crime_context = fields.List(fields.String(), required=True)
    setting = fields.String(allow_none=True)
    organized_crime = fields.Dict(allow_none=True)
    concealment = fields.String(allow_none=True)
    transport = fields.String(allow_none=True)
    route = fields.Dict(allow_none=True)
    found_with = fields.List(fields.Dict(), allow_none=True)
    joint_with = fields.Dict(allow_none=True)
    joint = fields.Nested(JointResponse, allow_none=True)
    related = fields.List(fields.Dict(), allow_none=True)
    items = fields.List(fields.Nested(ItemResponse), required=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        return present(view)


class SeizureMatchedResponse(SeizureResponse):
    """A seizure that was just recorded, with what it matches."""

    matches = fields.List(fields.Nested(ItemMatchesResponse), required=True)

    @pre_dump
    def _present(self, answer: Matched, **_: Any) -> dict[str, Any]:
        return present(answer.view) | {"matches": answer.matches}


class SeizureQuery(ListQuery):
    """Which seizures."""

    kind = Code(codes.SEIZURE_KINDS)
    number = Text(most=100)
    occurred_on = Day()
    post = PostCode()


def present(view: DocumentView) -> dict[str, Any]:
    """Return the fields of a seizure."""
    row = view.document
    kept = {name for group, names in OF_GROUPS.items() if not view.may(group) for name in names}
    details = {name: row.details.get(name) for name in DESCRIBING}
    shown = columns(row) | remarked(view) | shared(view) | details | _place(view)
    shown |= {"joint": view.joint}
    return shown | dict.fromkeys(kept) | {"items": items(view.items)}


def _place(view: DocumentView) -> dict[str, Any]:
    """Return where it was; the country alone, where the reader is not given the place."""
    row = view.document
    if not view.may("place"):
        return {"place": {"country": row.country}}
    names = ("country", "admin1", "latitude", "longitude", "precision")
    return {"place": {name: getattr(row, name) for name in names} | {"name": row.place_name}}


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    return dict(vars(value)) if hasattr(value, "__dict__") else value
