"""Matches from the command line."""

import json

import pytest
from click.testing import CliRunner

from api.bare import bare_app
from api.cli import main
from api.schemas.reports import ReportRequest
from api.schemas.transfers import TransferRequest
from salsa_ext.db import db, transaction
from salsa_ext.policy.rules import operator
from salsa_ext.services import agencies, reports, transfers
from salsa_ext.services.agencies import AgencyData
from tests import bodies

BY = ("--state", "PRY", "--agency", "PRY-POLICE", "--officer", "77")
OWN, ID = ("--state", "PRY"), "0199f2c0-0000-7000-8000-000000000000"


@pytest.fixture
def match(salsa, fresh_database):
    """Return the id of Paraguay's match of a gun that it sold and Brazil lost."""
    with bare_app(fresh_database).app_context():
        pry, bra = operator("PRY"), operator("BRA")
        for actor in (pry, bra):
            with transaction(actor):
                state = actor.own_state()
                data = AgencyData(f"{state}-POLICE", "police", "Police", "America/Asuncion")
                agencies.register(actor=actor, data=data)
        with transaction(pry):
            transfers.record(actor=pry, data=TransferRequest().load(bodies.transfer()))
        with transaction(bra):
            reports.record(actor=bra, data=ReportRequest().load(bodies.report()))
        db.engine.dispose()
    [found] = json.loads(salsa("match", "list", *OWN, "--json").stdout)
    return found["id"]


def test_a_match_is_listed_shown_confirmed_and_rejected(salsa, match):
    listed = salsa("match", "list", *OWN, "--status", "proposed", "--with", "BRA").stdout
    assert listed.split()[:3] == [match, "proposed", "strong"]
    shown = salsa("match", "show", *OWN, match).stdout
    assert "proposed, version 1" in shown
    assert "+24.0  The serial is the same." in shown
    assert salsa("match", "confirm", *BY, match).stdout == f"{match} is confirmed.\n"
    said = ("--reason", "The import mark is another")
    assert salsa("match", "reject", *BY, *said, match).stdout == f"{match} is rejected.\n"
    again = json.loads(salsa("match", "show", *OWN, "--json", match).stdout)
    assert (again["status"], again["reason"], again["version"]) == ("rejected", said[1], 3)
    assert again["decided_by"] == "PRY-POLICE 77"
    assert salsa("match", "list", *OWN, "--status", "proposed").stdout == ""
    assert salsa("match", "list", *OWN, "--gone").stdout == ""


def test_what_is_confirmed_is_not_confirmed_again(salsa, match):
    salsa("match", "confirm", *BY, match)
    refused = salsa("match", "confirm", *BY, match)
    assert (
        refused.returncode,
        "“confirm” is not possible: this match is confirmed" in refused.stderr,
    ) == (
        1,
        True,
    )


def test_the_match_of_another_state_is_not_there(salsa, match):
    refused = salsa("match", "confirm", "--state", "BRA", "--agency", "BRA-POLICE", match)
    assert (refused.returncode, "There is no match" in refused.stderr) == (1, True)


def test_what_is_no_id_or_has_no_reason_is_wrong_usage():
    assert CliRunner().invoke(main, ["match", "show", *OWN, "x"]).exit_code == 2
    assert CliRunner().invoke(main, ["match", "reject", *BY, ID]).exit_code == 2


def test_who_judges_is_named(salsa, match):
    assert CliRunner().invoke(main, ["match", "confirm", *OWN, ID]).exit_code == 2
    refused = salsa("match", "confirm", *OWN, "--agency", "BRA-POLICE", match)
    assert (refused.returncode, "your agencies are" in refused.stderr) == (1, True)
