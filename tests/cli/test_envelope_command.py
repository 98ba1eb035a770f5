"""Envelopes from the command line; what verifies needs no database."""

import json

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.cli import main
from api.http.context import core_app
from salsa_ext.access.rules import operator
from salsa_ext.access.vault import Vault
from salsa_ext.database.session import db, transaction
from salsa_ext.exchange import outbox
from salsa_ext.exchange.envelopes import EnvelopeData
from tests.support import jobs

ID = "0199f2c0-0000-7000-8000-000000000000"


@pytest.fixture
def delivered(salsa, fresh_database, settings, tmp_path):
    """Two things that Brazil said to Paraguay, delivered; returns their envelopes."""
    app = core_app(fresh_database)
    with app.app_context():
        actor = operator("BRA", vault=Vault(tmp_path / "master.key"))
        with transaction(actor):
            letters = [EnvelopeData("test.said", f"BR-{n}", "PRY", {"n": n}) for n in (1, 2)]
            envelopes = outbox.send_many(actor, letters)
        jobs.deliver_envelopes(actor.clock)
        db.engine.dispose()
    return envelopes


@pytest.fixture
def exported(salsa, delivered, fresh_database, tmp_path):
    """The files of keys and of both envelopes."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(served_keys(fresh_database))
    files = [tmp_path / f"{n}.json" for n in (1, 2)]
    for envelope, file in zip(delivered, files, strict=True):
        ran = salsa("envelope", "export", "--state", "PRY", "-o", str(file), str(envelope.id))
        assert ran.returncode == 0
    return [str(keys), *map(str, files)]


def served_keys(config):
    """Return the public keys as the service publishes them."""
    app = create_app(config)
    keys = app.test_client().get("/api/v1/signing-keys").data
    with app.app_context():
        db.engine.dispose()
    return keys


def check(keys, *files):
    ran = CliRunner().invoke(main, ["envelope", "verify", "--keys", keys, *files])
    return ran.exit_code, ran.output


def test_both_states_list_what_went_between_them(salsa, delivered):
    there = salsa("envelope", "list", "--state", "BRA").stdout.splitlines()
    assert [line.split()[0] for line in there] == [str(each.id) for each in reversed(delivered)]
    assert there[0].split()[3:] == ["PRY", "2", "test.said", "BR-2", "delivered", "-", "1"]
    came = salsa("envelope", "list", "--state", "PRY", "--in", "--limit", "1")
    assert came.stdout.split()[3:] == ["BRA", "2", "test.said", "BR-2", "waiting", "-", "0"]
    assert "There are more than these 1" in came.stderr
    assert salsa("envelope", "list", "--state", "PRY").stdout == ""


def test_what_was_exported_is_good(exported, delivered):
    keys, first, second = exported
    code, result = check(keys, first, second)
    assert code == 0
    assert f"{delivered[0].id}, number 1 from BRA to PRY" in result
    assert delivered[1].hash in result


def test_what_was_altered_is_not(exported, tmp_path):
    keys, first, _ = exported
    altered = tmp_path / "altered.json"
    altered.write_bytes((tmp_path / "1.json").read_bytes().replace(b'"n":1', b'"n":9'))
    code, result = check(keys, first, str(altered))
    assert code == 1
    assert "The signature is not one of BRA on this envelope" in result


def test_what_a_stolen_key_signed_is_not(exported, tmp_path):
    keys, first, _ = exported
    shown = json.loads((tmp_path / "keys.json").read_text())
    shown["keys"][0]["compromised_at"] = "2020-01-01T00:00:00+00:00"
    (tmp_path / "keys.json").write_text(json.dumps(shown))
    assert check(keys, first)[0] == 1
    shown["keys"][0]["compromised_at"] = "2999-01-01T00:00:00+00:00"
    (tmp_path / "keys.json").write_text(json.dumps(shown))
    code, delivered = check(keys, first)
    assert (code, "Take care" in delivered) == (0, True)


def test_a_file_that_is_no_envelope_is_refused(exported, tmp_path):
    keys, first, _ = exported
    assert "The field JSON of the envelope" in check(keys, __file__)[1]
    assert "is no set of keys" in check(first, first)[1]


def test_an_envelope_of_others_is_not_exported(salsa, delivered, tmp_path):
    file = str(tmp_path / "x.json")
    for state, wanted in (("ARG", str(delivered[0].id)), ("BRA", ID)):
        ran = salsa("envelope", "export", "--state", state, "-o", file, wanted)
        assert (ran.returncode, "There is no envelope" in ran.stderr) == (1, True)
