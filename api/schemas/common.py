"""What many documents share: parties, firearms with their marks, places, moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.i18n import Lazy, language, translate
from api.schemas.fields import (
    Code,
    Day,
    Flag,
    Items,
    Moment,
    Nested,
    Quantity,
    Real,
    RequestSchema,
    StateCode,
    Text,
    Whole,
)
from salsa_ext.readmodels.names import label
from salsa_ext.readmodels.parties import Parties
from salsa_ext.readmodels.sharing import Sharing, group_of
from salsa_ext.values import codes
from salsa_ext.values.events import Place, When
from salsa_ext.values.firearms import Firearm, Mark
from salsa_ext.values.parties import Party
from salsa_ext.values.permits import Reference
from salsa_ext.values.zones import is_zone


class PartyRequest(RequestSchema):
    """Somebody that a document names."""

    value = Party
    name = Text(required=True)
    kind = Code(codes.PARTY_KINDS, required=True)
    country = StateCode(required=True)
    address = Text(most=500)
    contact = Text(most=500)
    identification = Text()
    licence = Text()


class PartyResponse(Schema):
    """Somebody that a document names; personal values are left out where they may not be read."""

    kind = fields.String(required=True)
    country = fields.String(required=True)
    name = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    contact = fields.String(allow_none=True)
    identification = fields.String(allow_none=True)
    licence = fields.String(allow_none=True)


class MarkRequest(RequestSchema):
    """What is stamped on a gun."""

    value = Mark
    kind = Code(codes.MARK_KINDS, required=True)
    text = Text(most=100, required=True)
    state = StateCode()
    year = Whole(least=1400, most=2200)
    location = Text(most=100)
    condition = Code(codes.MARKINGS)
    method = Code(codes.MARK_METHODS)


class ReaderResponse(Schema):
    """Who added a mark; the number of the officer is shown in his own state alone."""

    agency = fields.String(allow_none=True)
    officer = fields.String(allow_none=True)
    at = fields.DateTime(required=True)


class MarkResponse(Schema):
    """What is stamped on a gun, as read."""

    kind = fields.String(required=True)
    text = fields.String(required=True)
    state = fields.String(allow_none=True)
    year = fields.Integer(allow_none=True)
    location = fields.String(allow_none=True)
    condition = fields.String(allow_none=True)
    method = fields.String(allow_none=True)
    reader = fields.Nested(ReaderResponse, allow_none=True)


class FirearmRequest(RequestSchema):
    """A firearm, part or lot; makes, calibres and types are codes or words, resolved here."""

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
    marking = Code(codes.MARKINGS, load_default="unknown")
    marks = Items(Nested(MarkRequest), most=50, load_default=())
    importer_mark = Text(most=200)
    part_kind = Text(most=100)
    quantity = Quantity()
    unit = Text(most=30)
    lot = Text(most=100)
    headstamp = Text(most=100)
    hs_code = Text(most=12)
    antique = Flag(load_default=False)


class FirearmResponse(Schema):
    """A firearm, part or lot: the resolved code of make, calibre and type, and the text beside."""

    line = fields.Integer(required=True)
    category = fields.String(required=True)
    type = fields.String(allow_none=True)
    type_text = fields.String(allow_none=True)
    make = fields.String(allow_none=True)
    make_text = fields.String(allow_none=True)
    model = fields.String(allow_none=True)
    calibre = fields.String(allow_none=True)
    calibre_text = fields.String(allow_none=True)
    country_of_manufacture = fields.String(allow_none=True)
    year = fields.Integer(allow_none=True)
    origin_kind = fields.String(required=True)
    serial = fields.String(allow_none=True)
    marking = fields.String(required=True)
    marks = fields.List(fields.Nested(MarkResponse))
    importer_mark = fields.String(allow_none=True)
    part_kind = fields.String(allow_none=True)
    quantity = Quantity(allow_none=True)
    unit = fields.String(allow_none=True)
    lot = fields.String(allow_none=True)
    headstamp = fields.String(allow_none=True)
    hs_code = fields.String(allow_none=True)
    antique = fields.Boolean(required=True)


class ItemResponse(FirearmResponse):
    """An item of a document, with the record that it made."""

    record = fields.UUID(required=True)


class ReferenceRequest(RequestSchema):
    """Another state's document."""

    value = Reference
    state = StateCode(required=True)
    number = Text(most=100, required=True)


class ReferenceResponse(Schema):
    """Another state's document."""

    state = fields.String(required=True)
    number = fields.String(required=True)


class PlaceRequest(RequestSchema):
    """Where something happened; `precision` in kilometres."""

    value = Place
    country = StateCode(required=True)
    name = Text()
    admin1 = Text(most=100)
    latitude = Real(least=-90, most=90)
    longitude = Real(least=-180, most=180)
    precision = Real(least=0, most=1000)


class PlaceResponse(Schema):
    """Where something happened."""

    country = fields.String(required=True)
    name = fields.String(allow_none=True)
    admin1 = fields.String(allow_none=True)
    latitude = fields.Float(allow_none=True)
    longitude = fields.Float(allow_none=True)
    precision = fields.Float(allow_none=True)


