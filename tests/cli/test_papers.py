"""Papers are verified without a database, and stolen keys reported."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.app import create_app
from api.cli import main
from api.cli.verify import WORDS
from salsa_ext.access import paper_tokens
from salsa_ext.access.paper_tokens import PublicKey
from salsa_ext.core.clock import FixedClock
from salsa_ext.database.session import db
from tests.access.test_tokens import CLAIMS
from tests.conftest import NOW
from tests.support import actors, bodies
from tests.support.papers import code_of
from tests.support.source import ROOT

MADE = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = SECRET.public_key().public_bytes_raw()
KID = paper_tokens.key_id("PRY", 2026, RAW)
TOKEN = paper_tokens.sign_token(CLAIMS, KID, SECRET)


def written(folder, compromised_at=None, kid=KID):
    path = folder / "keys.json"
    key = paper_tokens.to_jwk(PublicKey(kid, "PRY", RAW, compromised_at), MADE, None)
    path.write_text(json.dumps({"keys": [key]}, default=datetime.isoformat))
    return str(path)


def verify(*arguments, text=None):
    ran = CliRunner().invoke(main, ["verify", *arguments], input=text)
    return ran.exit_code, ran.output


def test_a_good_token_exits_with_0_and_says_what_the_paper_says(tmp_path):
    code, result = verify("--keys", written(tmp_path), TOKEN)
    assert code == 0
    assert result.startswith("The signature is good.")
    for value in (
        "import DIMABEL/Ñ-1 of PRY",
        "valid through 2026-10-01",
        "BRA to PRY",
        "10 firearm",
        "only the service knows",
    ):
        assert value in result


def test_a_token_comes_from_standard_input_too(tmp_path):
    assert verify("--keys", written(tmp_path), "-", text=f"{TOKEN[:99]}\n{TOKEN[99:]}\n")[0] == 0


@pytest.mark.parametrize(
    ("token", "verdict"),
    [(TOKEN[:-1] + "A", "altered"), ("SALSA2" + TOKEN[6:], "malformed"), ("-1", "malformed")],
)
def test_any_other_token_exits_with_1_in_plain_words(tmp_path, token, verdict):
    code, result = verify("--keys", written(tmp_path), "--", token)
    assert (code, result.strip()) == (1, WORDS[verdict])


def test_a_key_missing_from_the_file_is_reported(tmp_path):
    code, result = verify("--keys", written(tmp_path, kid="PRY-2026-00000000"), TOKEN)
    assert (code, result.strip()) == (1, WORDS["unknown_key"])


def test_a_stolen_key_is_refused_from_then_on_and_a_caution_before(tmp_path):
    code, result = verify("--keys", written(tmp_path, CLAIMS.signed_at), TOKEN)
    assert (code, result.splitlines()[0]) == (1, WORDS["compromised_key"])
    code, result = verify("--keys", written(tmp_path, datetime(2026, 4, 1, tzinfo=UTC)), TOKEN)
    assert (code, "Ask the issuing state" in result) == (0, True)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"keys": [{}]}'])
def test_a_file_that_holds_no_keys_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "keys.json"
    path.write_text(content)
    code, result = verify("--keys", str(path), TOKEN)
    assert (code, "is no set of keys" in result) == (1, True)


def test_a_token_is_checked_with_no_database_and_no_network(tmp_path):
    nothing = {
        "PATH": os.environ["PATH"],
        "SALSA_HOME": "/nowhere/at/all",
        "SALSA_DATABASE_URL": "postgresql://salsa@127.0.0.1:9/none",
    }
    cut = (
        "import socket, sys; socket.socket = None;"
        " from api.cli import main; sys.argv[0] = 'salsa'; main()"
    )
    command = [sys.executable, "-c", cut, "verify", "--keys", written(tmp_path), TOKEN]
    ran = subprocess.run(command, cwd=ROOT, env=nothing, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_key_is_reported_stolen(salsa, registered_database):
    app = create_app(registered_database, FixedClock(NOW))
    with app.app_context():
        admin = actors.of(app)("PRY", "state_administrator")
        first, second = (admin.post("/signing-keys/rotate").json["kid"] for _ in range(2))
        stolen = ("signing-key", "report-stolen", "--state", "PRY", "--since")
        refused = salsa(*stolen, "2020-01-01", second)
        assert (refused.returncode, "From when the key was made" in refused.stderr) == (1, True)
        assert salsa(*stolen, "2020-01-01", "BRA-2026-00000000").returncode == 1
        assert first != second
        db.engine.dispose()


def test_a_paper_is_verified_from_its_picture_without_a_database(registered_database, tmp_path):
    app, keys = create_app(registered_database, FixedClock(NOW)), tmp_path / "keys.json"
    with app.app_context():
        officer = actors.of(app)("PRY", "licensing_officer")
        permit = officer.post("/permits", bodies.import_permit()).json["id"]
        paper = officer.get(f"/permits/{permit}/paper").data
        keys.write_bytes(officer.get("/signing-keys").data)
        db.engine.dispose()
    code, result = verify("--keys", str(keys), code_of(paper))
    assert (code, "import I-1 of PRY" in result) == (0, True)
