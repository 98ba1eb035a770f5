"""An envelope: what one state says to another, signed, in one way of writing it.

    {"body":{…},"case_number":"…","created_at":"…","id":"…","in_reply_to":null,"kind":"trace.request",
     "previous":null,"recipient":"PRY","request_hash":null,"sender":"BRA","sequence":1,
     "signature":{"kid":"BRA-2026-1A2B3C4D","value":"…"},"version":1}

The bytes are canonical JSON (RFC 8785), and bytes that say the same in another way are refused. The
hash of an envelope is the SHA-256 of the canonical form of all its fields but `signature`; the
signature is Ed25519 (RFC 8032) over CONTEXT and that form. A state whose key was stolen can so sign
its letters again by the next key, and no hash of the chain changes. docs/envelopes.md has it field by
field. Bodies hold ids, codes and what a case needs: no personal value of a party.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from salsa_ext.errors import EnvelopeRefused
from salsa_ext.messages.canonical import canonical
from salsa_ext.messages.strictness import MOMENT, parse_fields
from salsa_ext.values.tokens import PublicKey

VERSION: Final = 1
MOST_BYTES: Final = 1_000_000
CONTEXT: Final = b"SALSA-ENVELOPE-1\n"
"""Stands before what is signed, so that no signature of a paper passes for one of an envelope."""
REFUSED: Final = "delivery.refused"
"""The kind by which a recipient tells that it set an envelope aside; its body has the code."""
PLAIN: Final = ("version", "kind", "case_number", "sender", "recipient", "sequence", "previous",
                "request_hash", "body")  # fmt: skip
"""Fields that are in an envelope as they are in its bytes."""

Signer = Callable[[str], tuple[str, Ed25519PrivateKey]]
"""From a state to the key by which it signs now, with the key's id."""
Keys = Callable[[str | None], Mapping[str, PublicKey]]
"""From a key's id to that key by its id; to nothing where there is none."""


@dataclass(frozen=True)
class Letter:
    """What a state wants to say to another; the outbox makes an envelope of it.

    `kind` is such as `trace.request`, `in_reply_to` the request that it answers. Neither the case
    number nor the body holds a personal value.
    """

    kind: str
    case_number: str
    recipient: str
    body: Mapping[str, Any]
    in_reply_to: Envelope | None = None


@dataclass(frozen=True)
class Envelope:
    """One message, as its recipient reads it.

    `sequence` counts from 1 in each ordered pair of states, and `previous` is the hash of the one
    before it. `created_at` is the sender's clock and decides nothing. `hash` is in hexadecimal.
    """

    id: UUID
    kind: str
    case_number: str
    sender: str
    recipient: str
    sequence: int
    previous: str | None
    in_reply_to: UUID | None
    request_hash: str | None
    created_at: datetime
    body: Mapping[str, Any]
    version: int = VERSION
    kid: str = field(default="", compare=False)
    signature: bytes = field(default=b"", compare=False, repr=False)

    @property
    def about(self) -> list[str]:
        """Return the leg or the trace of which it speaks: who must not see that, sees nothing of it.

        A letter that is refused may say anything there, which is about nothing.
        """
        try:
            return [str(UUID(str(self.body.get("leg") or self.body.get("trace"))))]
        except ValueError:
            return []

    @property
    def told_case(self) -> str | None:
        """Return its case as it is written down: not that of a refusal, which says not from whom it is kept."""
        return None if self.kind == REFUSED else self.case_number

    @cached_property
    def content(self) -> bytes:
        """Return the canonical form of all fields but the signature."""
        return _canonical(self._fields())

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the content, which names this envelope for good."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def raw(self) -> bytes:
        """Return the bytes that are sent; raises AssertionError for one that is not signed."""
        assert self.kid, "not signed"
        value = base64.urlsafe_b64encode(self.signature).rstrip(b"=")
        return _join(self.content, self.kid.encode(), value)

    def _fields(self) -> dict[str, Any]:
        return {
            "version": self.version, "id": str(self.id), "kind": self.kind,
            "case_number": self.case_number, "sender": self.sender, "recipient": self.recipient,
            "sequence": self.sequence, "previous": self.previous,
            "in_reply_to": str(self.in_reply_to) if self.in_reply_to else None,
            "request_hash": self.request_hash,
            "created_at": self.created_at.astimezone(UTC).strftime(MOMENT),
            "body": self.body,
        }  # fmt: skip


