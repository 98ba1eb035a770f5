"""The keys that sign papers: made, changed, stolen, and never stored open."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from salsa_ext.access import signing
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from tests.conftest import NOW
from tests.support import bodies
from tests.support.papers import code_of, keys, paper, verify


def test_a_first_paper_makes_a_key_and_the_second_uses_it(pry):
    first, second = (
        code_of(paper(pry, bodies.import_permit(number=number))[1]) for number in ("I-1", "I-2")
    )
    assert first.split(".")[1] == second.split(".")[1]
    assert len(keys(pry)) == 1


def test_a_new_key_signs_and_the_old_one_still_verifies(pry, bra, as_actor):
    before = code_of(paper(pry, bodies.import_permit())[1])
    made = as_actor("PRY", "state_administrator").post("/signing-keys/rotate").json
    after = code_of(paper(pry, bodies.import_permit(number="I-2"))[1])
    assert after.split(".")[1] == made["kid"] != before.split(".")[1]
    assert [verify(bra, token)["verdict"] for token in (before, after)] == ["valid", "valid"]
    retired = {key["kid"]: key["retired_at"] is not None for key in public(pry)}
    assert retired == {before.split(".")[1]: True, made["kid"]: False}


def test_the_private_part_of_a_retired_key_is_gone(pry, as_actor):
    paper(pry, bodies.import_permit())
    made = as_actor("PRY", "state_administrator").post("/signing-keys/rotate").json
    with transaction(operator("PRY")):
        left = db.session.scalars(text("SELECT kid FROM signing_secret")).all()
    assert left == [made["kid"]]


def test_what_a_stolen_key_signed_is_refused_from_then_on(pry, bra, actor):
    token = code_of(paper(pry, bodies.import_permit())[1])
    kid, acting = token.split(".")[1], actor("PRY")
    with transaction(acting):
        signing.report_compromise(actor=acting, kid=kid, since=NOW)
    found = verify(bra, token)
    assert (found["verdict"], found["permit"]) == ("compromised_key", None)
    other = code_of(paper(pry, bodies.import_permit(number="I-2"))[1])
    assert verify(bra, other)["verdict"] == "valid"


@pytest.mark.parametrize("since", [NOW - timedelta(days=1), NOW + timedelta(days=1)])
def test_a_key_is_reported_stolen_from_a_moment_at_which_it_was_there(pry, actor, since):
    token = code_of(paper(pry, bodies.import_permit())[1])
    acting = actor("PRY")
    with pytest.raises(Exception, match="cannot be accepted"), transaction(acting):
        signing.report_compromise(actor=acting, kid=token.split(".")[1], since=since)


def test_no_state_reports_the_key_of_another(pry, actor):
    token = code_of(paper(pry, bodies.import_permit())[1])
    acting = actor("BRA")
    with pytest.raises(Exception, match="There is no"), transaction(acting):
        signing.report_compromise(actor=acting, kid=token.split(".")[1], since=NOW)


def test_the_secret_part_of_a_key_is_never_stored_open(pry, app):
    paper(pry, bodies.import_permit())
    vault = app.config["VAULT"]
    with transaction(operator("PRY")):
        [(kid, sealed)] = db.session.execute(text("SELECT kid, sealed FROM signing_secret"))
    raw = vault.open(bytes(sealed), kid)
    assert raw not in bytes(sealed)
    public_part = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    assert keys(pry)[kid].raw == public_part


def public(client):
    return client.client.get("/api/v1/signing-keys").json["keys"]
