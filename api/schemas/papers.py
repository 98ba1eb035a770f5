"""Schemas of paper verification and signing keys."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, pre_dump

from api.http.fields.schemas import RequestSchema
from api.http.fields.texts import Text
from api.i18n.messages import LazyMessage
from api.schemas.permits import PermitResponse
from api.schemas.shipments import ShipmentResponse
from salsa_ext.access.paper_tokens import MAX_TOKEN_LENGTH
from salsa_ext.papers.commands import Verification

VERDICTS = ("valid", "altered", "unknown_key", "malformed", "not_standing", "compromised_key")


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

    verdict = fields.String(required=True, metadata={"enum": list(VERDICTS)})
    kid = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    kind = fields.String(allow_none=True)
    number = fields.String(allow_none=True)
    issued_on = fields.Date(allow_none=True)
    valid_through = fields.Date(allow_none=True)
    version = fields.Integer(allow_none=True)
    exporting_state = fields.String(allow_none=True)
    importing_state = fields.String(allow_none=True)
    quantities = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    signed_at = fields.DateTime(allow_none=True)
    status = fields.String(allow_none=True)
    paper = fields.String(
        allow_none=True, metadata={"enum": ["current", "superseded", "not_recorded", None]}
    )
    permit = fields.Nested(PermitResponse, allow_none=True)
    shipment = fields.Nested(ShipmentResponse, allow_none=True)

    @pre_dump
    def _present(self, found: Verification, **_: Any) -> dict[str, Any]:
        return (vars(found.claims) if found.claims else {}) | vars(found)


class SigningKeyResponse(Schema):
    """A state's public key (RFC 8037)."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    alg = fields.String(required=True)
    use = fields.String(required=True)
    kid = fields.String(required=True)
    x = fields.String(required=True)
    state = fields.String(required=True)
    valid_from = fields.DateTime(required=True)
    retired_at = fields.DateTime(allow_none=True)
    compromised_at = fields.DateTime(allow_none=True)


class SigningKeySetResponse(Schema):
    """A JWK set (RFC 7517)."""

    keys = fields.List(fields.Nested(SigningKeyResponse), required=True)
