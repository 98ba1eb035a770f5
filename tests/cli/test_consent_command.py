"""Consents and disclosures from the command line."""

import json
from uuid import UUID

import pytest

from api.bare import bare_app
from api.schemas.transfers import TransferRequest
from salsa_ext.audit import append
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.readmodels.records import by_id, of_documents
from salsa_ext.services import transfers
from salsa_ext.services.disclosures import given_to
from tests import bodies

BRA, PRY = ("--state", "BRA"), ("--state", "PRY")
WHY = ("--case", "C-1", "--reason", "To find the last holder")


@pytest.fixture
def record(salsa, fresh_database):
    """Return the record of a sale of Paraguay."""
    with bare_app(fresh_database).app_context():
        pry = operator("PRY")
        with transaction(pry):
            made = transfers.record(actor=pry, data=TransferRequest().load(bodies.transfer()))
            sold = of_documents([made])[made][0].record.id
        db.engine.dispose()
    return str(sold)


def ask(salsa, record, *use):
    return salsa("consent", "ask", *BRA, "--record", record, *WHY, "--use", *use)


def test_a_consent_is_asked_refused_granted_and_revoked(salsa, record):
    said = ask(salsa, record, "onward", "--to", "URY").stdout
    consent = said.split()[0]
    assert said == f"{consent} is asked; PRY is told.\n"
    [shown] = json.loads(salsa("consent", "list", *PRY, "--of", "PRY", "--json").stdout)
    assert (shown["id"], shown["to"], shown["record"]) == (consent, "URY", record)
    why = ("--reason", "The inquiry is not over")
    refused = salsa("consent", "refuse", *PRY, *why, consent)
    assert refused.stdout == f"{consent} is refused.\n"
    granted = salsa("consent", "grant", *PRY, "--until", "2035-12-31", consent)
    assert granted.stdout == f"{consent} is granted.\n"
    assert salsa("consent", "revoke", *PRY, *why, consent).stdout == f"{consent} is revoked.\n"
    listed = salsa("consent", "list", *BRA, "--by", "BRA", "--status", "revoked").stdout.split()
    assert listed[:2] == [consent, "revoked"]


def test_what_cannot_be_asked_is_said_in_a_sentence(salsa, record):
    refused = ask(salsa, record, "onward")
    assert (refused.returncode, "Name the third state" in refused.stderr) == (1, True)


def test_the_asking_state_does_not_grant(salsa, record):
    consent = ask(salsa, record, "court").stdout.split()[0]
    refused = salsa("consent", "grant", *BRA, "--until", "2035-12-31", consent)
    assert (refused.returncode, "belongs to PRY" in refused.stderr) == (1, True)


def test_the_disclosures_of_a_record_are_listed_for_its_state(salsa, record):
    assert salsa("record", "disclosures", *PRY, record).stdout == ""
    assert json.loads(salsa("record", "disclosures", *PRY, "--json", record).stdout) == []
    refused = salsa("record", "disclosures", *BRA, record)
    assert (refused.returncode, "There is no record" in refused.stderr) == (1, True)


def test_a_disclosure_that_was_answered_names_the_state_to_which_it_went(
    salsa, record, fresh_database
):
    with bare_app(fresh_database).app_context():
        pry = operator("PRY")
        with transaction(pry):
            append(pry, given_to(by_id([UUID(record)])[0], "BRA", ["firearm"], "H1"))
        db.engine.dispose()
    said = salsa("record", "disclosures", *PRY, record).stdout.split()
    assert (said[3], "PRY" in said) == ("BRA", False)