def seal(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the envelope, signed by its sender.

    Raises EnvelopeRefused for one that no recipient would take: too large, or a field or body that
    is not as the format wants it.
    """
    signed = _sign(envelope, signer)
    return parse(signed.raw)


def sign_again(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the same envelope by the key of now: that of before was reported stolen meanwhile."""
    return _sign(envelope, signer)


def parse(raw: bytes) -> Envelope:
    """Read the bytes of an envelope; its signature is not checked.

    Raises EnvelopeRefused: `too_large`, `malformed` (with the field), `unknown_version`,
    `not_canonical`.
    """
    if len(raw) > MOST_BYTES:
        raise EnvelopeRefused("too_large", field=str(MOST_BYTES))
    told = parse_fields(raw)
    signed = told.pop("signature")
    content = _canonical(told)
    if _join(content, signed["kid"].encode(), signed["value"].encode()) != raw:
        raise EnvelopeRefused("not_canonical")
    return _envelope(told, signed, content=content, raw=raw)


def kept(raw: bytes, digest: str) -> Envelope:
    """Read bytes that `parse` has read before they were kept, with the hash that it found."""
    told = json.loads(raw)
    return _envelope(told, told.pop("signature"), raw=raw, hash=digest)


def verify(envelope: Envelope, keys: Keys, received_at: datetime | None) -> None:
    """Check the signature by the sender's public keys; a retired key still verifies.

    By a key that was reported stolen, nothing is taken that comes at or after the moment from which
    it was: the hour that counts is the recipient's, not the one that the envelope gives.
    `received_at` is None for an envelope that was kept, which is judged by its own hour.

    Raises EnvelopeRefused: `unknown_key`, `bad_signature`, `compromised_key`.
    """
    key = keys(envelope.kid).get(envelope.kid)
    if key is None or key.state != envelope.sender:
        raise EnvelopeRefused("unknown_key", field=envelope.kid)
    try:
        public = Ed25519PublicKey.from_public_bytes(key.raw)
        public.verify(envelope.signature, CONTEXT + envelope.content)
    except (InvalidSignature, ValueError):
        raise EnvelopeRefused("bad_signature", field=envelope.sender) from None
    if key.compromised_at and (received_at or envelope.created_at) >= key.compromised_at:
        raise EnvelopeRefused("compromised_key", field=key.kid)


def _sign(envelope: Envelope, signer: Signer) -> Envelope:
    kid, key = signer(envelope.sender)
    signed = replace(envelope, kid=kid, signature=key.sign(CONTEXT + envelope.content))
    signed.__dict__["content"] = envelope.content  # which no signature is part of
    return signed


def _canonical(fields: Mapping[str, Any]) -> bytes:
    try:
        return canonical(dict(fields))
    except (ValueError, RecursionError):  # too large a number, half a character, too deep
        raise EnvelopeRefused("malformed", field="body") from None


def _join(content: bytes, kid: bytes, value: bytes) -> bytes:
    """Put the signature where the order of names wants it: between `sequence` and `version`."""
    head, version, tail = content.rpartition(b',"version":')
    return head + b',"signature":{"kid":"' + kid + b'","value":"' + value + b'"}' + version + tail


def _envelope(told: Mapping[str, Any], signed: Mapping[str, str], **written: Any) -> Envelope:
    """Return what fields say that were checked one by one, with the bytes that are known already."""
    answered = told["in_reply_to"]
    moment = datetime.strptime(told["created_at"], MOMENT).replace(tzinfo=UTC)
    plain = {name: told[name] for name in PLAIN}
    read = Envelope(
        **plain, id=UUID(told["id"]), in_reply_to=UUID(answered) if answered else None,
        created_at=moment, kid=signed["kid"],
        signature=base64.urlsafe_b64decode(signed["value"] + "=="),
    )  # fmt: skip
    read.__dict__.update(written)
    return read
