"""One way to write an envelope; what is written in another, or by another, is refused."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.access.paper_tokens import PublicKey, key_id
from salsa_ext.core.errors import EnvelopeRefused
from salsa_ext.exchange.envelopes import (
    MAX_BYTES,
    SIGNING_CONTEXT,
    Envelope,
    parse,
    seal,
    sign,
    verify_signature,
)

NOW = datetime(2026, 3, 9, 15, 0, 0, 123456, tzinfo=UTC)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KID = key_id("BRA", 2026, SECRET.public_key().public_bytes_raw())
REQUEST = Envelope(
    UUID("0199f2c0-0000-7000-8000-000000000001"),
    "trace.request",
    "BR-2026/17",
    "BRA",
    "PRY",
    1,
    None,
    None,
    None,
    NOW,
    {"serial": "ABC 123", "calibre": "9 × 19 mm", "year": 1998},
)
SEALED = seal(REQUEST, lambda state: (KID, SECRET))
FIELDS = json.loads(SEALED.raw)
HASH = "0" * 64


def known(state="BRA", secret=SECRET, **changes):
    key = PublicKey(KID, state, secret.public_key().public_bytes_raw(), **changes)
    return lambda kid: {KID: key} if kid == KID else {}


def reason(raw):
    with pytest.raises(EnvelopeRefused) as refused:
        parse(raw)
    return refused.value.reason


def written(**changes):
    """Write the envelope with other fields, in the canonical form for what is ASCII."""
    result = {name: value for name, value in (FIELDS | changes).items() if value is not ...}
    return json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_what_is_written_is_read_as_it_was():
    assert parse(SEALED.raw) == REQUEST
    assert parse(SEALED.raw).raw == SEALED.raw


def test_the_hash_is_of_the_canonical_form_without_the_signature():
    content = {name: value for name, value in FIELDS.items() if name != "signature"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == SEALED.hash
    SECRET.public_key().verify(SEALED.signature, SIGNING_CONTEXT + text.encode())


def test_a_good_signature_is_accepted():
    verify_signature(parse(SEALED.raw), known(), NOW)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (lambda kid: {}, "unknown_key"),
        (known("PRY"), "unknown_key"),
        (known(secret=OTHER), "bad_signature"),
    ],
)
def test_a_key_that_is_not_the_sender_s_is_refused(keys, expected):
    with pytest.raises(EnvelopeRefused) as refused:
        verify_signature(SEALED, keys, NOW)
    assert refused.value.reason == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "ARG"},
        {"sender": "URY"},
        {"sequence": 2, "previous": HASH},
        {"case_number": "B"},
        {"kind": "trace.answer"},
        {"body": {}},
        {"created_at": NOW + timedelta(days=1)},
    ],
)
def test_nothing_is_changed_under_a_signature(changes):
    with pytest.raises(EnvelopeRefused):
        verify_signature(replace(SEALED, **changes), known(), NOW)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("stolen", "received", "accepted"),
    [
        (NOW + HOUR, NOW, True),
        (NOW + HOUR, NOW + HOUR, False),
        (NOW, NOW, False),
        (NOW + HOUR, None, True),
        (NOW, None, False),
    ],
)
def test_a_stolen_key_is_judged_by_the_hour_of_receipt(stolen, received, accepted):
    """Whoever has the key writes any hour into the envelope; the recipient's clock is its own."""
    if accepted:
        verify_signature(SEALED, known(compromised_at=stolen), received)
        return
    with pytest.raises(EnvelopeRefused, match="reported stolen"):
        verify_signature(SEALED, known(compromised_at=stolen), received)


