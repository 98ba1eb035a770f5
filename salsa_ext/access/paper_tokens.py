"""Signed token of a paper's QR code; pure, no database.

    SALSA1.<kid>.<payload>.<signature>

The signature (Ed25519, 64 bytes) covers the ASCII bytes before the last dot: version, key and
payload. Payload (JSON in UTF-8) and signature are base32 (RFC 4648) without padding, so a token has
only capitals, digits, dots and hyphens, which a QR code stores at 5.5 bits a character: version 13
(69 modules a side) for a payload of 206 bytes, where base64url gives version 15 (77). Base45 gives
13 too, but has blanks, dots and slashes, which do not survive copying, and no decoder in the
standard library. Each token has exactly one spelling; others are refused, so no byte can be
changed.

Fields of the payload:

    s  state that issued the paper            k  kind: one of PAPER_KINDS
    n  number                                 i  day of issue, YYYY-MM-DD
    d  last day of validity                   v  version of the record when printed
    x  exporting state                        m  importing state
    q  total quantity by category, as text; `category:unit` where the unit is not pieces
    h  digest of the paper's face (see `facts_digest`)
    t  moment of signing, UTC, to the second

The payload holds no name, address or other personal value.
"""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

TOKEN_PREFIX: Final = "SALSA1"  # noqa: S105 - names the format
MAX_TOKEN_LENGTH: Final = 2000
TOKEN_PATTERN: Final = re.compile(
    r"SALSA1\.((?:[A-Z]{3}|---)-[0-9]{4}-[0-9A-F]{8})\.([A-Z2-7]+)\.([A-Z2-7]+)"
)
PAPER_KINDS: Final = (
    *("import", "in_transit", "export", "attachment", "delivery_verification"),
    "annual_report",
)

Verdict = Literal["valid", "malformed", "unknown_key", "altered", "compromised_key"]


@dataclass(frozen=True)
class Claims:
    """Content of a token about its paper."""

    state: str
    kind: str
    number: str
    issued_on: date
    valid_through: date
    version: int
    exporting_state: str
    importing_state: str
    quantities: Mapping[str, str]
    digest: str
    signed_at: datetime


@dataclass(frozen=True)
class PublicKey:
    """Public key of a state; `raw` are its 32 bytes."""

    kid: str
    state: str
    raw: bytes
    compromised_at: datetime | None = None


@dataclass(frozen=True)
class TokenCheck:
    """Result of checking a token; `claims` only with a valid signature."""

    verdict: Verdict
    claims: Claims | None = None
    key: PublicKey | None = None


CLAIM_LETTERS: Final = dict(
    zip((field.name for field in fields(Claims)), "sknidvxmqht", strict=True)
)  # the payload's letter of each claim


def key_id(state: str, year: int, public: bytes) -> str:
    """Return a key's id: state, year, 8 hex digits of its SHA-256."""
    return f"{state}-{year}-{hashlib.sha256(public).hexdigest()[:8].upper()}"


def facts_digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a paper's facts: 43 base64url characters.

    Canonical form: JSON in UTF-8, keys in order of code points, no blanks between tokens, no
    unneeded escapes; texts in NFC; dates as YYYY-MM-DD, times in UTC to the second; amounts as text
    without trailing zeros; absent values omitted.
    """
    digest = hashlib.sha256()
    for part in _canonical(facts):
        digest.update(part.encode())
    return _base64url(digest.digest())


def _canonical(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the canonical form in parts, long lists item by item."""
    given = sorted(name for name, value in facts.items() if value is not None)
    for index, name in enumerate(given):
        value = facts[name]
        yield f"{',' if index else '{'}{_canonical_json(name)}:"
        if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
            yield from _canonical_list(value)
        else:
            yield _canonical_json(value)
    yield "}" if given else "{}"


def _canonical_list(listed: Iterable[Any]) -> Iterator[str]:
    yield "["
    for index, entry in enumerate(listed):
        yield f"{',' if index else ''}{_canonical_json(entry)}"
    yield "]"


