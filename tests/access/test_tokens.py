"""A token says what was signed, or nothing: no byte of it can be changed."""

import base64
import hashlib
import json
from datetime import UTC, date, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from salsa_ext.access import paper_tokens
from salsa_ext.access.paper_tokens import Claims, PublicKey

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = SECRET.public_key().public_bytes_raw()
KID = paper_tokens.key_id("PRY", 2026, RAW)
KEY = PublicKey(KID, "PRY", RAW)
SIGNED_AT = datetime(2026, 3, 9, 15, 0, 7, tzinfo=UTC)
CLAIMS = Claims(
    state="PRY",
    kind="import",
    number="DIMABEL/Ñ-1",
    issued_on=date(2026, 1, 10),
    valid_through=date(2026, 10, 1),
    version=3,
    exporting_state="BRA",
    importing_state="PRY",
    quantities={"firearm": "10", "ammunition:rounds": "250000"},
    digest="h" * 43,
    signed_at=SIGNED_AT,
)
TOKEN = paper_tokens.sign_token(CLAIMS, KID, SECRET)
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def read(text, **changes):
    key = PublicKey(**{"kid": KID, "state": "PRY", "raw": RAW} | changes)
    return paper_tokens.check_token(text, {KID: key})


def signed(payload: bytes) -> str:
    text = f"SALSA1.{KID}.{base64.b32encode(payload).rstrip(b'=').decode()}"
    return f"{text}.{base64.b32encode(SECRET.sign(text.encode())).rstrip(b'=').decode()}"


def test_a_token_says_what_was_signed():
    reading = read(TOKEN)
    assert (reading.verdict, reading.claims) == ("valid", CLAIMS)


def test_the_same_claims_give_the_same_token():
    assert paper_tokens.sign_token(CLAIMS, KID, SECRET) == TOKEN


def test_a_token_is_written_in_the_letters_that_a_qr_code_packs_best():
    assert set(TOKEN) <= ALPHANUMERIC


@given(place=st.integers(0, len(TOKEN) - 1), bits=st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused(place, bits):
    raw = bytearray(TOKEN.encode())
    raw[place] ^= bits
    assert read(raw.decode("latin-1")).verdict != "valid"


def test_no_letter_can_stand_for_another_anywhere():
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.-"
    others = (
        TOKEN[:place] + letter + TOKEN[place + 1 :]
        for place in range(len(TOKEN))
        for letter in letters
        if letter != TOKEN[place]
    )
    assert [other for other in others if read(other).verdict == "valid"] == []


@given(cut=st.integers(0, len(TOKEN) - 1))
def test_a_token_that_was_cut_is_refused(cut):
    assert read(TOKEN[:cut]).verdict in ("malformed", "altered")


@pytest.mark.parametrize("added", [" ", "\n", "=", "A", "AAAAAAAA", "."])
def test_nothing_may_be_added_to_a_token(added):
    assert read(TOKEN + added).verdict != "valid"
    assert read(added + TOKEN).verdict != "valid"


@given(st.text())
def test_any_other_text_is_malformed(text):
    assert read(text).verdict == "malformed"


def test_a_text_without_end_is_not_looked_at():
    assert read("SALSA1." + KID + "." + "A" * 100_000 + ".A").verdict == "malformed"


def test_a_token_of_an_unknown_key_is_reported():
    assert paper_tokens.check_token(TOKEN, {}).verdict == "unknown_key"


def test_a_key_of_another_state_does_not_speak_for_this_one():
    assert read(TOKEN, state="BRA").verdict == "malformed"


def test_another_key_under_the_same_name_is_refused():
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert read(TOKEN, raw=other).verdict == "altered"
    assert read(TOKEN, raw=b"short").verdict == "altered"


@pytest.mark.parametrize(
    ("stolen", "verdict"),
    [
        (datetime(2026, 3, 9, 15, 0, 7, tzinfo=UTC), "compromised_key"),
        (datetime(2026, 3, 9, 15, 0, 8, tzinfo=UTC), "valid"),
    ],
)
def test_what_a_stolen_key_signed_from_then_on_is_refused(stolen, verdict):
    assert read(TOKEN, compromised_at=stolen).verdict == verdict


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"1",
        b"\xff",
        b"{}",
        b'{"s":"PRY"}',
        json.dumps(dict.fromkeys("sknidvxmqht", 1)).encode(),
        b"[" * 900,
    ],
)
def test_a_signed_payload_of_another_make_is_malformed(payload):
    assert read(signed(payload or b"x")).verdict == "malformed"


FACTS = {"number": "E-1", "issued_on": date(2026, 1, 10), "source": None, "lines": [{"line": 1}]}


def test_a_digest_depends_on_what_is_said_and_not_on_the_order():
    body = paper_tokens.facts_digest(FACTS)
    assert len(body) == 43
    assert paper_tokens.facts_digest(dict(reversed(FACTS.items()))) == body
    assert (
        paper_tokens.facts_digest({name: FACTS[name] for name in FACTS if name != "source"}) == body
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "E-2"},
        {"source": "x"},
        {"lines": []},
        {"lines": [{"line": 2}]},
        {"issued_on": date(2026, 1, 11)},
    ],
)
def test_a_digest_of_other_facts_is_another(changes):
    assert paper_tokens.facts_digest(FACTS | changes) != paper_tokens.facts_digest(FACTS)


def test_an_accent_written_in_two_ways_is_the_same():
    assert paper_tokens.facts_digest({"name": "Ñandu\u0301"}) == paper_tokens.facts_digest(
        {"name": "Ñandú"}
    )


def test_the_canonical_form_is_the_one_that_is_written_down():
    facts = {"b": "é", "a": SIGNED_AT, "c": None}
    raw = hashlib.sha256('{"a":"2026-03-09T15:00:07Z","b":"é"}'.encode()).digest()
    assert paper_tokens.facts_digest(facts) == base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_keys_survive_being_handed_out():
    key = PublicKey(KID, "PRY", RAW, datetime(2026, 3, 9, tzinfo=UTC))
    document = {"keys": [paper_tokens.to_jwk(key, SIGNED_AT, None)]}
    assert paper_tokens.read_key_set(
        json.loads(json.dumps(document, default=datetime.isoformat))
    ) == {KID: key}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": 1},
        {"keys": [1]},
        {"keys": [{}]},
        {"keys": [{"kid": "a", "x": "!"}]},
        {"keys": [{"kid": "a", "x": 1, "state": "PRY"}]},
    ],
)
def test_what_is_no_set_of_keys_is_refused(document):
    with pytest.raises(ValueError, match="JWK set"):
        paper_tokens.read_key_set(document)


def test_a_list_that_is_read_entry_by_entry_has_the_digest_of_a_list():
    listed = [{"line": number, "note": None, "on": date(2026, 1, 10)} for number in range(3)]
    assert paper_tokens.facts_digest(
        {"lines": (entry for entry in listed)}
    ) == paper_tokens.facts_digest({"lines": listed})
