"""Schemas of seizures."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from api.http.fields.codes import Code, PostCode, StateCode
from api.http.fields.declared import DeclaredRequest
from api.http.fields.schemas import Nested, RequestSchema
from api.http.fields.texts import Text
from api.http.fields.times import Day
from api.http.pagination import ListQuery
from api.schemas.checks import CandidateResponse
from api.schemas.common import CorrectionRequest, DocumentResponse, FirearmRequest, MarkRequest
from salsa_ext.core import codes
from salsa_ext.documents.queries import DocumentView, MatchedDocument
from salsa_ext.documents.values import SeizureData
from salsa_ext.firearms.marks.values import Firearm


class SeizedItemRequest(DeclaredRequest):
    """Seized gun, part or lot."""

    value, needed = Firearm, ("line",)


class SeizureRequest(DeclaredRequest):
    """Firearms seized, found or surrendered on one occasion."""

    value = SeizureData


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


class SeizureResponse(DocumentResponse):
    """One version of a seizure."""

    value = SeizureData

    joint = fields.Nested(JointSeizureResponse, allow_none=True)

    def frame(self, answer: Any, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the joint seizure of another state."""
        return super().frame(answer, view) | {"joint": view.joint if view.may("remarks") else None}


class SeizureMatchedResponse(SeizureResponse):
    """New version of a seizure with its matches."""

    matches = fields.List(fields.Nested(ItemMatchesResponse), required=True)

    def frame(self, answer: MatchedDocument, view: DocumentView) -> dict[str, Any]:
        """Return the frame, with the matches."""
        return super().frame(answer, view) | {"matches": answer.matches}


class SeizureQuery(ListQuery):
    """Filter of seizures."""

    kind = Code(codes.SEIZURE_KINDS)
    number = Text(most=100)
    occurred_on = Day()
    post = PostCode()