class OccurringRequest(RequestSchema):
    """Something that happened: its local date, and the moment and zone where they are known."""

    occurred_on = Day(required=True)
    occurred_at = Moment()
    time_zone = Text(most=64)
    visibility = Code(codes.VISIBILITIES)
    handling = Code(codes.HANDLING_CODES)

    @validates_schema
    def _zone(self, data: Mapping[str, Any], **_: Any) -> None:
        if (zone := data.get("time_zone")) and not is_zone(zone):
            text = Lazy("Not an IANA time zone; for example America/Asuncion.").format()
            raise ValidationError(text, "time_zone")

    def build(self, data: dict[str, Any]) -> Any:
        """Return the value, with the three fields of time as one."""
        names = ("occurred_on", "occurred_at", "time_zone")
        when = When(**{name: data.pop(name) for name in names if name in data})
        return self.make(data | {"when": when})

    def make(self, data: dict[str, Any]) -> Any:
        """Return the value that the other fields make."""
        return super().build(data)


class CorrectionRequest(OccurringRequest):
    """A document as it should have been, and why; its own fields are those of what it is mixed into."""

    reason = Text(most=500, required=True)

    def make(self, data: dict[str, Any]) -> Any:
        """Return the document and the reason."""
        reason = data.pop("reason")
        return super().make(data), reason


class AsOfQuery(RequestSchema):
    """The version that stood at a moment."""

    as_of = Moment()


class CandidateWordResponse(Schema):
    """A code that the field takes, and its name."""

    code = fields.String(required=True)
    name = fields.String(required=True)


class RemarkResponse(Schema):
    """A word of what was sent that nobody knows here: it is kept as written, and found by nothing else.

    In a check it did not count (`unknown_make`), or by half (`uncertain_make`).

    `field` is where it stands first, `count` of how many goods it is said; `candidates` are known
    words that are written alike, the nearest first.
    """

    code = fields.String(required=True)
    field = fields.String(required=True)
    given = fields.String(required=True)
    count = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(CandidateWordResponse), required=True)
    text = fields.Function(lambda remark: " ".join(map(translate, remark.messages)), required=True,
                           metadata={"type": "string"})  # fmt: skip


class RemarkedResponse(Schema):
    """What may be answered to a POST of goods: `remarks` stand in that answer alone."""

    never_listed: ClassVar[frozenset[str]] = frozenset(("remarks",))

    remarks = fields.List(fields.Nested(RemarkResponse))


def remarked(view: Any) -> dict[str, Any]:
    """Return the remarks of what was just taken, and nothing of what is read."""
    return {} if view.remarks is None else {"remarks": view.remarks}


class WithheldResponse(Schema):
    """Fields of one kind that are not shown, and why, in words."""

    group = fields.String(required=True)
    code = fields.String(required=True)
    text = fields.Function(lambda one: label("release", one.code, language.get()), required=True,
                           metadata={"type": "string"})  # fmt: skip


class AllowedResponse(Schema):
    """Whether more may be done with it than to read, and why: `court`, or `onward` to the states `to`."""

    use = fields.String(required=True)
    allowed = fields.Boolean(required=True)
    code = fields.String(required=True)
    text = fields.Function(lambda one: label("release", one.code, language.get()), required=True,
                           metadata={"type": "string"})  # fmt: skip
    to = fields.List(fields.String(), required=True)


class SharedResponse(Schema):
    """How another state's words are handled: what is `withheld`, and which `uses` are allowed.

    Both are empty for the own state's.
    """

    handling = fields.String(allow_none=True)
    withheld = fields.List(fields.Nested(WithheldResponse), required=True)
    uses = fields.List(fields.Nested(AllowedResponse), required=True)


def how_shared(shared: Sharing | None, held: Iterable[str]) -> dict[str, Any]:
    """Return the fields of SharedResponse for what holds some field groups; None is the own state's."""
    if shared is None:
        return {"withheld": [], "uses": []}
    return {"handling": shared.said.handling, "withheld": shared.withheld(held),
            "uses": shared.uses()}  # fmt: skip


def shared(view: Any) -> dict[str, Any]:
    """Return how a document is shared with its reader, and why it was corrected where he is told."""
    return how_shared(view.sharing, view.held) | ({} if view.may("remarks") else {"reason": None})


class VersionedResponse(RemarkedResponse, SharedResponse):
    """What every version of a document shows."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    occurred_on = fields.Date(required=True)
    occurred_at = fields.DateTime(allow_none=True)
    time_zone = fields.String(allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(allow_none=True)


def columns(row: Any) -> dict[str, Any]:
    """Return a row's columns as fields; the owner is shown as `state`."""
    shown = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return shown | {"state": shown.get("owner_state")}


def items(views: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the items of a document from their records."""
    return [
        columns(view.record) | {"record": view.record.id, "marks": view.marks} for view in views
    ]


def side(parties: Parties, party_id: UUID | None) -> Any:
    """Return a party of a document, or None."""
    return parties.get(party_id) if party_id else None


def named(parties: Parties, party_id: UUID | None, may: Callable[[str], bool]) -> Any:
    """Return a party; of one that the reader is not given its kind and country."""
    party = side(parties, party_id)
    if party is None or may(group_of(party.kind)):
        return party
    return {"kind": party.kind, "country": party.country}


def of_one_gun(view: Any) -> dict[str, Any]:
    """Return the fields of a document of one gun: how it is shared, the gun, and whose it was."""
    row = view.document
    return columns(row) | remarked(view) | shared(view) | {
        "firearm": next(iter(items(view.items)), None),
        "giver": named(view.parties, row.giver_id, view.may),
    }  # fmt: skip
