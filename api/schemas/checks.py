"""Checks over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.i18n import translate
from api.schemas.fields import Code, RequestSchema, StateCode, Text, Whole
from salsa_ext.readmodels.crowds import Candidate
from salsa_ext.services.checks import Answer
from salsa_ext.values import codes
from salsa_ext.values.actor import Purpose
from salsa_ext.values.inquiries import CheckData, Query


class CheckRequest(RequestSchema):
    """Is this serial known? `?` one unreadable glyph, `*` a run of them, `[8B]` one of two."""

    serial = Text(most=200, required=True)
    make = Text(most=200)
    model = Text(most=200)
    calibre = Text(most=100)
    type = Text(most=100)
    country = StateCode()
    year = Whole(least=1400, most=2200)
    purpose = Code(codes.PURPOSES, required=True)
    case_number = Text(most=100)
    incident = Text(most=100)

    def build(self, data: dict[str, Any]) -> CheckData:
        """Return the query and the purpose."""
        code = data.pop("purpose")
        purpose = Purpose(code, data.pop("case_number", None), data.pop("incident", None))
        return CheckData(Query(**data), purpose)


class CaseRequest(RequestSchema):
    """The case that a check turned out to belong to."""

    case_number = Text(most=100, required=True)


class ReasonResponse(Schema):
    """One piece of evidence, in bits and in words."""

    code = fields.String(required=True)
    text = fields.Function(lambda reason: translate(reason.text), required=True,
                           metadata={"type": "string"})  # fmt: skip
    bits = fields.Float(required=True)


class CandidateResponse(Schema):
    """A record that may be of the same gun; where only its owner is shown the rest is null."""

    state = fields.String(required=True)
    record = fields.UUID(required=True, allow_none=True)
    event = fields.String(allow_none=True)
    score = fields.Float(required=True)
    strength = fields.String(required=True)
    is_old_mark = fields.Boolean(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(ReasonResponse), required=True)

    @pre_dump
    def _present(self, candidate: Candidate, **_: Any) -> dict[str, Any]:
        held, evidence = candidate.held, candidate.evidence
        is_open = held.visibility == "open"
        return {
            "state": held.state,
            "record": held.record_id if is_open else None,
            "event": held.event if is_open else None,
            "score": evidence.bits, "strength": evidence.strength,
            "is_old_mark": held.is_superseded if is_open else None,
            "reasons": evidence.reasons if is_open else [],
        }  # fmt: skip


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
    """What to do now, and whom to call."""

    action = fields.String(required=True)
    text = fields.String(required=True)
    contact = fields.Nested(ContactResponse, allow_none=True)


class SearchedResponse(Schema):
    """A state whose records were searched, how many they are, and through which day they reach."""

    state = fields.String(required=True)
    records = fields.Integer(required=True)
    through = fields.Date(required=True)


class CheckResponse(Schema):
    """What is known of a serial."""

    id = fields.UUID(required=True)
    verdict = fields.String(required=True)
    candidates = fields.List(fields.Nested(CandidateResponse), required=True)
    next = fields.Nested(NextResponse, required=True)
    searched = fields.List(fields.Nested(SearchedResponse), required=True)

    @pre_dump
    def _present(self, answer: Answer, **_: Any) -> dict[str, Any]:
        advice = {"action": answer.action, "text": translate(answer.advice),
                  "contact": answer.contact}  # fmt: skip
        return vars(answer) | {"next": advice}
