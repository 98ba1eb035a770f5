"""Checks over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, pre_dump

from api.i18n import Lazy, translate
from api.said import as_messages
from api.schemas.common import RemarkResponse
from api.schemas.fields import Code, Flag, Items, RequestSchema, StateCode, Text, Whole
from salsa_ext.errors import Invalid, say
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.readmodels.search import wrong_serial
from salsa_ext.services.checks import Answer
from salsa_ext.services.fields import MOST_NAMED
from salsa_ext.services.hits import Made as Hit
from salsa_ext.values import codes
from salsa_ext.values.actor import Purpose
from salsa_ext.values.inquiries import MOST_CHECKED, BatchData, CheckData, Query

A_CHECK: Final = ("The fields of a check but for purpose, case_number and incident; what cannot be searched is"
                  " told on its own line of the answer.")  # fmt: skip
TOO_MANY: Final = Lazy("A batch has at most {most} checks; send the others as another one.")
NONE: Final = Lazy("A batch has one check or more.")


class Serial(Text):
    """What is read of a serial; what it cannot hold is told with what it can."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and (wrong := wrong_serial(value)):
            raise ValidationError([wrong])
        return super()._deserialize(value, *args, **kwargs)


class CheckedGunRequest(RequestSchema):
    """A gun of a batch. `?` one unreadable glyph, `*` a run of them, `[8B]` one of two.

    A record that agrees in all that is asked ends the search; with `near`, marks that are only near
    are looked for all the same. The ten likeliest records are listed, with all that bear the very mark
    or tell that a gun is missed or was seized; with `every`, all that fit.
    """

    value = Query
    serial = Serial(most=200, required=True)
    make = Text(most=200)
    model = Text(most=200)
    calibre = Text(most=100)
    type = Text(most=100)
    country = StateCode()
    year = Whole(least=1400, most=2200)
    near = Flag()
    every = Flag()


class PurposeRequest(RequestSchema):
    """Why somebody looks, and the case or the incident that it is for."""

    purpose = Code(codes.PURPOSES, required=True)
    case_number = Text(most=100)
    incident = Text(most=100)


class CheckRequest(CheckedGunRequest, PurposeRequest):
    """Is this serial known? `?` one unreadable glyph, `*` a run of them, `[8B]` one of two."""

    def build(self, data: dict[str, Any]) -> CheckData:
        """Return the query and the purpose."""
        return CheckData(purpose=_purpose(data), query=Query(**data))


class BatchDocumentRequest(PurposeRequest):
    """What the checks of a file are for."""

    def build(self, data: dict[str, Any]) -> BatchData:
        """Return a batch without its items."""
        return BatchData(_purpose(data))


class BatchRequest(PurposeRequest):
    """Checks of up to 10,000 guns for one purpose."""

    checks = Items(
        fields.Raw(allow_none=True, metadata={"description": A_CHECK}),
        most=MOST_CHECKED, least=1, required=True, error_messages={"long": TOO_MANY, "short": NONE},
    )  # fmt: skip

    def build(self, data: dict[str, Any]) -> BatchData:
        """Return the batch, each of its items judged for itself."""
        schema, listed = CheckedGunRequest(), data.pop("checks")
        items = tuple((line, judge(said, schema)) for line, said in enumerate(listed, 1))
        return BatchData(_purpose(data), items)


def judge(said: Any, schema: Schema) -> Query | Invalid:
    """Return the query that an item of a batch is, or what is wrong with it, as of a line of a file."""
    if not isinstance(said, Mapping):
        return Invalid({"row": [say("This line is no JSON object.")]})
    try:
        query: Query = schema.load(said)
    except ValidationError as error:
        return Invalid(as_messages(error.messages, most=MOST_NAMED))
    return query


def _purpose(data: dict[str, Any]) -> Purpose:
    code = data.pop("purpose")
    return Purpose(code, data.pop("case_number", None), data.pop("incident", None))


class CaseRequest(RequestSchema):
    """The case that a check turned out to belong to."""

    case_number = Text(most=100, required=True)


class Made(fields.List):
    """A list whose items are plain values already, as the documentation of its field has them.

    What we made ourselves is not looked at field by field again: every check answers with dozens.
    """

    def _serialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value


class ReasonResponse(Schema):
    """One piece of evidence, in bits and in words."""

    code = fields.String(required=True)
    text = fields.String(required=True, dump_only=True)
    bits = fields.Float(required=True)


