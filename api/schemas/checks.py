"""Schemas of checks and of reading marks."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, pre_dump, validates_schema

from api.http.errors import as_error_messages
from api.http.fields.scalars import Code, EventDay, Flag, StateCode, Text, Whole
from api.http.fields.schemas import Items, RequestSchema
from api.i18n.messages import LazyMessage, translate
from api.schemas.common import RemarkResponse
from api.schemas.reference import ContactResponse
from salsa_ext.checks.checks import MAX_BATCH_CHECKS, CheckAnswer, CheckBatchData, CheckData
from salsa_ext.core import codes
from salsa_ext.core.actor import Purpose
from salsa_ext.core.errors import Invalid, message
from salsa_ext.core.field_checks import MAX_LISTED
from salsa_ext.firearms.marks.keys import LOT_SIGN
from salsa_ext.firearms.marks.values import Query
from salsa_ext.firearms.search.criteria import serial_problem
from salsa_ext.firearms.search.values import Candidate, SearchScope

CHECK_DESCRIPTION: Final = (
    "The fields of a check without purpose, case_number and incident; the error of one that cannot"
    " be searched is on its own line of the answer."
)
TOO_MANY: Final = LazyMessage("A batch has at most {most} checks; send the others as another one.")
SERIAL_OR_LOT: Final = message(
    "Give the serial of a firearm, or the lot of ammunition or parts: one of the two."
)
NO_CHECKS: Final = LazyMessage("A batch has one check or more.")


class SerialField(Text):
    """Serial as read; errors name the allowed characters."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and (wrong := serial_problem(value)):
            raise ValidationError([wrong])
        return super()._deserialize(value, *args, **kwargs)


class CheckedGunRequest(RequestSchema):
    """Gun of a batch.

    A `lot` is that of ammunition or parts, in place of a serial. Of a serial
    `?` is one unreadable character, `*` several, `[8B]` one of two. A fully agreeing record ends the
    search unless `near`. Lists the ten best records and all with the same mark, missing or seized;
    with `all`, all.
    """

    value = Query
    serial = SerialField(most=200)
    lot = Text(most=100)
    make = Text(most=200)
    model = Text(most=200)
    calibre = Text(most=100)
    type = Text(most=100)
    country = StateCode()
    year = Whole(least=1400, most=2200)
    near = Flag()
    every = Flag(data_key="all")

    @validates_schema
    def _check_mark(self, data: dict[str, Any], **_: Any) -> None:
        if bool(data.get("lot")) == bool(data.get("serial")):
            raise ValidationError({"serial": [SERIAL_OR_LOT]})


class PurposeRequest(RequestSchema):
    """Purpose of a check with its case or incident."""

    purpose = Code(codes.PURPOSES, required=True)
    case_number = Text(most=100)
    incident = Text(most=100)


class CheckRequest(CheckedGunRequest, PurposeRequest):
    """Check of a serial, or of a lot of ammunition or parts.

    `?` one unreadable character, `*` several, `[8B]` one of two.
    """

    def build(self, data: dict[str, Any]) -> CheckData:
        """Return the query and the purpose."""
        return CheckData(purpose=_purpose(data), query=Query(**data))


class BatchDocumentRequest(PurposeRequest):
    """Purpose of the checks of a file."""

    def build(self, data: dict[str, Any]) -> CheckBatchData:
        """Return a batch without its items."""
        return CheckBatchData(_purpose(data))


class BatchRequest(PurposeRequest):
    """Up to 10,000 checks for one purpose."""

    checks = Items(
        fields.Raw(allow_none=True, metadata={"description": CHECK_DESCRIPTION}),
        most=MAX_BATCH_CHECKS,
        least=1,
        required=True,
        error_messages={"long": TOO_MANY, "short": NO_CHECKS},
    )

    def build(self, data: dict[str, Any]) -> CheckBatchData:
        """Return the batch; each item as query or error."""
        schema, listed = CheckedGunRequest(), data.pop("checks")
        items = tuple((line, load_query(item, schema)) for line, item in enumerate(listed, 1))
        return CheckBatchData(_purpose(data), items)


