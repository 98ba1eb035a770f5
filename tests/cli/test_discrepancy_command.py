"""Discrepancies from the command line."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from api.cli import main
from tests import bodies

OWN, ID = ("--state", "PRY"), "0199f2c0-0000-7000-8000-000000000000"
TODAY = datetime.now(UTC).date()


def day(after):
    return (TODAY + timedelta(days=after)).isoformat()


@pytest.fixture
def doubt(salsa, tmp_path):
    """Return the id of a discrepancy: a dealer whom the register of his state does not know."""
    for state in ("PRY", "BRA"):
        salsa("agency", "add", "--state", state, "--kind", "licensing", "--zone", "UTC",
              f"{state}-LICENSING", "A")  # fmt: skip
    salsa("licensee", "add", *OWN, "--role", "importer", "--kind", "dealer",
          "--from", "2025-01-01", "L-7", "Somebody Else")  # fmt: skip
    path = tmp_path / "body.json"
    path.write_text(json.dumps(bodies.import_permit(issued_on=day(-9), expires_on=day(200))))
    assert salsa("permit", "issue", *OWN, "--file", str(path)).returncode == 0
    [found] = json.loads(salsa("discrepancy", "list", *OWN, "--waiting", "--json").stdout)
    assert found["kind"] == "party_not_authorised"
    return found["id"]


def test_a_discrepancy_is_listed_shown_explained_agreed_and_reopened(salsa, doubt):
    listed = salsa("discrepancy", "list", *OWN, "--kind", "party_not_authorised").stdout
    assert listed.split()[:6] == [doubt, "open", "party_not_authorised", "PRY", "permit", "I-1"]
    why = (*OWN, "--text", "His licence is renewed this week")
    assert salsa("discrepancy", "explain", *why, doubt).stdout == f"{doubt} is explained.\n"
    listed = salsa("discrepancy", "list", *OWN).stdout
    assert "importer Armas del Sur (PRY)" in listed
    assert "explained by PRY, waiting for BRA" in listed
    shown = salsa("discrepancy", "show", *OWN, doubt).stdout
    assert "PRY  explained  His licence is renewed this week" in shown
    assert "BRA  open" in shown
    assert salsa("discrepancy", "agree", *OWN, doubt).stdout == f"{doubt} is explained.\n"
    agreed = salsa("discrepancy", "agree", "--state", "BRA", doubt)
    assert agreed.stdout == f"{doubt} is agreed.\n"
    assert salsa("discrepancy", "list", *OWN, "--waiting").stdout == ""
    assert salsa("discrepancy", "reopen", *why, doubt).stdout == f"{doubt} is explained.\n"


def test_a_discrepancy_is_assigned_to_an_open_account_alone(salsa, doubt):
    refused = salsa("discrepancy", "assign", *OWN, "--to", "pry.eva", doubt)
    assert (refused.returncode, "username: Your state has no open account pry.eva" in refused.stderr) == (
        1, True)  # fmt: skip
    salsa(
        "account",
        "open",
        *OWN,
        "--role",
        "licensing_officer",
        "--agency",
        "PRY-LICENSING",
        "pry.eva",
    )
    assert salsa("discrepancy", "assign", *OWN, "--to", "pry.eva", doubt).returncode == 0
    assert doubt in salsa("discrepancy", "list", *OWN, "--assignee", "pry.eva").stdout
    assert (
        json.loads(salsa("discrepancy", "show", *OWN, "--json", doubt).stdout)["assignee"]
        == "pry.eva"
    )


def test_what_does_not_concern_a_state_is_not_there_for_it(salsa, doubt):
    refused = salsa("discrepancy", "explain", "--state", "ARG", "--text", "No", doubt)
    assert (refused.returncode, "There is no discrepancy" in refused.stderr) == (1, True)


def test_what_is_no_id_or_has_no_words_is_wrong_usage():
    assert CliRunner().invoke(main, ["discrepancy", "show", *OWN, "x"]).exit_code == 2
    assert CliRunner().invoke(main, ["discrepancy", "explain", *OWN, ID]).exit_code == 2