class CandidateResponse(Schema):
    """A record that may be of the same gun; where only its owner is shown the rest is null.

    `mark` is the one that was found, as marks are compared; make and model are those of the record.
    """

    state = fields.String(required=True)
    record = fields.UUID(required=True, allow_none=True)
    event = fields.String(allow_none=True)
    occurred_on = fields.Date(allow_none=True)
    mark = fields.String(required=True, allow_none=True)
    make = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True)
    strength = fields.String(required=True)
    is_old_mark = fields.Boolean(required=True, allow_none=True)
    reasons = Made(fields.Nested(ReasonResponse), required=True)

    @pre_dump
    def _present(self, candidate: Candidate, **_: Any) -> dict[str, Any]:
        return present_candidate(candidate)


def present_candidate(candidate: Candidate) -> dict[str, Any]:
    """Return what a CandidateResponse says of a candidate."""
    held, evidence = candidate.held, candidate.evidence
    is_open = candidate.is_open
    return {
        "state": held.state,
        "record": held.record_id if is_open else None,
        "event": held.event if candidate.shows("event") else None,
        "occurred_on": held.occurred_on if candidate.shows("event") else None,
        "mark": held.serial_norm if is_open else None,
        "make": held.make if is_open else None,
        "model": held.model if is_open else None,
        "score": float(evidence.bits), "strength": evidence.strength,
        "is_old_mark": held.is_superseded if is_open else None,
        "reasons": [*map(_present_reason, evidence.reasons if candidate.shows("likeness") else ())],
    }  # fmt: skip


def _present_reason(reason: Any) -> dict[str, Any]:
    return {"code": reason.code, "text": translate(reason.text), "bits": float(reason.bits)}


class ContactResponse(Schema):
    """An office to call."""

    state = fields.String(attribute="owner_state", required=True)
    agency = fields.String(required=True)
    kind = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    hours = fields.String(required=True)
    telephone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)


class NextResponse(Schema):
    """What to do now, and whom to call: `contacts` of all states that hold something, `contact` first.

    `reported` is the event by which a record that may be read reports the gun, and `reported_by` the
    state that says so.
    """

    action = fields.String(required=True)
    text = fields.String(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)
    contacts = fields.List(fields.Nested(ContactResponse), required=True)
    reported = fields.String(required=True, allow_none=True)
    reported_by = fields.String(required=True, allow_none=True)


class MadeHitResponse(Schema):
    """A hit on an alert that this check met; `possible` where the gun may be another one.

    Nobody acts on it alone: the alert's state confirms it, by `due_at`.
    """

    id = fields.UUID(required=True)
    state = fields.String(required=True)
    action = fields.String(required=True)
    strength = fields.String(required=True)
    possible = fields.Boolean(required=True)
    due_at = fields.DateTime(required=True)


def _present_hit(hit: Hit) -> dict[str, Any]:
    return {"id": hit.id, "state": hit.alert_state, "action": hit.action,
            "strength": hit.strength, "possible": hit.strength != "strong",
            "due_at": hit.due_at}  # fmt: skip


class SearchedResponse(Schema):
    """A state whose records were searched, how many they are, and through which day they reach."""

    state = fields.String(required=True)
    records = fields.Integer(required=True)
    through = fields.Date(required=True)


class FoundResponse(Schema):
    """What is known of a serial; `more` is how many records fit less well and are not listed."""

    id = fields.UUID(required=True)
    verdict = fields.String(required=True)
    candidates = Made(fields.Nested(CandidateResponse), required=True)
    more = fields.Integer(required=True)
    next = fields.Nested(NextResponse, required=True)
    hits = fields.List(fields.Nested(MadeHitResponse), required=True)
    remarks = fields.List(fields.Nested(RemarkResponse), required=True)

    @pre_dump
    def _present(self, answer: Answer, **_: Any) -> dict[str, Any]:
        return vars(answer) | {
            "next": _next(answer),
            "candidates": [present_candidate(one) for one in answer.candidates],
            "hits": [_present_hit(one) for one in answer.hits],
            "searched": [state._asdict() for state in answer.searched],
        }


def _next(answer: Answer) -> dict[str, Any]:
    reported = answer.reported
    told = [reported.text] if reported else []
    said = [answer.advice, *told] if answer.hits else [*told, answer.advice]  # an alert binds first
    return {
        "action": answer.action, "text": " ".join(map(translate, said)),
        "contact": answer.contact, "contacts": answer.contacts,
        "reported": reported and reported.event, "reported_by": reported and reported.state,
    }  # fmt: skip


class CheckResponse(FoundResponse):
    """What is known of a serial, and whose records were searched."""

    searched = Made(fields.Nested(SearchedResponse), required=True)


class BatchLineResponse(FoundResponse):
    """The answer to one check of a batch; one that cannot be made has its problem here."""

    line = fields.Integer(required=True)


class BatchEndResponse(Schema):
    """The last line of a batch that was answered to its end."""

    line = fields.Integer(required=True, allow_none=True)
    checks = fields.Integer(required=True)
    searched = fields.List(fields.Nested(SearchedResponse), required=True)
