"""Schemas shared by documents: parties, firearms, marks, places, times, remarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.http.fields.codes import Code, StateCode
from api.http.fields.numbers import Quantity, Real, Whole
from api.http.fields.schemas import Items, Nested, RequestSchema, repeats
from api.http.fields.texts import Flag, Text
from api.http.fields.times import Day, Moment
from api.i18n.messages import LazyMessage, language, translate
from salsa_ext.core import codes
from salsa_ext.core.time import EventTime, Place, is_time_zone
from salsa_ext.disclosure.sharing import Sharing, party_group
from salsa_ext.firearms.marks.values import Firearm, Mark
from salsa_ext.firearms.records.queries import PartiesById
from salsa_ext.firearms.records.values import Party
from salsa_ext.notifications.values import AssigneeData
from salsa_ext.reference.names import label
from salsa_ext.trade.permits.values import DocumentReference


class PartyRequest(RequestSchema):
    """Party of a document."""

    value = Party
    name = Text(required=True)
    kind = Code(codes.PARTY_KINDS, required=True)
    country = StateCode(required=True)
    address = Text(most=500)
    contact = Text(most=500)
    identification = Text()
    licence = Text()


@repeats(PartyRequest)
class PartyResponse(Schema):
    """Party of a document; unreadable personal values are left out."""

    name = fields.String(allow_none=True)


class MarkRequest(RequestSchema):
    """Mark of a gun."""

    value = Mark
    kind = Code(codes.MARK_KINDS, required=True)
    text = Text(most=100, required=True)
    state = StateCode()
    year = Whole(least=1400, most=2200)
    location = Text(most=100)
    condition = Code(codes.MARK_CONDITIONS)
    method = Code(codes.MARK_METHODS)


class RecorderResponse(Schema):
    """Agency and officer that added something; officer for the own state only."""

    agency = fields.String(allow_none=True)
    officer = fields.String(allow_none=True)
    at = fields.DateTime(required=True)


@repeats(MarkRequest)
class MarkResponse(Schema):
    """Mark of a gun, as read."""

    reader = fields.Nested(RecorderResponse, allow_none=True)


class FirearmRequest(RequestSchema):
    """Firearm, part or lot; make, calibre and type as code or text."""

    value = Firearm
    line = Whole(least=1, most=1_000_000, load_default=1)
    category = Code(codes.CATEGORIES, load_default="firearm")
    type = Text(most=100)
    make = Text(most=200)
    model = Text(most=200)
    calibre = Text(most=100)
    country_of_manufacture = StateCode()
    year = Whole(least=1400, most=2200)
    origin_kind = Code(codes.ORIGIN_KINDS, load_default="unknown")
    serial = Text(most=64)
    marking = Code(codes.MARK_CONDITIONS, load_default="unknown")
    marks = Items(Nested(MarkRequest), most=50, load_default=())
    importer_mark = Text(most=200)
    part_kind = Text(most=100)
    quantity = Quantity()
    unit = Text(most=30)
    lot = Text(most=100)
    headstamp = Text(most=100)
    hs_code = Text(most=12)
    antique = Flag(load_default=False)


@repeats(FirearmRequest)
class FirearmResponse(Schema):
    """Firearm, part or lot; make, calibre and type as code and text."""

    line = fields.Integer(required=True)
    type = fields.String(allow_none=True)
    type_text = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    make_text = fields.String(allow_none=True)
    calibre = fields.String(allow_none=True)
    calibre_text = fields.String(allow_none=True)


class ItemResponse(FirearmResponse):
    """Item of a document with its record."""

    record = fields.UUID(required=True)


class ReferenceRequest(RequestSchema):
    """Another state's document."""

    value = DocumentReference
    state = StateCode(required=True)
    number = Text(most=100, required=True)


@repeats(ReferenceRequest)
class ReferenceResponse(Schema):
    """Another state's document."""


class PlaceRequest(RequestSchema):
    """Place; `precision` in kilometres."""

    value = Place
    country = StateCode(required=True)
    name = Text()
    admin1 = Text(most=100)
    latitude = Real(least=-90, most=90)
    longitude = Real(least=-180, most=180)
    precision = Real(least=0, most=1000)


@repeats(PlaceRequest)
class PlaceResponse(Schema):
    """Place; `precision` in kilometres."""


class DatedRequest(RequestSchema):
    """Event with its local date, and time and zone if known."""

    occurred_on = Day(required=True)
    occurred_at = Moment()
    time_zone = Text(most=64)
    visibility = Code(codes.VISIBILITIES)
    handling = Code(codes.HANDLING_CODES)

    @validates_schema
    def _zone(self, data: Mapping[str, Any], **_: Any) -> None:
        if (zone := data.get("time_zone")) and not is_time_zone(zone):
            text = LazyMessage("Not an IANA time zone; for example America/Asuncion.").format()
            raise ValidationError(text, "time_zone")

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value with date, time and zone as one."""
        names = ("occurred_on", "occurred_at", "time_zone")
        when = EventTime(**{name: data.pop(name) for name in names if name in data})
        return self.make(data | {"when": when})

    def make(self, data: dict[str, Any]) -> Any:
        """Return the value of the other fields."""
        return super().build(data)


class CorrectionRequest(DatedRequest):
    """Corrected document and the reason; mixed into the document's schema."""

    reason = Text(most=500, required=True)

    def make(self, data: dict[str, Any]) -> Any:
        """Return the document and the reason."""
        reason = data.pop("reason")
        return super().make(data), reason


