"""Leads from the command line."""

import json

import pytest

from api.bare import bare_app
from api.schemas.seizures import SeizureRequest
from api.schemas.transfers import TransferRequest
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import rematching, seizures, transfers
from tests import bodies

OWN, CASE = ("--state", "BRA"), ("--case", "C-17")


@pytest.fixture
def recorded(registered_database):
    """Two pistols that one dealer in Paraguay sold, each seized in Brazil in a case of its own."""
    with bare_app(registered_database).app_context():
        pry, bra = operator("PRY"), operator("BRA")
        for number, serial in enumerate(("TKA100001", "TKB200002")):
            gun = bodies.firearm(serial=serial)
            sale = bodies.transfer(number=f"T-{number}", firearm=gun)
            seized = bodies.seizure(number=f"S-{number}", items=[gun], occurred_on="2026-02-01")
            with transaction(pry):
                transfers.record(actor=pry, data=TransferRequest().load(sale))
            with transaction(bra):
                seizures.record(actor=bra, data=SeizureRequest().load(seized))
        with transaction(bra):
            while rematching.run(actor=bra):
                pass
        db.engine.dispose()


def test_leads_are_listed_and_shown_with_their_records(recorded, salsa):
    assert salsa("lead", "list", *OWN).stdout == ""
    [found] = json.loads(
        salsa("lead", "list", *OWN, *CASE, "--kind", "shared_dealer", "--json").stdout
    )
    listed = salsa("lead", "list", *OWN, *CASE, "--with", "PRY", "--since", "2026-01-01",
                   "--dealer", "del sur").stdout  # fmt: skip
    assert found["id"] in listed and "The guns were sold by one dealer: Armas del Sur." in listed
    told = salsa("lead", "show", *OWN, *CASE, found["id"]).stdout
    assert told.startswith(f"shared_dealer, {found['score']:.1f} points")
    for gun in found["guns"]:
        for record in gun["records"]:
            assert record["id"] in told
        assert all(f"match to be judged: {match['id']}" in told for match in gun["matches"])
    assert json.loads(salsa("lead", "show", *OWN, *CASE, "--json", found["id"]).stdout) == found


def test_a_lead_that_is_not_there_is_said_so(recorded, salsa):
    refused = salsa("lead", "show", *OWN, "0199f2c0-0000-7000-8000-000000000000")
    assert refused.returncode == 1 and "Error" in refused.stderr