def load_query(item: Any, schema: Schema) -> Query | Invalid:
    """Return an item of a batch as query or Invalid."""
    if not isinstance(item, Mapping):
        return Invalid({"row": [message("This line is no JSON object.")]})
    try:
        query: Query = schema.load(item)
    except ValidationError as error:
        return Invalid(as_error_messages(error.messages, most=MAX_LISTED))
    return query


def _purpose(data: dict[str, Any]) -> Purpose:
    code = data.pop("purpose")
    return Purpose(code, data.pop("case_number", None), data.pop("incident", None))


class CaseRequest(RequestSchema):
    """Case number of a check."""

    case_number = Text(most=100, required=True)


class PlainList(fields.List[Any]):
    """List of plain values, dumped without visiting each field.

    For speed: every check answers with dozens of candidates.
    """

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value


class ReasonResponse(Schema):
    """One piece of evidence, in bits and in words."""

    code = fields.String(required=True)
    text = fields.String(required=True, dump_only=True)
    bits = fields.Float(required=True)


class CandidateResponse(Schema):
    """Record that may be of the same gun.

    Null fields are not shared. `mark` in its normalized form; `make` and `model` of the record.
    """

    state = StateCode(required=True)
    record = fields.UUID(required=True, allow_none=True)
    event = Code(codes.EVENT_KINDS, allow_none=True)
    occurred_on = EventDay(allow_none=True)
    mark = fields.String(required=True, allow_none=True)
    make = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True)
    strength = Code(codes.MATCH_STRENGTHS, required=True)
    is_old_mark = fields.Boolean(required=True, allow_none=True)
    reasons = PlainList(fields.Nested(ReasonResponse), required=True)

    @pre_dump
    def _present(self, candidate: Candidate, **_: Any) -> dict[str, Any]:
        return present_candidate(candidate)


def present_candidate(candidate: Candidate) -> dict[str, Any]:
    """Return the fields of CandidateResponse."""
    hit, evidence = candidate.mark_hit, candidate.evidence
    is_open = candidate.is_open
    return {
        "state": hit.state,
        "record": hit.record_id if is_open else None,
        "event": hit.event if candidate.shows("event") else None,
        "occurred_on": hit.on if candidate.shows("event") else None,
        "mark": hit.serial_norm.removeprefix(LOT_SIGN) if is_open else None,
        "make": hit.make if is_open else None,
        "model": hit.model if is_open else None,
        "score": float(evidence.bits),
        "strength": evidence.strength,
        "is_old_mark": hit.is_superseded if is_open else None,
        "reasons": [*map(_present_reason, evidence.reasons if candidate.shows("likeness") else ())],
    }


def _present_reason(reason: Any) -> dict[str, Any]:
    return {"code": reason.code, "text": translate(reason.text), "bits": float(reason.bits)}


