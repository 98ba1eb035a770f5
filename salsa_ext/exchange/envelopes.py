"""Envelopes: signed messages between states, in one canonical form.

    {"body":{…},"case_number":"…","created_at":"…","id":"…","in_reply_to":null,"kind":"trace.request",
     "previous":null,"recipient":"PRY","request_hash":null,"sender":"BRA","sequence":1,
     "signature":{"kid":"BRA-2026-1A2B3C4D","value":"…"},"version":1}

The bytes are canonical JSON (RFC 8785); bytes that express the same in another way are refused. The
hash of an envelope is the SHA-256 of the canonical form of all fields but `signature`. The
signature is Ed25519 (RFC 8032) over SIGNING_CONTEXT and that form, so a state whose key was stolen
can sign its envelopes again with the next key without changing a hash of the chain.
docs/envelopes.md has the format field by field. Bodies hold ids, codes and what a case needs: no
personal value of a party.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, NoReturn
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from salsa_ext.access.paper_tokens import PublicKey
from salsa_ext.core.errors import EnvelopeRefused

VERSION: Final = 1
MAX_BYTES: Final = 1_000_000
MAX_NUMBER: Final = 2**53 - 1
"""Largest integer that every JSON reader reads exactly (RFC 8785, I-JSON)."""
MIN_FRACTION: Final = 1e-4
"""Python writes smaller numbers with an exponent; the standard does not yet."""
SIGNING_CONTEXT: Final = b"SALSA-ENVELOPE-1\n"
"""Prefix of signed bytes: signatures of papers are invalid for envelopes."""
REFUSED_KIND: Final = "delivery.refused"
"""Kind of a message that reports a refusal, with the code."""
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S.%fZ"
PLAIN_FIELDS: Final = (
    "version kind case_number sender recipient sequence previous request_hash body".split()
)
"""Fields of an envelope that equal those in its bytes."""

Signer = Callable[[str], tuple[str, Ed25519PrivateKey]]
"""Returns the current signing key of a state, with its id."""
KeyLookup = Callable[[str | None], Mapping[str, PublicKey]]
"""Returns the public key with an id, by id; empty if unknown."""


@dataclass(frozen=True)
class Envelope:
    """One message between two states.

    `sequence` counts from 1 in each ordered pair of states; `previous` is the hash of the envelope
    before it. `created_at` is the sender's clock and decides nothing. `hash` is hexadecimal.
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
    def audit_data(self) -> dict[str, Any]:
        """Return what the audit stores of it.

        A refusal does not list the agencies that its case is restricted for, so it has no case
        number. `about` is the leg or trace, or the traces of a consent, for restrictions; the body
        of a refused envelope may hold anything there, which counts as none.
        """
        traces = self.body.get("about")
        named = (
            traces if isinstance(traces, list) else [self.body.get("leg", self.body.get("trace"))]
        )
        try:
            subjects = [str(UUID(str(subject))) for subject in named]
        except ValueError:
            subjects = []
        return {
            "kind": self.kind,
            "sequence": self.sequence,
            "case_number": None if self.kind == REFUSED_KIND else self.case_number,
            "hash": self.hash,
            "about": subjects,
        }

    @cached_property
    def content(self) -> bytes:
        """Return the canonical form of all fields but the signature."""
        fields = {name: getattr(self, name) for name in PLAIN_FIELDS}
        return _canonical_fields(
            fields
            | {
                "id": str(self.id),
                "in_reply_to": str(self.in_reply_to) if self.in_reply_to else None,
                "created_at": self.created_at.astimezone(UTC).strftime(TIME_FORMAT),
            }
        )

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the content, the permanent name of this envelope."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def raw(self) -> bytes:
        """Return the bytes to send; raises AssertionError if it is not signed."""
        assert self.kid, "not signed"
        value = base64.urlsafe_b64encode(self.signature).rstrip(b"=")
        return _insert_signature(self.content, self.kid.encode(), value)


@dataclass(frozen=True)
class EnvelopeData:
    """The contents of an envelope to send; the outbox seals it.

    `kind` is such as `trace.request`; `in_reply_to` is the envelope with the request that it
    answers. Neither the case number nor the body holds a personal value.
    """

    kind: str
    case_number: str
    recipient: str
    body: Mapping[str, Any]
    in_reply_to: Envelope | None = None


