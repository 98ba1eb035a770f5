"""The page about envelopes shows real bytes, names each field, and its program checks them."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from salsa_ext.access import paper_tokens
from salsa_ext.access.paper_tokens import PublicKey
from salsa_ext.core.errors import ENVELOPE_REFUSALS
from salsa_ext.exchange.envelopes import FIELD_CHECKS
from tests.exchange.test_envelopes import KID, SEALED, SECRET
from tests.support.source import ROOT

TEXT = (ROOT / "docs/envelopes.md").read_text()
[PROGRAM] = re.findall(r"```python\n(.*?)```", TEXT, re.S)
[EXAMPLE] = re.findall(r"```json\n(.*?)\n```", TEXT, re.S)


@pytest.fixture
def ran(tmp_path):
    program = tmp_path / "check.py"
    program.write_text(PROGRAM)

    def run(raw, compromised_at=None):
        key = PublicKey(KID, "BRA", SECRET.public_key().public_bytes_raw(), compromised_at)
        keys, file = tmp_path / "keys.json", tmp_path / "envelope.json"
        jwk = paper_tokens.to_jwk(key, datetime(2026, 1, 1, tzinfo=UTC), None)
        keys.write_text(json.dumps({"keys": [jwk]}, default=datetime.isoformat))
        file.write_bytes(raw)
        command = [sys.executable, "-I", program, keys, file]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


def test_the_example_is_what_the_service_writes():
    assert EXAMPLE.encode() == SEALED.raw
    assert f"hash: `{SEALED.hash}`" in TEXT
    assert f"public key: `{SECRET.public_key().public_bytes_raw().hex()}`" in TEXT


def test_the_program_takes_the_example_and_names_its_hash(ran):
    done = ran(EXAMPLE.encode())
    assert (done.returncode, done.stdout.split()) == (0, [SEALED.hash, "trace.request"])


@pytest.mark.parametrize(
    "change",
    [
        (b"1998", b"1999"),
        (b'"recipient":"PRY"', b'"recipient":"ARG"'),
        (b'"sequence":1', b'"sequence":2'),
        (b'"value":"', b'"value":"A'),
        (b"}", b"} "),
    ],
)
def test_the_program_refuses_what_was_changed(ran, change):
    assert ran(SEALED.raw.replace(*change, 1)).returncode == 1


def test_the_program_refuses_what_a_stolen_key_signed(ran):
    assert ran(SEALED.raw, datetime(2026, 3, 1, tzinfo=UTC)).returncode == 1


def test_the_program_uses_nothing_of_this_service():
    imported = re.findall(r"^(?:import|from) (.+?)(?: import|$)", PROGRAM, re.M)
    names = {name.split(".")[0].strip() for each in imported for name in each.split(",")}
    assert names == {"base64", "hashlib", "json", "sys", "cryptography", "rfc8785"}


def test_every_field_and_every_refusal_is_explained():
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))
    assert named >= set(FIELD_CHECKS) | set(ENVELOPE_REFUSALS)