class NextResponse(Schema):
    """Next action and contacts of states with a record, the best first.

    `reported`, `reported_by`: event and state of a readable record that reports the gun.
    """

    action = Code(("none", "call_owner", "compare"), required=True)
    text = fields.String(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    contacts = fields.List(fields.Nested(ContactResponse), required=True)
    reported = Code(codes.EVENT_KINDS, required=True, allow_none=True)
    reported_by = StateCode(required=True, allow_none=True)


class CheckHitResponse(Schema):
    """Hit of this check on an alert; `possible`: may be another gun.

    To be confirmed by the alert's state by `due_at` before anybody acts.
    """

    id = fields.UUID(required=True)
    state = StateCode(required=True)
    action = Code(codes.ALERT_ACTIONS, required=True)
    strength = Code(codes.MATCH_STRENGTHS, required=True)
    possible = fields.Boolean(required=True)
    due_at = fields.DateTime(required=True)


def _present_hit(hit: Any) -> dict[str, Any]:
    return {
        "id": hit.id,
        "state": hit.alert_state,
        "action": hit.action,
        "strength": hit.strength,
        "possible": hit.strength != "strong",
        "due_at": hit.due_at,
    }


class SearchedResponse(Schema):
    """State that was searched: its registers of guns, its records and their last day."""

    state = StateCode(required=True)
    registers = fields.List(Code(codes.REGISTERS), required=True)
    incomplete = fields.List(Code(codes.REGISTERS), required=True)
    records = fields.Integer(required=True)
    records_through = fields.Date(attribute="through", required=True, allow_none=True)


class CheckedResponse(Schema):
    """Answer to a check; `more` counts weaker candidates not listed."""

    id = fields.UUID(required=True)
    verdict = Code(("hit", "possible", "no_hit"), required=True)
    candidates = PlainList(fields.Nested(CandidateResponse), required=True)
    more = fields.Integer(required=True)
    next = fields.Nested(NextResponse, required=True)
    hits = fields.List(fields.Nested(CheckHitResponse), required=True)
    remarks = fields.List(fields.Nested(RemarkResponse), required=True)

    @pre_dump
    def _present(self, answer: CheckAnswer, **_: Any) -> dict[str, Any]:
        return vars(answer) | {
            "next": _present_next(answer),
            "candidates": [*map(present_candidate, answer.candidates)],
            "hits": [*map(_present_hit, answer.hits)],
            **present_scope(answer.scope),
        }


def present_scope(scope: SearchScope | None) -> dict[str, Any]:
    """Return whose registers a check searched, as JSON."""
    searched, not_searched = scope or ((), ())
    rows = [each._asdict() for each in searched]
    for row in rows:
        row["records_through"] = row.pop("through")
    return {"searched": rows, "not_searched": not_searched}


def _present_next(answer: CheckAnswer) -> dict[str, Any]:
    reported = answer.reported
    report = [reported.text] if reported else []
    texts = [*report, answer.advice]
    if answer.hits:  # an alert binds first
        texts.reverse()
    return {
        "action": answer.action,
        "text": " ".join(map(translate, texts)),
        "contact": answer.contact,
        "contacts": answer.contacts,
        "reported": reported and reported.event,
        "reported_by": reported and reported.state,
    }


class CheckResponse(CheckedResponse):
    """Answer to a check with the searched states."""

    searched = PlainList(fields.Nested(SearchedResponse), required=True)
    not_searched = PlainList(StateCode(), required=True)


class BatchLineResponse(CheckedResponse):
    """Answer to one check of a batch, or its problem."""

    line = fields.Integer(required=True)


class BatchEndResponse(Schema):
    """Last line of a complete batch."""

    line = fields.Integer(required=True, allow_none=True)
    checks = fields.Integer(required=True)
    searched = PlainList(fields.Nested(SearchedResponse), required=True)
    not_searched = PlainList(StateCode(), required=True)


class ReadingQuery(RequestSchema):
    """Cell text with a mark."""

    text = Text(most=1000, required=True)


class ReadMarkResponse(Schema):
    """Mark; `?` one unreadable character, `*` several, `[8B]` one of two."""

    text = fields.String(required=True)
    part = fields.String(required=True, allow_none=True)
    condition = Code(codes.MARK_CONDITIONS, required=True, allow_none=True)
    remark = fields.String(required=True, allow_none=True)


class ReadingResponse(Schema):
    """Marks of a cell, condition of the marking, text not understood."""

    marks = fields.List(fields.Nested(ReadMarkResponse), required=True)
    marking = Code(codes.MARK_CONDITIONS, required=True, allow_none=True)
    remarks = fields.List(fields.String(), required=True)
    damage = fields.String(required=True, allow_none=True)