def sign(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the envelope signed with the sender's current key."""
    kid, key = signer(envelope.sender)
    signed = replace(envelope, kid=kid, signature=key.sign(SIGNING_CONTEXT + envelope.content))
    signed.__dict__["content"] = envelope.content  # does not include the signature
    return signed


def seal(envelope: Envelope, signer: Signer) -> Envelope:
    """Return the envelope signed and checked as its recipient will.

    Raises EnvelopeRefused for an envelope that every recipient would refuse: too large, or a field
    or the body is malformed.
    """
    return parse(sign(envelope, signer).raw)


def parse(raw: bytes) -> Envelope:
    """Read an unverified envelope; EnvelopeRefused: too_large, malformed, unknown_version, not_canonical."""
    if len(raw) > MAX_BYTES:
        raise EnvelopeRefused("too_large", field=str(MAX_BYTES))
    fields = _checked_fields(raw)
    signature = fields.pop("signature")
    content = _canonical_fields(fields)
    if _insert_signature(content, signature["kid"].encode(), signature["value"].encode()) != raw:
        raise EnvelopeRefused("not_canonical")
    return _build_envelope(fields, signature, content=content, raw=raw)


def from_stored(raw: bytes, digest: str) -> Envelope:
    """Read stored bytes that `parse` checked before, with their stored hash."""
    fields = json.loads(raw)
    return _build_envelope(fields, fields.pop("signature"), raw=raw, hash=digest)


def verify_signature(envelope: Envelope, keys: KeyLookup, received_at: datetime | None) -> None:
    """Check the signature with the sender's public keys; retired keys are valid.

    An envelope received at or after the moment from which its key was compromised is refused: the
    recipient's clock counts, not `created_at`. `received_at` is None for a stored envelope, which
    is checked at its own time.

    Raises EnvelopeRefused: `unknown_key`, `bad_signature`, `compromised_key`.
    """
    key = keys(envelope.kid).get(envelope.kid)
    if key is None or key.state != envelope.sender:
        raise EnvelopeRefused("unknown_key", field=envelope.kid)
    try:
        public = Ed25519PublicKey.from_public_bytes(key.raw)
        public.verify(envelope.signature, SIGNING_CONTEXT + envelope.content)
    except (InvalidSignature, ValueError):
        raise EnvelopeRefused("bad_signature", field=envelope.sender) from None
    if key.compromised_at and (received_at or envelope.created_at) >= key.compromised_at:
        raise EnvelopeRefused("compromised_key", field=key.kid)


def canonical_json(value: Any) -> bytes:
    """Return the canonical bytes (RFC 8785) of a JSON value.

    Written by the standard library where both agree: `rfc8785` visits every value in Python and
    takes several times as long. Raises ValueError or RecursionError for what is no JSON value.
    """
    try:
        plain = _plain_value(value)
    except _NotPlain:
        return rfc8785.dumps(value)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


class _NotPlain(Exception):
    """The standard library writes this differently, or accepts what RFC 8785 refuses."""


def _plain_value(value: Any) -> Any:
    """Return the value with numbers that the standard library writes canonically."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        if not all(type(name) is str and name.isascii() for name in value):
            raise _NotPlain  # other names are ordered by their UTF-16
        return {name: _plain_value(item) for name, item in value.items()}
    if kind is list or kind is tuple:
        return [_plain_value(item) for item in value]
    is_whole = kind is int or (kind is float and value.is_integer())
    if is_whole and -MAX_NUMBER <= value <= MAX_NUMBER:
        return int(value)  # 12.0 is 12, and -0.0 is 0
    if kind is float and MIN_FRACTION <= abs(value) <= MAX_NUMBER:
        return float(value)
    raise _NotPlain


def _canonical_fields(fields: dict[str, Any]) -> bytes:
    try:
        return canonical_json(fields)
    except (ValueError, RecursionError):  # too large a number, half a character, too deep
        raise EnvelopeRefused("malformed", field="body") from None


def _insert_signature(content: bytes, kid: bytes, value: bytes) -> bytes:
    """Insert the signature at its sorted place, between `sequence` and `version`."""
    head, version, tail = content.rpartition(b',"version":')
    return head + b',"signature":{"kid":"' + kid + b'","value":"' + value + b'"}' + version + tail


def _build_envelope(
    fields: Mapping[str, Any], signature: Mapping[str, str], **cached: Any
) -> Envelope:
    """Build an envelope from checked fields and known values of cached properties."""
    in_reply_to = fields["in_reply_to"]
    envelope = Envelope(
        **{name: fields[name] for name in PLAIN_FIELDS},
        id=UUID(fields["id"]),
        in_reply_to=UUID(in_reply_to) if in_reply_to else None,
        created_at=datetime.strptime(fields["created_at"], TIME_FORMAT).replace(tzinfo=UTC),
        kid=signature["kid"],
        signature=base64.urlsafe_b64decode(signature["value"] + "=="),
    )
    envelope.__dict__.update(cached)
    return envelope


def _checked_fields(raw: bytes) -> dict[str, Any]:
    """Return an envelope's fields, each checked; EnvelopeRefused: malformed, unknown_version."""
    try:
        fields = json.loads(
            raw.decode(), parse_constant=_refuse_constant, object_pairs_hook=_refuse_duplicates
        )
    except (ValueError, RecursionError):
        fields = None
    _check_field("JSON", isinstance(fields, dict))
    version = fields.get("version")
    if type(version) is int and version != VERSION:
        raise EnvelopeRefused("unknown_version", field=str(version))
    _check_field("version", _is_count(version))
    for name in sorted(fields.keys() ^ FIELD_CHECKS.keys()):
        _check_field(name, False)
    for name, is_valid in FIELD_CHECKS.items():
        _check_field(name, is_valid(fields[name]))
    _check_field("recipient", fields["recipient"] != fields["sender"])
    _check_field("previous", (fields["previous"] is None) == (fields["sequence"] == 1))
    _check_field(
        "request_hash", (fields["request_hash"] is None) == (fields["in_reply_to"] is None)
    )
    return dict(fields)


def _check_field(name: str, is_valid: bool) -> None:
    if not is_valid:
        raise EnvelopeRefused("malformed", field=name[:60])


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse duplicate names: JSON readers disagree which one counts."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate name")
    return fields