class AsOfQuery(RequestSchema):
    """Moment of the version to read."""

    as_of = Moment()


REMARK_CODES = tuple(
    f"{how}_{kind}" for how in ("unknown", "uncertain") for kind in ("make", "calibre", "type")
)


class SuggestionResponse(Schema):
    """Known code similar to an unknown word."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class RemarkResponse(Schema):
    """Unknown word in a request, stored as written.

    `field` is its first place, `count` the number of goods with it, `candidates` similar known
    words. In a check it was ignored (`unknown_make`) or counted by half (`uncertain_make`).
    """

    code = Code(REMARK_CODES, required=True)
    field = fields.String(required=True)
    word = fields.String(attribute="given", required=True)
    count = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(SuggestionResponse), required=True)
    text = fields.Function(
        lambda remark: " ".join(map(translate, remark.messages)),
        required=True,
        metadata={"type": "string"},
    )


class RemarkedResponse(Schema):
    """Response to a POST of goods; `remarks` only there."""

    never_listed: ClassVar[frozenset[str]] = frozenset(("remarks",))

    remarks = fields.List(fields.Nested(RemarkResponse))


def present_remarks(view: Any) -> dict[str, Any]:
    """Return the remarks of a new document, if any."""
    return {} if view.remarks is None else {"remarks": view.remarks}


class WithheldResponse(Schema):
    """Group of withheld fields and the reason."""

    group = Code(codes.FIELD_GROUPS, required=True)
    code = fields.String(required=True)
    text = fields.Function(
        lambda reason: label("release", reason.code, language.get()),
        required=True,
        metadata={"type": "string"},
    )


class UseResponse(Schema):
    """Whether a further use is allowed: `court`, or `onward` to states."""

    use = Code(codes.CONSENT_USES, required=True)
    allowed = fields.Boolean(required=True)
    code = fields.String(required=True)
    text = fields.Function(
        lambda use: label("release", use.code, language.get()),
        required=True,
        metadata={"type": "string"},
    )
    to = fields.List(StateCode(), required=True)


class SharedResponse(Schema):
    """Handling of another state's data: withheld groups and allowed uses.

    Empty for own data.
    """

    handling = Code(codes.HANDLING_CODES, allow_none=True)
    withheld = fields.List(fields.Nested(WithheldResponse), required=True)
    uses = fields.List(fields.Nested(UseResponse), required=True)


def present_sharing(shared: Sharing | None, groups: Iterable[str]) -> dict[str, Any]:
    """Return the fields of SharedResponse; None is own data."""
    if shared is None:
        return {"withheld": [], "uses": []}
    return {
        "handling": shared.statement.handling,
        "withheld": shared.withheld(groups),
        "uses": shared.uses(),
    }


def present_document_sharing(view: Any) -> dict[str, Any]:
    """Return the sharing of a document; hides the reason if withheld."""
    return present_sharing(view.sharing, view.present_groups) | (
        {} if view.may("remarks") else {"reason": None}
    )


class VersionedResponse(RemarkedResponse, SharedResponse):
    """Fields of every version of a document."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    occurred_on = fields.Date(required=True)
    occurred_at = fields.DateTime(allow_none=True)
    time_zone = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)


def parse_day(text: str | None) -> date | None:
    """Return a date stored as JSON."""
    return date.fromisoformat(text) if text else None


def row_fields(row: Any) -> dict[str, Any]:
    """Return the columns of a row, with its owner as `state`."""
    columns = {column.key: getattr(row, column.key) for column in row.__mapper__.column_attrs}
    return columns | {"state": columns.get("owner_state")}


def present_items(views: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the items of a document."""
    return [
        row_fields(view.record) | {"record": view.record.id, "marks": view.marks} for view in views
    ]


def find_party(parties: PartiesById, party_id: UUID | None) -> Any:
    """Return a party of a document, or None."""
    return parties.get(party_id) if party_id else None


def present_party(parties: PartiesById, party_id: UUID | None, may: Callable[[str], bool]) -> Any:
    """Return a party, reduced to kind and country if withheld."""
    party = find_party(parties, party_id)
    if party is None or may(party_group(party.kind)):
        return party
    return {"kind": party.kind, "country": party.country}


def present_single_gun(view: Any) -> dict[str, Any]:
    """Return the fields of a document with a single gun."""
    row = view.document
    return (
        row_fields(row)
        | present_remarks(view)
        | present_document_sharing(view)
        | {
            "firearm": next(iter(present_items(view.items)), None),
            "giver": present_party(view.parties, row.giver_id, view.may),
        }
    )


class TimelineResponse(Schema):
    """Event of a permit, shipment or discrepancy."""

    state = StateCode(attribute="owner_state", required=True)
    kind = fields.String(required=True)
    occurred_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)
    data = fields.Dict(keys=fields.String())


class AssignRequest(RequestSchema):
    """Account to assign the work to."""

    value = AssigneeData
    username = Text(most=100, required=True)
