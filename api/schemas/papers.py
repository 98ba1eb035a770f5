"""Schemas of papers: verification, signing keys, forms of traces, reports."""

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.scalars import Code, StateCode, Text
from api.http.fields.schemas import RequestSchema
from api.i18n.messages import LazyMessage
from api.schemas.trade.permits import PermitResponse
from api.schemas.trade.shipments import ShipmentResponse
from salsa_ext.access.paper_tokens import MAX_TOKEN_LENGTH, PAPER_KINDS
from salsa_ext.core import codes
from salsa_ext.papers.commands import Verification

VERDICTS = ("valid", "altered", "unknown_key", "malformed", "not_valid", "compromised_key")


class TokenRequest(RequestSchema):
    """Content of a paper's QR code."""

    token = Text(
        most=MAX_TOKEN_LENGTH,
        required=True,
        error_messages={
            "empty": LazyMessage("Send the text of the paper's QR code, which begins with SALSA1.")
        },
    )


class VerificationResponse(Schema):
    """Verdict on a token and current validity of the paper."""

    verdict = Code(VERDICTS, required=True)
    kid = fields.String(allow_none=True)
    state = StateCode(allow_none=True)
    kind = Code(PAPER_KINDS, allow_none=True)
    number = fields.String(allow_none=True)
    issued_on = fields.Date(allow_none=True)
    valid_through = fields.Date(allow_none=True)
    version = fields.Integer(allow_none=True)
    exporting_state = StateCode(allow_none=True)
    importing_state = StateCode(allow_none=True)
    quantities = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    signed_at = fields.DateTime(allow_none=True)
    status = Code(
        tuple(
            dict.fromkeys((*codes.PERMIT_STATUSES, *codes.SHIPMENT_STATUSES, "signed", "corrected"))
        ),
        allow_none=True,
    )
    paper = Code(("current", "superseded", "not_recorded"), allow_none=True)
    permit = fields.Nested(PermitResponse, allow_none=True)
    shipment = fields.Nested(ShipmentResponse, allow_none=True)

    @pre_dump
    def _present(self, view: Verification, **_: Any) -> dict[str, Any]:
        return (vars(view.claims) if view.claims else {}) | vars(view)


class SigningKeyResponse(Schema):
    """A state's public key (RFC 8037)."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    alg = fields.String(required=True)
    use = fields.String(required=True)
    kid = fields.String(required=True)
    x = fields.String(required=True)
    state = StateCode(required=True)
    valid_from = fields.DateTime(required=True)
    retired_at = fields.DateTime(allow_none=True)
    compromised_at = fields.DateTime(allow_none=True)


class SigningKeySetResponse(Schema):
    """A JWK set (RFC 7517)."""

    keys = fields.List(fields.Nested(SigningKeyResponse), required=True)


class FormQuery(RequestSchema):
    """Channel by which the form goes; by default the first outside the service.

    In `form_language`, by default English to ATF, and else the language of the asked state.
    """

    channel = Code(codes.OTHER_CHANNELS)
    form_language = Code(codes.LANGUAGES)


class FormFieldsQuery(RequestSchema):
    """Format of the fields: JSON or CSV."""

    format = Code(("json", "csv"))


class FormFieldResponse(Schema):
    """Field of the form by part and item; empty if unknown."""

    part = fields.String(required=True)
    item = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    required = fields.Boolean(required=True)
    value = fields.String(required=True, allow_none=True)


class FormFieldsResponse(Schema):
    """Fields of ATF F 3312.1 for a leg, in form order."""

    form = fields.String(required=True)
    leg = fields.UUID(required=True)
    fields_ = fields.List(
        fields.Nested(FormFieldResponse), attribute="fields", data_key="fields", required=True
    )
    missing = fields.List(fields.String(), required=True)


class WorkingGunResponse(FormFieldsResponse):
    """Fields of ATF F 3312.1 for one gun of a seizure."""

    trace = fields.UUID(required=True)
    line = fields.Integer(required=True)


class WorkingFileResponse(Schema):
    """Fields of ATF F 3312.1 for all guns of a seizure that are asked about by eTrace."""

    form = fields.String(required=True)
    guns = fields.List(fields.Nested(WorkingGunResponse), required=True)


class ReportHashRequest(RequestSchema):
    """Hexadecimal SHA-256 of a report's content or file."""

    sha256 = Text(most=400, required=True)


class ReportVerdictResponse(Schema):
    """Whether the hash is known, of the content or the file, and since when."""

    known = fields.Boolean(required=True)
    hash_of = Code(("content", "file"), attribute="kind", required=True, allow_none=True)
    created_at = fields.DateTime(attribute="made_at", required=True, allow_none=True)
    language = Code(codes.LANGUAGES, required=True, allow_none=True)