def is_case_number(value: Any) -> bool:
    """Return whether a value is a printable line of 1–100 characters."""
    return isinstance(value, str) and 0 < len(value) <= 100 and value.isprintable()


def _matches(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def _optional(is_valid: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or is_valid(value)


def _is_id(value: Any) -> bool:
    """Return whether a value is a canonical UUID of version 7."""
    try:
        parsed = UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return str(parsed) == value and parsed.version == 7


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= MAX_NUMBER


def _is_time(value: Any) -> bool:
    """Return whether a value is a moment in the one way that TIME_FORMAT writes it."""
    try:
        written = datetime.strptime(value, TIME_FORMAT).strftime(TIME_FORMAT)  # noqa: DTZ007
    except (ValueError, TypeError):
        return False
    return bool(written == value)


def _is_signature(value: Any) -> bool:
    """Return whether a value is a key id and a canonical signature."""
    if not isinstance(value, dict) or value.keys() != {"kid", "value"}:
        return False
    if not (_is_key_id(value["kid"]) and _is_base64(value["value"])):
        return False
    decoded = base64.urlsafe_b64decode(value["value"] + "==")
    return bool(base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() == value["value"])


_is_kind = _matches(r"(?=.{1,60}$)[a-z][a-z_]*(\.[a-z][a-z_]*)+")
_is_state, _is_hash = _matches(r"[A-Z]{3}"), _matches(r"[0-9a-f]{64}")
_is_key_id = _matches(r"[A-Z]{3}-[0-9]{4}-[0-9A-F]{8}")
_is_base64 = _matches(r"[A-Za-z0-9_-]{86}")
FIELD_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "version": _is_count,
    "id": _is_id,
    "kind": _is_kind,
    "case_number": is_case_number,
    "sender": _is_state,
    "recipient": _is_state,
    "sequence": _is_count,
    "previous": _optional(_is_hash),
    "in_reply_to": _optional(_is_id),
    "request_hash": _optional(_is_hash),
    "created_at": _is_time,
    "body": lambda value: isinstance(value, dict),
    "signature": _is_signature,
}
"""Check of each field of version 1; all required, no others."""
