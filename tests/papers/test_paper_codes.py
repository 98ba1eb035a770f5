"""The QR code of a paper: it proves the paper, and shows whether it is still valid."""

from dataclasses import replace
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from salsa_ext.access import paper_tokens
from salsa_ext.access.rules import operator
from salsa_ext.database.session import db, transaction
from tests.support import bodies
from tests.support.papers import SIGNED, amend, code_of, keys, paper, set_to, text_of, verify


@pytest.mark.parametrize("dots", [150 / 72, 300 / 72])
def test_the_code_on_the_page_is_read_by_a_camera_and_verifies_without_the_service(pry, dots):
    made = paper(pry, bodies.import_permit())[1]
    reading = paper_tokens.check_token(code_of(made, dots), keys(pry))
    assert reading.verdict == "valid"
    assert (reading.claims.state, reading.claims.number) == ("PRY", "I-1")
    assert reading.claims.quantities == {"firearm": "10"}


def test_the_code_of_a_long_number_is_still_read(pry):
    number = "MINISTERIO/DIRECCIÓN-GENERAL/" + "Ñ" * 70
    made = paper(pry, bodies.import_permit(number=number))[1]
    assert paper_tokens.check_token(code_of(made), keys(pry)).claims.number == number


def test_a_token_holds_nothing_personal(pry):
    body = bodies.import_permit(importer=bodies.party("Ana Ejemplo", "PRY", "individual"))
    result = paper_tokens.check_token(code_of(paper(pry, body)[1]), keys(pry)).claims
    assert "Ana" not in str(result) and "Eva" not in str(result)


def test_a_valid_paper_is_shown_with_its_record_to_the_states_concerned(pry, bra):
    permit, made = paper(pry, bodies.import_permit())
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["paper"], found["status"]) == ("valid", "current", "issued")
    assert (found["state"], found["kind"], found["number"]) == ("PRY", "import", "I-1")
    assert (found["issued_on"], found["valid_through"]) == ("2026-01-10", "2026-12-31")
    assert found["permit"]["id"] == permit["id"]
    assert found["permit"]["importer"]["name"] == "Armas del Sur"


def test_a_state_not_concerned_learns_only_whether_a_paper_is_valid(pry, as_actor):
    made = paper(pry, bodies.import_permit())[1]
    found = verify(as_actor("URY", "border_officer"), code_of(made))
    assert (found["verdict"], found["status"], found["permit"]) == ("valid", "issued", None)


def test_the_audit_of_the_owner_names_who_verified_a_paper(pry, as_actor):
    made = paper(pry, bodies.import_permit())[1]
    verify(as_actor("URY", "border_officer"), code_of(made))
    visible = as_actor("PRY", "auditor").get("/audit").json["items"]
    assert "permit:verified" in [entry["action"] for entry in visible]


@pytest.mark.parametrize("status", ["cancelled", "suspended", "replaced"])
def test_an_ended_permit_is_marked_on_its_paper_and_when_verified(pry, bra, status):
    permit, made = paper(pry, bodies.import_permit())
    set_to(permit, f"status = '{status}'")
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["status"], found["paper"]) == ("not_valid", status, "current")
    assert status in text_of(pry.get(f"/permits/{permit['id']}/paper").data).lower()


def test_an_expired_permit_does_not_stand(pry, bra):
    made = paper(pry, bodies.import_permit(issued_on="2025-02-01", expires_on="2026-01-31"))[1]
    assert verify(bra, code_of(made))["status"] == "expired"
    assert verify(bra, code_of(made))["verdict"] == "not_valid"
    assert "VENCIDO" in text_of(made)