def _canonical_json(value: Any) -> str:
    return json.dumps(
        _canonical_value(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def sign_token(claims: Claims, kid: str, key: Ed25519PrivateKey) -> str:
    """Return the signed token of a paper."""
    values = {CLAIM_LETTERS[name]: value for name, value in asdict(claims).items()}
    payload = json.dumps(_canonical_value(values), separators=(",", ":"), ensure_ascii=False)
    signed = f"{TOKEN_PREFIX}.{kid}.{_base32(payload.encode())}"
    return f"{signed}.{_base32(key.sign(signed.encode()))}"


def token_key_id(text: str) -> str | None:
    """Return the key id in a token, or None if malformed."""
    match = TOKEN_PATTERN.fullmatch(text) if len(text) <= MAX_TOKEN_LENGTH else None
    return match[1] if match else None


def check_token(text: str, keys: Mapping[str, PublicKey]) -> TokenCheck:
    """Check a token against known keys; never raises. The caller strips surrounding whitespace."""
    match = TOKEN_PATTERN.fullmatch(text) if len(text) <= MAX_TOKEN_LENGTH else None
    if match is None:
        return TokenCheck("malformed")
    key = keys.get(match[1])
    if key is None:
        return TokenCheck("unknown_key")
    signed = text.rpartition(".")[0]
    payload, signature = _unbase32(match[2]), _unbase32(match[3])
    if payload is None or signature is None or not _is_signed(key, signature, signed):
        return TokenCheck("altered")
    claims = _parse_claims(payload)
    if claims is None or claims.state != key.state:
        return TokenCheck("malformed")
    if key.compromised_at and claims.signed_at >= key.compromised_at:
        return TokenCheck("compromised_key", claims, key)
    return TokenCheck("valid", claims, key)


def _is_signed(key: PublicKey, signature: bytes, signed: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _parse_claims(payload: bytes) -> Claims | None:
    """Return the claims, or None for an unknown payload."""
    try:
        content = json.loads(payload)
        values = {name: content[letter] for name, letter in CLAIM_LETTERS.items()}
        days = {name: date.fromisoformat(values[name]) for name in ("issued_on", "valid_through")}
        signed_at = datetime.strptime(values["signed_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if values["kind"] not in PAPER_KINDS or not isinstance(values["quantities"], dict):
        return None
    return Claims(**values | days | {"signed_at": signed_at})


def _canonical_value(value: Any) -> Any:
    match value:
        case Mapping():
            return {
                key: _canonical_value(inner) for key, inner in value.items() if inner is not None
            }
        case list() | tuple():
            return [_canonical_value(inner) for inner in value]
        case str():
            return unicodedata.normalize("NFC", value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
    return value


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).rstrip(b"=").decode()


def _unbase32(text: str) -> bytes | None:
    """Return the bytes, or None for a non-canonical spelling."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    return raw if _base32(raw) == text else None


def to_jwk(key: PublicKey, valid_from: datetime, retired_at: datetime | None) -> dict[str, Any]:
    """Return a key as JWK (RFC 7517, RFC 8037) with its state."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.kid,
        "x": base64.urlsafe_b64encode(key.raw).rstrip(b"=").decode(),
        "state": key.state,
        "valid_from": valid_from,
        "retired_at": retired_at,
        "compromised_at": key.compromised_at,
    }


def read_key_set(document: Any) -> dict[str, PublicKey]:
    """Return the keys of a JWK set by id; raises ValueError."""
    if not isinstance(document, Mapping) or not isinstance(document.get("keys"), list):
        raise ValueError("no JWK set")
    return {key.kid: key for key in _parse_keys(document["keys"])}


def _parse_keys(listed: Iterable[Any]) -> Iterable[PublicKey]:
    try:
        for key in listed:
            raw = base64.urlsafe_b64decode(key["x"] + "=")
            since = key.get("compromised_at")
            moment = datetime.fromisoformat(since) if since else None
            yield PublicKey(str(key["kid"]), str(key["state"]), raw, moment)
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError("no key of a JWK set") from error
