"""Schemas of seizures."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.codes import Code, PostCode, StateCode
from api.http.fields.numbers import Quantity, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.checks import CandidateResponse
from api.schemas.common import (
    CorrectionRequest,
    DatedRequest,
    FirearmRequest,
    ItemResponse,
    MarkRequest,
    PlaceRequest,
    PlaceResponse,
    ReferenceRequest,
    VersionedResponse,
    present_document_sharing,
    present_items,
    present_remarks,
    row_fields,
)
from salsa_ext.core import codes
from salsa_ext.documents.queries import DocumentView, MatchedDocument
from salsa_ext.documents.values import SeizureData

DETAIL_FIELDS = (
    "setting",
    "organized_crime",
    "concealment",
    "transport",
    "route",
    "found_with",
    "joint_with",
    "related",
)
FIELD_GROUPS = {
    "place": ("post", "setting", "route"),
    "remarks": ("organized_crime", "concealment", "found_with", "joint_with", "joint", "related"),
}
"""Fields of a seizure by field group, without its place and its items."""


class SeizedItemRequest(FirearmRequest):
    """Seized gun, part or lot."""

    line = Whole(least=1, most=1_000_000, required=True)


class OrganizedCrimeRequest(RequestSchema):
    """Link of the seizure to organized crime."""

    linked = Code(codes.CRIME_LINKS, required=True)
    relation = Code(codes.CRIME_RELATIONS)
    basis = Code(codes.CRIME_LINK_BASES)
    group = Text()


class RouteRequest(RequestSchema):
    """Known route of the guns."""

    departure = StateCode()
    transit = Items(StateCode(), most=20, load_default=())
    destination = StateCode()


class FoundWithRequest(RequestSchema):
    """Other goods found with the guns."""

    kind = Text(most=100, required=True)
    quantity = Quantity()
    unit = Text(most=30)


class RelatedCaseRequest(RequestSchema):
    """Related case."""

    state = StateCode(required=True)
    case_number = Text(most=100, required=True)
    relation = Text(most=100, required=True)


class SeizureRequest(DatedRequest):
    """Firearms seized, found or surrendered on one occasion."""

    number = Text(most=100, required=True)
    kind = Code(codes.SEIZURE_KINDS, required=True)
    agency = Text(most=100, required=True)
    place = Nested(PlaceRequest, required=True)
    post = PostCode()
    setting = Code(codes.SEIZURE_SETTINGS)
    legal_grounds = Items(Code(codes.LEGAL_GROUNDS), most=10, required=True)
    crime_context = Items(Code(codes.CRIME_CONTEXTS), most=20, required=True)
    organized_crime = Nested(OrganizedCrimeRequest)
    concealment = Text(most=500)
    transport = Code(codes.SEIZURE_TRANSPORTS)
    route = Nested(RouteRequest)
    found_with = Items(Nested(FoundWithRequest), most=50)
    joint_with = Nested(ReferenceRequest)
    related = Items(Nested(RelatedCaseRequest), most=50)
    items = Items(Nested(SeizedItemRequest), most=1000, required=True)

    def make(self, data: dict[str, Any]) -> Any:
        """Return the seizure; descriptive fields become its details."""
        details = {name: _to_json(data.pop(name)) for name in DETAIL_FIELDS if name in data}
        return SeizureData(**data, details=details)


class SeizureCorrectionRequest(CorrectionRequest, SeizureRequest):
    """Corrected seizure with all items, and the reason."""


class GunCorrectionRequest(RequestSchema):
    """Corrected description of one gun, and the reason."""

    firearm = Nested(FirearmRequest, required=True)
    reason = Text(most=500, required=True)


class AddedMarkRequest(MarkRequest):
    """Mark found or restored on a seized gun, with method and reason.

    Other methods than `visual` imply the condition `restored` by default.
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
    """Records that may be the same gun as an item.

    `later`: from the 21st item on, matched after the response. `more` counts weaker matches not
    listed.
    """

    line = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(CandidateResponse), required=True)
    later = fields.Boolean(attribute="is_pending", required=True)
    more = fields.Integer(required=True)


class JointSeizureResponse(Schema):
    """Joint seizure of another state: `joined` if both name each other.

    Else `waiting`. `recorded_at`: when the other state recorded its seizure.
    """

    state = StateCode(required=True)
    number = fields.String(required=True)
    status = Code(("joined", "waiting"), required=True)
    seizure = fields.UUID(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True, allow_none=True)


class SeizureResponse(VersionedResponse):
    """One version of a seizure."""

    number = fields.String(required=True)
    kind = Code(codes.SEIZURE_KINDS, required=True)
    agency = fields.String(required=True)
    place = fields.Nested(PlaceResponse, required=True)
    post = fields.String(allow_none=True)
    legal_grounds = fields.List(Code(codes.LEGAL_GROUNDS), required=True)
    crime_context = fields.List(Code(codes.CRIME_CONTEXTS), required=True)
    setting = Code(codes.SEIZURE_SETTINGS, allow_none=True)
    organized_crime = fields.Dict(allow_none=True)
    concealment = fields.String(allow_none=True)
    transport = Code(codes.SEIZURE_TRANSPORTS, allow_none=True)
    route = fields.Dict(allow_none=True)
    found_with = fields.List(fields.Dict(), allow_none=True)
    joint_with = fields.Dict(allow_none=True)
    joint = fields.Nested(JointSeizureResponse, allow_none=True)
    related = fields.List(fields.Dict(), allow_none=True)
    items = fields.List(fields.Nested(ItemResponse), required=True)

    @pre_dump
    def _present(self, view: DocumentView, **_: Any) -> dict[str, Any]:
        return present_seizure(view)


class SeizureMatchedResponse(SeizureResponse):
    """New version of a seizure with its matches."""

    matches = fields.List(fields.Nested(ItemMatchesResponse), required=True)

    @pre_dump
    def _present(self, answer: MatchedDocument, **_: Any) -> dict[str, Any]:
        return present_seizure(answer.view) | {"matches": answer.matches}


class SeizureQuery(ListQuery):
    """Filter of seizures."""

    kind = Code(codes.SEIZURE_KINDS)
    number = Text(most=100)
    occurred_on = Day()
    post = PostCode()


def present_seizure(view: DocumentView) -> dict[str, Any]:
    """Return the fields of a seizure."""
    row = view.document
    kept = {name for group, names in FIELD_GROUPS.items() if not view.may(group) for name in names}
    details = {name: row.details.get(name) for name in DETAIL_FIELDS}
    shown = (
        row_fields(row)
        | present_remarks(view)
        | present_document_sharing(view)
        | details
        | _present_place(view)
    )
    shown |= {"joint": view.joint}
    return shown | dict.fromkeys(kept) | {"items": present_items(view.items)}


def _present_place(view: DocumentView) -> dict[str, Any]:
    """Return the place, or only the country if withheld."""
    row = view.document
    if not view.may("place"):
        return {"place": {"country": row.country}}
    names = ("country", "admin1", "latitude", "longitude", "precision")
    return {"place": {name: getattr(row, name) for name in names} | {"name": row.place_name}}


def _to_json(value: Any) -> Any:
    """Return a value as JSON data."""
    if isinstance(value, tuple):
        return [_to_json(inner) for inner in value]
    if isinstance(value, Mapping):
        return {name: _to_json(inner) for name, inner in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    return dict(vars(value)) if hasattr(value, "__dict__") else value