def test_the_table_of_amendments_is_under_the_signature(pry, bra):
    permit, _ = paper(pry, bodies.import_permit())
    amend(pry, permit, source="Otra fábrica", **SIGNED)
    made = pry.get(f"/permits/{permit['id']}/paper").data
    assert verify(bra, code_of(made))["verdict"] == "valid"
    amend(pry, permit, source="Una tercera", **SIGNED)
    amend(pry, permit, source="Otra fábrica", **SIGNED)
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_a_paper_outlives_the_erasure_of_a_carrier_that_was_amended_away(bra, arg):
    permit, _ = paper(arg, bodies.transit_permit("ARG"))
    amend(arg, permit, plan={"carrier": "Otra Línea"}, **SIGNED)
    made = arg.get(f"/permits/{permit['id']}/paper").data
    with transaction(operator("ARG")):
        erased = "UPDATE party SET name = NULL, erased_at = now() WHERE name = 'Línea Uno'"
        db.session.execute(text(erased))
    assert verify(bra, code_of(made))["verdict"] == "valid"


@pytest.mark.parametrize(
    "change", ["conditions = 'other'", "expires_on = '2026-11-30'", "source = 'elsewhere'"]
)
def test_a_paper_of_before_an_amendment_is_superseded(pry, bra, change):
    permit, made = paper(pry, bodies.import_permit())
    set_to(permit, change)
    found = verify(bra, code_of(made))
    assert (found["verdict"], found["paper"]) == ("not_valid", "superseded")
    again = pry.get(f"/permits/{permit['id']}/paper").data
    assert verify(bra, code_of(again))["verdict"] == "valid"


def test_a_party_named_otherwise_on_the_record_is_noticed(pry, bra):
    made = paper(pry, bodies.import_permit())[1]
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE party SET name = 'Other' WHERE kind = 'dealer'"))
    assert verify(bra, code_of(made))["paper"] == "superseded"


def test_a_paper_outlives_the_erasure_of_its_parties(pry, bra):
    made = paper(pry, bodies.import_permit())[1]
    with transaction(operator("PRY")):
        db.session.execute(text("UPDATE party SET name = NULL, erased_at = now()"))
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_what_is_shipped_under_a_certificate_does_not_make_its_paper_old(bra):
    permit, made = paper(bra, bodies.permit())
    bra.post(f"/permits/{permit['id']}/shipments", bodies.shipment())
    assert verify(bra, code_of(made))["verdict"] == "valid"


def test_an_unrecorded_permit_is_not_valid(pry, bra, app):
    made = paper(pry, bodies.import_permit())[1]
    claims = paper_tokens.check_token(code_of(made), keys(pry)).claims
    found = verify(bra, signed_by_pry(app, replace(claims, number="I-2")))
    assert (found["verdict"], found["paper"]) == ("not_valid", "not_recorded")


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [("x", "malformed"), ("SALSA1.PRY-2026-00000000.AAAA.AAAA", "unknown_key")],
)
def test_a_text_that_is_no_token_is_refused(bra, wrong, verdict):
    found = verify(bra, wrong)
    assert (found["verdict"], found.get("state")) == (verdict, None)


def test_an_altered_token_is_refused_without_its_contents(pry, bra):
    token = code_of(paper(pry, bodies.import_permit())[1])
    found = verify(bra, token[:40] + ("A" if token[40] != "A" else "B") + token[41:])
    assert (found["verdict"], found.get("number"), found.get("permit")) == ("altered", None, None)


def test_blanks_around_a_token_do_no_harm(pry, bra):
    token = code_of(paper(pry, bodies.import_permit())[1])
    assert verify(bra, f"  {token}\n")["verdict"] == "valid"


def signed_by_pry(app, claims):
    """Sign as only the state's own key can: for a paper whose record was lost."""
    vault = app.config["VAULT"]
    with transaction(operator("PRY")):
        [(kid, sealed)] = db.session.execute(text("SELECT kid, sealed FROM signing_secret"))
    raw = vault.open(bytes(sealed), kid)
    assert isinstance(claims.signed_at, datetime)
    return paper_tokens.sign_token(claims, kid, Ed25519PrivateKey.from_private_bytes(raw))
