"""Schemas of checkpoints and proofs of the sealed log."""

from __future__ import annotations

import base64
from typing import Any

from marshmallow import Schema, fields

from api.http.fields.codes import StateCode


class Base64(fields.Field[bytes]):
    """Bytes as base64."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return base64.b64encode(value).decode()


class SealedRootResponse(Schema):
    """Signed root of a state's log (C2SP signed note)."""

    state = StateCode(required=True)
    size = fields.Integer(required=True)
    note = fields.String(required=True)


class InclusionProofResponse(Schema):
    """Inclusion proof of an audit entry (RFC 9162): hashes from the leaf to the root."""

    entry = fields.UUID(attribute="entry_id", required=True)
    position = fields.Integer(required=True)
    leaf = Base64(required=True)
    hashes = fields.List(Base64(), required=True)
    checkpoint = fields.String(required=True)
