"""Requests and answers about what became of seized guns."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from api.http.fields.declared import request_schema
from api.http.fields.scalars import Code
from api.http.fields.schemas import Nested, RequestSchema
from api.i18n.messages import translate_event
from api.schemas.common import FramedResponse, row_fields
from salsa_ext.core import codes
from salsa_ext.core.errors import message
from salsa_ext.custody.entries import CustodyRow
from salsa_ext.custody.queries import EntryView
from salsa_ext.custody.values import ENTRY_CLASSES, DispositionData, HandoverData, OriginData

HandoverRequest = request_schema(HandoverData)


DispositionRequest = request_schema(DispositionData)


OriginRequest = request_schema(OriginData)


class CustodyRowRequest(RequestSchema):
    """A row of a batch: what became of items of one seizure, one of three kinds."""

    seizure = fields.UUID(required=True)
    handover = Nested(HandoverRequest)
    disposition = Nested(DispositionRequest)
    origin = Nested(OriginRequest)

    @validates_schema
    def _check_kind(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 2:
            raise ValidationError([message("One of: {choices}.", choices=", ".join(ENTRY_CLASSES))])

    def build(self, data: dict[str, Any]) -> CustodyRow:
        """Return the seizure with the entry."""
        seizure = data.pop("seizure")
        [entry] = data.values()
        return CustodyRow(seizure, entry)


class EntryResponse(FramedResponse):
    """Entry in the file of a seized gun; `officer` is the number of who made it."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    status = Code(codes.DOCUMENT_STATUSES, required=True)
    agency = fields.String(required=True, allow_none=True)
    officer = fields.String(required=True, allow_none=True)
    recorded_at = fields.DateTime(required=True)
    reason = fields.String(required=True, allow_none=True)

    def frame(self, answer: Any, view: EntryView) -> dict[str, Any]:
        """Return the fields that are not declared."""
        return row_fields(view.row) | {"officer": view.officer}


class HandoverResponse(EntryResponse):
    """A hand-over."""

    value = HandoverData


class DispositionResponse(EntryResponse):
    """A disposition; `transfer` is the one by which it ended the custody."""

    value = DispositionData

    transfer = fields.UUID(attribute="transfer_id", required=True, allow_none=True)


class OriginResponse(EntryResponse):
    """An established origin."""

    value = OriginData


class CustodyFindingResponse(Schema):
    """What does not fit in a chain of custody; `entry` is the hand-over where it shows."""

    code = Code(codes.CUSTODY_FINDINGS, required=True)
    entry = fields.UUID(required=True)
    text = fields.Function(lambda finding: translate_event(finding.text), required=True)


class ItemCustodyResponse(Schema):
    """What became of an item: entries by kind, in order of time.

    `holder` is who has it; null after the end of its custody.
    """

    line = fields.Integer(required=True)
    record = fields.UUID(required=True)
    in_custody = fields.Boolean(attribute="is_in_custody", required=True)
    holder = fields.String(required=True, allow_none=True)
    handovers = fields.List(fields.Nested(HandoverResponse), required=True)
    findings = fields.List(
        fields.Nested(CustodyFindingResponse), attribute="chain.findings", required=True
    )
    dispositions = fields.List(fields.Nested(DispositionResponse), required=True)
    origins = fields.List(fields.Nested(OriginResponse), required=True)


class CustodyResponse(Schema):
    """What became of the items of a seizure, by line."""

    seizure = fields.UUID(attribute="seizure_id", required=True)
    items = fields.List(fields.Nested(ItemCustodyResponse), required=True)
