"""Public keys as a JWK set (RFC 7517, RFC 8037): what is handed out for checking without a network."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from salsa_ext.values.tokens import PublicKey


def jwk(key: PublicKey, valid_from: datetime, retired_at: datetime | None) -> dict[str, Any]:
    """Return a key of a set, with the state whose it is and since and until when it signed."""
    return {
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.kid,
        "x": base64.urlsafe_b64encode(key.raw).rstrip(b"=").decode(), "state": key.state,
        "valid_from": valid_from, "retired_at": retired_at, "compromised_at": key.compromised_at,
    }  # fmt: skip


def keys_of(document: Any) -> dict[str, PublicKey]:
    """Return the keys of a set by their ids; raises ValueError for what is no such set."""
    if not isinstance(document, Mapping) or not isinstance(document.get("keys"), list):
        raise ValueError("no JWK set")
    return {key.kid: key for key in _keys(document["keys"])}


def _keys(listed: Iterable[Any]) -> Iterable[PublicKey]:
    try:
        for told in listed:
            raw = base64.urlsafe_b64decode(told["x"] + "=")
            since = told.get("compromised_at")
            moment = datetime.fromisoformat(since) if since else None
            yield PublicKey(str(told["kid"]), str(told["state"]), raw, moment)
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError("no key of a JWK set") from error
