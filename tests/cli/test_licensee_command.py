"""The register of licensees from the command line."""

import pytest

ADD = ("licensee", "add", "--state", "PRY", "--role", "dealer", "--kind", "dealer",
       "--from", "2025-01-01")  # fmt: skip


@pytest.fixture
def dealer(salsa):
    assert salsa(*ADD, "--to", "2026-12-31", "L-7", "Armas del Sur").returncode == 0


def test_a_licensee_is_added_listed_suspended_and_closed(salsa, dealer):
    listed = salsa("licensee", "list", "--state", "PRY").stdout
    assert "L-7" in listed and "Armas del Sur" in listed and "2025-01-01..2026-12-31" in listed
    assert salsa("licensee", "list", "--state", "BRA").stdout == ""
    why = ("--state", "PRY", "--reason", "Inspection")
    assert salsa("licensee", "suspend", *why, "L-7").stdout == "L-7 is suspended.\n"
    assert salsa("licensee", "reinstate", *why, "L-7").stdout == "L-7 is active.\n"
    assert salsa("licensee", "renew", "--state", "PRY", "--to", "2027-12-31", "L-7").returncode == 0
    assert salsa("licensee", "revoke", *why, "L-7").stdout == "L-7 is revoked.\n"
    refused = salsa("licensee", "close", *why, "--books-with", "PRY-NONE", "L-7")
    assert (refused.returncode, "books_with" in refused.stderr) == (1, True)
    salsa(
        "agency", "add", "--state", "PRY", "--kind", "licensing", "--zone", "UTC", "PRY-ARMS", "A"
    )
    closed = salsa("licensee", "close", *why, "--books-with", "PRY-ARMS", "L-7")
    assert closed.stdout == "L-7 is defunct.\n"
    assert "defunct" in salsa("licensee", "list", "--state", "PRY").stdout


@pytest.mark.parametrize("command,said,code", [
    ([*ADD, "--to", "2024-01-01", "L-8", "A"], "cannot end before it begins", 1),
    ([*ADD, "L-7", "A"], "already has a licensee of this number", 1),
    (["licensee", "suspend", "--state", "PRY", "--reason", "R", "L-9"], "no licensee L-9", 1),
    (["licensee", "reinstate", "--state", "PRY", "--reason", "R", "L-7"], "this licensee is active", 1),
    ([*ADD, "--role", "king", "L-8", "A"], "Invalid value", 2),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(salsa, dealer, command, said, code):
    refused = salsa(*command)
    assert (refused.returncode, said in refused.stderr) == (code, True), refused.stderr
