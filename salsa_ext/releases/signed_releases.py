"""What of a release is signed, and the check without a database and without a network."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from salsa_ext.access.paper_tokens import PublicKey, facts_digest


class NotProven(Exception):
    """A release is not as it was signed."""


def sign_release(
    release: Mapping[str, Any], digests: Mapping[str, str], key: Ed25519PrivateKey
) -> str:
    """Return the signature (base64url) of a release with the digests of its tables."""
    return base64.urlsafe_b64encode(key.sign(_statement(release, digests))).decode()


def _statement(release: Mapping[str, Any], digests: Mapping[str, str]) -> bytes:
    fields = ("year", "number", "note", "published_at", "coverage", "changes")
    signed = {name: release[name] for name in fields} | {"id": str(release["id"])}
    return facts_digest(signed | {"tables": digests}).encode()


def verify_release(document: Mapping[str, Any], keys: Mapping[str, PublicKey]) -> PublicKey:
    """Return the key that signed a release as clients get it; raises NotProven."""
    try:
        digests = {
            table["code"]: facts_digest({name: table[name] for name in ("columns", "rows")})
            for table in document["tables"]
        }
        at = datetime.fromisoformat(document["published_at"])
        signed = _statement({**document, "published_at": at}, digests)
        signature = base64.urlsafe_b64decode(document["signature"])
        key = keys.get(document["kid"])
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        raise NotProven("it is no published release as the service gives it") from None
    if key is None:
        raise NotProven("its key is not in the file of keys")
    if key.compromised_at and at >= key.compromised_at:
        raise NotProven("its key was stolen before it was signed")
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed)
    except InvalidSignature:
        raise NotProven("it was altered after it was signed") from None
    return key
