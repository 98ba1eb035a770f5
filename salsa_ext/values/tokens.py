"""The signed text of a paper's QR code: made, read and checked without a database.

    SALSA1.<kid>.<payload>.<signature>

The signature (Ed25519, 64 bytes) is over the ASCII bytes of everything before the last dot, so that
version, key and payload are all under it. The payload is JSON in UTF-8. Both are written in base32
(RFC 4648) without padding, and so all of a token is of capitals, digits, dots and hyphens: a QR code
holds these at 5.5 bits a character. For a payload of 206 bytes that gives a QR code of version 13
(69 modules a side) where base64url gives version 15 (77); base45 gives 13 too, and one version less
at some lengths, but has blanks, dots and slashes in its alphabet, which do not survive being copied,
and no decoder in the standard library. There is one way to write a token: a text that decodes to the
same bytes and is not written as `encode` writes it is refused, so that no byte can be changed.

The payload's fields:

    s  state that issued the paper            k  kind: import, in_transit, export, attachment
    n  number                                 i  day of issue, YYYY-MM-DD
    d  last day on which it may be used       v  version of the record when it was printed
    x  exporting state                        m  importing state
    q  total quantity by category, as text; `category:unit` where the unit is not pieces
    h  digest of all that stands on the paper's face (see `digest`)
    t  moment of signing, UTC, to the second

No name, address or other personal value is among them.
"""

from __future__ import annotations

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

PREFIX: Final = "SALSA1"
LONGEST: Final = 2000
SHAPE: Final = re.compile(r"SALSA1\.([A-Z]{3}-[0-9]{4}-[0-9A-F]{8})\.([A-Z2-7]+)\.([A-Z2-7]+)")
KINDS: Final = ("import", "in_transit", "export", "attachment")

Verdict = Literal["valid", "malformed", "unknown_key", "altered", "compromised_key"]


@dataclass(frozen=True)
class Claims:
    """What a token says of its paper."""

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
    """A state's key as everybody may have it; `raw` are its 32 bytes."""

    kid: str
    state: str
    raw: bytes
    compromised_at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """What came of a text; `claims` only where its signature is good."""

    verdict: Verdict
    claims: Claims | None = None
    key: PublicKey | None = None


LETTERS: Final = dict(
    zip((field.name for field in fields(Claims)), "sknidvxmqht", strict=True)
)  # the payload's letter of each claim


def key_id(state: str, year: int, public: bytes) -> str:
    """Return a key's id: state, year, and the first 8 digits of the SHA-256 of its public part."""
    return f"{state}-{year}-{hashlib.sha256(public).hexdigest()[:8].upper()}"


def digest(facts: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a paper's facts in base64url without padding: 43 characters.

    The canonical form is JSON in UTF-8 with keys in order of their code points, no blank between
    tokens and no character escaped that need not be; texts in NFC; dates as YYYY-MM-DD, moments in UTC
    to the second; amounts as text without trailing zeros; what is not given, left out.
    """
    told = hashlib.sha256()
    for part in _canonical(facts):
        told.update(part.encode())
    return _base64url(told.digest())


def _canonical(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the canonical form in parts: a list is written entry by entry, however long it is."""
    given = sorted(name for name, value in facts.items() if value is not None)
    for index, name in enumerate(given):
        value = facts[name]
        yield f"{',' if index else '{'}{_json(name)}:"
        if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
            yield from _entries(value)
        else:
            yield _json(value)
    yield "}" if given else "{}"


def _entries(listed: Iterable[Any]) -> Iterator[str]:
    yield "["
    for index, entry in enumerate(listed):
        yield f"{',' if index else ''}{_json(entry)}"
    yield "]"


def _json(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def encode(claims: Claims, kid: str, key: Ed25519PrivateKey) -> str:
    """Return the token of a paper, signed."""
    told = {LETTERS[name]: value for name, value in asdict(claims).items()}
    payload = json.dumps(_plain(told), separators=(",", ":"), ensure_ascii=False)
    signed = f"{PREFIX}.{kid}.{_base32(payload.encode())}"
    return f"{signed}.{_base32(key.sign(signed.encode()))}"


def key_named(text: str) -> str | None:
    """Return the id of the key that a token names, or None for what is no token."""
    found = SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    return found[1] if found else None


def read(text: str, keys: Mapping[str, PublicKey]) -> Reading:
    """Check a token against the keys that are known; never raises.

    Neither blanks nor line ends are taken off: the caller strips what a person typed around it.
    """
    found = SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return Reading("malformed")
    key = keys.get(found[1])
    if key is None:
        return Reading("unknown_key")
    signed = text.rpartition(".")[0]
    payload, signature = _unbase32(found[2]), _unbase32(found[3])
    if payload is None or signature is None or not _is_signed(key, signature, signed):
        return Reading("altered")
    claims = _claims(payload)
    if claims is None or claims.state != key.state:
        return Reading("malformed")
    if key.compromised_at and claims.signed_at >= key.compromised_at:
        return Reading("compromised_key", claims, key)
    return Reading("valid", claims, key)


def _is_signed(key: PublicKey, signature: bytes, signed: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _claims(payload: bytes) -> Claims | None:
    """Return what a payload says, or None for one that this version does not know."""
    try:
        told = json.loads(payload)
        values = {name: told[letter] for name, letter in LETTERS.items()}
        days = {name: date.fromisoformat(values[name]) for name in ("issued_on", "valid_through")}
        signed_at = datetime.strptime(values["signed_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if values["kind"] not in KINDS or not isinstance(values["quantities"], dict):
        return None
    return Claims(**values | days | {"signed_at": signed_at})


def _plain(value: Any) -> Any:
    """Return a value as the canonical form writes it."""
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [_plain(inner) for inner in value]
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
    """Return the bytes, or None where a text is not what `_base32` writes for them."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    return raw if _base32(raw) == text else None