def test_signed_again_by_another_key_it_is_the_same_envelope():
    kid = key_id("BRA", 2026, OTHER.public_key().public_bytes_raw())
    again = sign(SEALED, lambda state: (kid, OTHER))
    assert again == SEALED
    assert (again.hash, again.kid) == (SEALED.hash, kid)
    assert again.raw != SEALED.raw


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"priority": "flash"}, "priority"),
        ({"body": ...}, "body"),
        ({"previous": ...}, "previous"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"version": ...}, "version"),
        ({"id": "0199F2C0-0000-7000-8000-000000000001"}, "id"),
        ({"id": 7}, "id"),
        ({"id": None}, "id"),
        ({"id": "0199f2c0-0000-4000-8000-000000000001"}, "id"),
        ({"kind": "request"}, "kind"),
        ({"kind": "Trace.request"}, "kind"),
        ({"kind": "a." * 40 + "b"}, "kind"),
        ({"case_number": ""}, "case_number"),
        ({"case_number": "x" * 101}, "case_number"),
        ({"case_number": "a\nb"}, "case_number"),
        ({"case_number": 17}, "case_number"),
        ({"sender": "bra"}, "sender"),
        ({"sender": "BRAZ"}, "sender"),
        ({"recipient": "BRA"}, "recipient"),
        ({"recipient": None}, "recipient"),
        ({"sequence": 0}, "sequence"),
        ({"sequence": "1"}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 1.5}, "sequence"),
        ({"sequence": 2}, "previous"),
        ({"previous": HASH}, "previous"),
        ({"previous": "F" * 64}, "previous"),
        ({"in_reply_to": FIELDS["id"]}, "request_hash"),
        ({"request_hash": HASH}, "request_hash"),
        ({"created_at": "2026-03-09T15:00:00Z"}, "created_at"),
        ({"created_at": "2026-13-09T15:00:00.000000Z"}, "created_at"),
        ({"created_at": "2026-03-09T15:00:00.000000+00:00"}, "created_at"),
        ({"created_at": 1773068400}, "created_at"),
        ({"body": []}, "body"),
        ({"body": "{}"}, "body"),
        ({"signature": "x"}, "signature"),
        ({"signature": {"kid": KID}}, "signature"),
        ({"signature": FIELDS["signature"] | {"alg": "none"}}, "signature"),
        ({"signature": {"kid": KID, "value": "A" * 85}}, "signature"),
        ({"signature": {"kid": KID, "value": "A" * 85 + "B"}}, "signature"),
        ({"signature": {"kid": "x", "value": "A" * 86}}, "signature"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes, field):
    with pytest.raises(EnvelopeRefused, match=f"The field {field} of the envelope") as refused:
        parse(written(**changes))
    assert refused.value.reason == "malformed"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"a":NaN}',
        b"[" * 100_000,
        b"1" * 5_000,
        SEALED.raw[:-1],
        SEALED.raw + b"x",
        SEALED.raw.replace(b'"kind"', b'"kind":"a.b","kind"'),
        b"\xef\xbb\xbf" + SEALED.raw,
        SEALED.raw.decode().encode("utf-16"),
    ],
)
def test_what_is_no_json_object_is_malformed(raw):
    assert reason(raw) == "malformed"


@pytest.mark.parametrize(
    "raw",
    [
        SEALED.raw + b"\n",
        b" " + SEALED.raw,
        SEALED.raw.replace(b'":', b'": ', 1),
        SEALED.raw.replace(b"1998", b"1998.0"),
        SEALED.raw.replace(b"1998", b"1.998e3"),
        SEALED.raw.replace("×".encode(), b"\\u00d7"),
        json.dumps(FIELDS).encode(),
        SEALED.raw.replace(b"ABC 123", b"A\\u0042C 123"),
    ],
)
def test_the_same_in_other_bytes_is_refused(raw):
    assert reason(raw) == "not_canonical"


def test_another_version_is_named():
    with pytest.raises(EnvelopeRefused, match="version 2 are not known"):
        parse(written(version=2, priority="flash"))


def test_a_large_one_is_refused_before_it_is_read():
    assert reason(b"[" * (MAX_BYTES + 1)) == "too_large"


@pytest.mark.parametrize(
    "body",
    [
        {"much": "x" * MAX_BYTES},
        {"number": 2**53},
        {"number": float("nan")},
        {"number": 1e20},
        {"half": "\ud800"},
        {"\ud800": 1},
        {1: 2},
        {"day": NOW},
        [],
        None,
    ],
)
def test_what_no_recipient_would_take_is_not_sealed(body):
    with pytest.raises(EnvelopeRefused):
        seal(replace(REQUEST, body=body), lambda state: (KID, SECRET))


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec="utf-8"))
BODIES = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(BODIES)
def test_whatever_a_body_says_there_is_one_way_to_write_it(body):
    sealed = seal(replace(REQUEST, body=body), lambda state: (KID, SECRET))
    again = parse(sealed.raw)
    assert again.body == body
    assert (again.raw, again.hash) == (sealed.raw, sealed.hash)
    verify_signature(again, known(), NOW)


@given(st.integers(0, len(SEALED.raw) - 1), st.integers(1, 255))
def test_no_byte_is_changed_unnoticed(place, flip):
    raw = bytearray(SEALED.raw)
    raw[place] ^= flip
    with pytest.raises(EnvelopeRefused):
        verify_signature(parse(bytes(raw)), known(), NOW)


@given(
    st.binary(max_size=200)
    | st.text().map(str.encode)
    | BODIES.map(lambda x: json.dumps(x).encode())
)
def test_whatever_comes_is_refused_in_words(raw):
    with pytest.raises(EnvelopeRefused):
        parse(raw)
