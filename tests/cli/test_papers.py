"""Papers and signing keys from the command line; what verifies needs no database."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import create_app
from api.cli import main
from api.cli.verify import WORDS
from salsa_ext.clock import FixedClock
from salsa_ext.db import db
from salsa_ext.values import jwks, tokens
from salsa_ext.values.tokens import PublicKey
from tests import actors, bodies
from tests.conftest import NOW
from tests.papers import code_of
from tests.source import ROOT
from tests.values.test_tokens import CLAIMS

MADE = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = SECRET.public_key().public_bytes_raw()
KID = tokens.key_id("PRY", 2026, RAW)
TOKEN = tokens.encode(CLAIMS, KID, SECRET)


def written(folder, compromised_at=None, kid=KID):
    path = folder / "keys.json"
    key = jwks.jwk(PublicKey(kid, "PRY", RAW, compromised_at), MADE, None)
    path.write_text(json.dumps({"keys": [key]}, default=datetime.isoformat))
    return str(path)


def verify(*arguments, text=None):
    ran = CliRunner().invoke(main, ["verify", *arguments], input=text)
    return ran.exit_code, ran.output


def test_a_good_token_exits_with_0_and_says_what_the_paper_says(tmp_path):
    code, said = verify("--keys", written(tmp_path), TOKEN)
    assert code == 0
    assert said.startswith("The signature is good.")
    for told in ("import DIMABEL/Ñ-1 of PRY", "valid through 2026-10-01", "BRA to PRY",
                 "10 firearm", "only the service knows"):  # fmt: skip
        assert told in said


def test_a_token_comes_from_standard_input_too(tmp_path):
    assert verify("--keys", written(tmp_path), "-", text=f"{TOKEN[:99]}\n{TOKEN[99:]}\n")[0] == 0


@pytest.mark.parametrize(("token", "verdict"), [
    (TOKEN[:-1] + "A", "altered"), ("SALSA2" + TOKEN[6:], "malformed"), ("-1", "malformed"),
])  # fmt: skip
def test_any_other_token_exits_with_1_in_plain_words(tmp_path, token, verdict):
    code, said = verify("--keys", written(tmp_path), "--", token)
    assert (code, said.strip()) == (1, WORDS[verdict])


def test_a_key_that_is_not_in_the_file_is_told_so(tmp_path):
    code, said = verify("--keys", written(tmp_path, kid="PRY-2026-00000000"), TOKEN)
    assert (code, said.strip()) == (1, WORDS["unknown_key"])


def test_a_stolen_key_is_refused_from_then_on_and_a_caution_before(tmp_path):
    code, said = verify("--keys", written(tmp_path, CLAIMS.signed_at), TOKEN)
    assert (code, said.splitlines()[0]) == (1, WORDS["compromised_key"])
    code, said = verify("--keys", written(tmp_path, datetime(2026, 4, 1, tzinfo=UTC)), TOKEN)
    assert (code, "Ask the issuing state" in said) == (0, True)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"keys": [{}]}'])
def test_a_file_that_holds_no_keys_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    code, said = verify("--keys", str(path), TOKEN)
    assert (code, "is no set of keys" in said) == (1, True)


def test_a_token_is_checked_with_no_database_and_no_network(tmp_path):
    nothing = {"PATH": os.environ["PATH"], "SALSA_HOME": "/nowhere/at/all",
               "SALSA_DATABASE_URL": "postgresql://salsa@127.0.0.1:9/none"}  # fmt: skip
    cut = ("import socket, sys; socket.socket = None;"
           " from api.cli import main; sys.argv[0] = 'salsa'; main()")  # fmt: skip
    command = [sys.executable, "-c", cut, "verify", "--keys", written(tmp_path), TOKEN]
    ran = subprocess.run(command, cwd=ROOT, env=nothing, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_keys_are_rotated_listed_handed_out_and_reported_stolen(salsa):
    first = salsa("signing-key", "rotate", "--state", "PRY").stdout.split()[3]
    second = salsa("signing-key", "rotate", "--state", "PRY").stdout.split()[3]
    listed = salsa("signing-key", "list", "--state", "PRY").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [first, second]
    assert "retired" in listed[0] and listed[1].endswith("signs")
    stolen = ("signing-key", "report-stolen", "--state", "PRY", "--since")
    refused = salsa(*stolen, "2020-01-01", second)
    assert (refused.returncode, "From when the key was made until now" in refused.stderr) == (
        1, True)  # fmt: skip
    assert salsa(*stolen, "2020-01-01", "BRA-2026-00000000").returncode == 1
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    later = salsa(*stolen, now, second)
    assert "is refused from" in later.stdout or "until now" in later.stderr
    exported = jwks.keys_of(json.loads(salsa("signing-key", "export").stdout))
    assert exported.keys() == {first, second}


def test_a_paper_on_disk_is_verified_from_its_picture_without_a_database(
    salsa, registered_database, tmp_path
):
    app = create_app(registered_database, FixedClock(NOW))
    with app.app_context():
        token = actors.token("PRY", "licensing_officer", NOW, None, timedelta(days=1))
        actors.Client(app.test_client(), token).post("/permits", bodies.import_permit())
        db.engine.dispose()
    made = tmp_path / "paper.pdf"
    wanted = ("paper", "--state", "PRY", "--kind", "import", "-o", str(made), "I-1")
    assert "import I-1 of PRY, signed by PRY-" in salsa(*wanted).stdout
    keys = tmp_path / "keys.json"
    keys.write_text(salsa("signing-key", "export").stdout)
    code, said = verify("--keys", str(keys), code_of(made.read_bytes()))
    assert (code, "import I-1 of PRY" in said) == (0, True)


def test_a_paper_of_no_permit_is_refused_in_a_sentence(salsa, tmp_path):
    wanted = ("paper", "--state", "PRY", "--kind", "import", "-o", str(tmp_path / "p.pdf"), "I-1")
    refused = salsa(*wanted)
    assert (refused.returncode, "There is no permit I-1" in refused.stderr) == (1, True)
    assert not (tmp_path / "p.pdf").exists()
