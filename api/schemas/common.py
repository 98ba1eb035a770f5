"""Schemas shared by documents: parties, firearms, marks, places, times, remarks."""

from collections.abc import Callable, Iterable
from datetime import date
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from flask import g
from marshmallow import Schema, fields

from api.http.fields.declared import (
    DeclaredRequest,
    DeclaredResponse,
    request_schema,
    response_schema,
)
from api.http.fields.scalars import Code, Moment, StateCode, Text
from api.http.fields.schemas import RESPONSES, RequestSchema
from api.i18n.messages import language, translate
from salsa_ext.core import codes
from salsa_ext.core.dates import parse_date
from salsa_ext.core.fields import OWNER, hide_owner_fields, members, presenter
from salsa_ext.core.occurrence import Place
from salsa_ext.core.rows import from_row
from salsa_ext.disclosure.sharing import Sharing
from salsa_ext.firearms.marks.values import (
    Firearm,
    Mark,
    RecordedFirearm,
    RecordedItem,
    RecordedMark,
    Recorder,
)
from salsa_ext.firearms.records.parties import Party
from salsa_ext.firearms.records.queries import PartiesById
from salsa_ext.notifications.notice_rules import AssigneeData
from salsa_ext.reference.names import label

PartyRequest = request_schema(Party)


PartyResponse = response_schema(Party)


class MarkRequest(DeclaredRequest):
    """Mark of a gun."""

    value = Mark


RecorderResponse = response_schema(Recorder)


MarkResponse = response_schema(RecordedMark)


class FirearmRequest(DeclaredRequest):
    """Firearm, part or lot; make, calibre and type as code or text."""

    value = Firearm


class FirearmResponse(DeclaredResponse):
    """Firearm, part or lot; make, calibre and type as code and text."""

    value = RecordedFirearm


class ItemResponse(DeclaredResponse):
    """Item of a document with its record."""

    value = RecordedItem


PlaceResponse = response_schema(Place)


RESPONSES.update(
    {PartyRequest: PartyResponse, MarkRequest: MarkResponse, FirearmRequest: FirearmResponse}
)


class CorrectionRequest(RequestSchema):
    """Corrected document and the reason; mixed into the document's schema."""

    reason = Text(most=500, required=True)

    def build(self, data: dict[str, Any]) -> Any:
        """Return the document and the reason."""
        reason = data.pop("reason")
        return super().build(data), reason


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


class FramedResponse(DeclaredResponse):
    """What frames declared fields, which are presented on their own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        value_members = members(self.value) if self.value else ()
        declared = {member.name for member in value_members if member.field.is_shown}
        self.dump_fields = {
            name: each for name, each in self.dump_fields.items() if name not in declared
        }

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return the frame and the declared fields of a view."""
        if self.many if many is None else many:
            return [self.dump(each, many=False) for each in obj]
        view = getattr(obj, "view", obj)
        return super().dump(self.frame(obj, view), many=False) | self.present(view)

    def frame(self, answer: Any, view: Any) -> dict[str, Any]:
        """Return the fields that are not declared; `answer` may hold more than the view."""
        raise NotImplementedError

    def present(self, view: Any) -> dict[str, Any]:
        """Return the declared fields."""
        declared: dict[str, Any] = view.present()
        return declared


class RecordedResponse(FramedResponse, RemarkedResponse):
    """What frames a recorded document."""

    row: ClassVar[str] = "document"
    """The attribute of the view that has the row."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    state = StateCode(required=True)
    recorded_at = fields.DateTime(required=True)

    def frame(self, answer: Any, view: Any) -> dict[str, Any]:
        """Return the fields that are not declared."""
        return row_fields(getattr(view, self.row)) | present_remarks(view)


class DocumentResponse(RecordedResponse, SharedResponse):
    """What frames every version of a document, with what is withheld.

    `withdrawn`: it was made in error.
    """

    status = Code(codes.DOCUMENT_STATUSES, required=True)
    reason = fields.String(allow_none=True)

    def frame(self, answer: Any, view: Any) -> dict[str, Any]:
        """Return the frame, with the sharing."""
        frame = super().frame(answer, view)
        sharing = present_sharing(view.sharing, view.present_groups if view.sharing else ())
        return frame | sharing | {"reason": frame["reason"] if view.may("remarks") else None}


def parse_day(text: str | None) -> date | None:
    """Return a date stored as JSON."""
    return parse_date(text) if text else None


def row_fields(row: Any) -> dict[str, Any]:
    """Return the columns of a row, with its owner as `state`."""
    columns = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return columns | {"state": columns.get("owner_state")}


def present_row(cls: type, row: Any) -> dict[str, Any]:
    """Return the declared fields of a row; those of no group for its owner alone."""
    is_own = row.owner_state == g.actor.state
    groups = frozenset((*codes.FIELD_GROUPS, OWNER) if is_own else codes.FIELD_GROUPS)
    return presenter(cls, groups)(from_row(cls, row))


def present_items(views: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the items of a document."""
    return [
        row_fields(view.record) | item_fields(view) | {"record": view.record.id} for view in views
    ]


def item_fields(view: Any) -> dict[str, Any]:
    """Return the declared fields of an item; to other states without what is its owner's alone."""
    item = SimpleNamespace(**row_fields(view.record) | {"marks": view.marks})
    if view.record.owner_state == g.actor.state:
        return {"marks": view.marks}
    return hide_owner_fields(RecordedItem, item)


def find_party(parties: PartiesById, party_id: UUID | None) -> Any:
    """Return a party of a document, or None."""
    return parties.get(party_id) if party_id else None


def present_party(parties: PartiesById, party_id: UUID | None, may: Callable[[str], bool]) -> Any:
    """Return a party with what may be read of it."""
    party = find_party(parties, party_id)
    groups = frozenset(filter(may, codes.FIELD_GROUPS))
    return party and presenter(Party, groups, is_inner=True)(party)


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
