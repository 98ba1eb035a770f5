"""Permits from the command line."""

import io
import json
import re
from datetime import UTC, datetime, timedelta

import click
import pytest

from api.cli.bodies import read_body
from api.cli.context import explained
from api.i18n import language
from api.schemas.changes import AmendRequest
from tests import bodies

OWN = ("--state", "PRY")
TODAY = datetime.now(UTC).date()


def day(after):
    return (TODAY + timedelta(days=after)).isoformat()


def certificate(**changes):
    valid = {"issued_on": day(-9), "expires_on": day(200), "source": "Factory"}
    return bodies.import_permit(**valid | changes)


@pytest.fixture
def written(tmp_path):
    def write(body):
        path = tmp_path / "body.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body))
        return str(path)

    return write


@pytest.fixture
def issued(salsa, written):
    salsa("agency", "add", *OWN, "--kind", "licensing", "--zone", "UTC", "PRY-LICENSING", "A")
    made = salsa("permit", "issue", *OWN, "--file", written(certificate()))
    assert made.stdout == "import I-1 is issued, awaiting_counterpart.\n", made.stderr
    return "I-1"


def test_a_permit_is_issued_listed_and_shown(salsa, issued):
    listed = salsa("permit", "list", *OWN, "--kind", "import").stdout
    assert listed.split() == ["PRY", "import", "I-1", "issued", "awaiting_counterpart", "BRA>PRY",
                              f"{day(-9)}..{day(200)}"]  # fmt: skip
    assert salsa("permit", "list", "--state", "ARG").stdout == ""
    shown = salsa("permit", "show", *OWN, issued).stdout
    for told in ("import I-1 of PRY, PRY-LICENSING", "Armas del Sur (PRY)", "10 left"):
        assert told in shown


def test_words_that_nobody_knows_are_told_beside_the_result(salsa, issued, written):
    line = certificate()["lines"][0] | {"type": "pistole"}
    body = written(certificate(number="I-2", lines=[line]))
    made = salsa("permit", "issue", *OWN, "--file", body)
    assert made.stdout == "import I-2 is issued, awaiting_counterpart.\n"
    assert "lines.0.type (1): “pistole” is no type that is known here" in made.stderr
    assert "Did you mean Pistol" in made.stderr


def test_a_permit_is_shown_with_the_party_that_is_not_authorised(salsa, written):
    salsa("agency", "add", *OWN, "--kind", "licensing", "--zone", "UTC", "PRY-LICENSING", "A")
    salsa("licensee", "add", *OWN, "--role", "importer", "--kind", "dealer",
          "--from", "2025-01-01", "L-7", "Somebody Else")  # fmt: skip
    salsa("permit", "issue", *OWN, "--file", written(certificate()))
    shown = salsa("permit", "show", *OWN, "I-1").stdout
    assert re.search(
        r"Party not authorized +importer +Armas del Sur +Not in the register +PRY", shown
    )


def test_json_is_what_the_service_answers_over_http(salsa, issued):
    [listed] = json.loads(salsa("permit", "list", *OWN, "--json").stdout)
    shown = json.loads(salsa("permit", "show", *OWN, "--json", issued).stdout)
    assert listed == shown
    assert (shown["number"], shown["balance"][0]["left"]) == ("I-1", 10)


def test_a_permit_is_suspended_reinstated_amended_reissued_and_no_more_cancelled(
    salsa, issued, written
):
    why = (*OWN, "--reason", "End use")
    assert (
        salsa("permit", "suspend", *why, issued).stdout == "import I-1 is suspended, version 2.\n"
    )
    assert salsa("permit", "reinstate", *why, issued).stdout == "import I-1 is issued, version 3.\n"
    change = written({"source": "Stock", "authentication": "Seal", "reason": "Sold out"})
    amended = salsa("permit", "amend", *OWN, "--file", change, issued)
    assert amended.stdout == "import I-1 is issued, version 4.\n"
    again = written({"number": "I-2", "issued_on": day(0), "expires_on": day(300),
                     "authority": bodies.authority("PRY"),
                     "lines": [{"line": 1, "quantity": 4}]})  # fmt: skip
    fresh = salsa("permit", "reissue", *OWN, "--file", again, issued)
    assert fresh.stdout == "import I-2 is issued, in place of I-1.\n"
    assert "replaced" in salsa("permit", "show", *OWN, issued).stdout
    assert salsa("permit", "cancel", *why, "I-2").stdout == "import I-2 is cancelled, version 2.\n"
    refused = salsa("permit", "cancel", *why, "I-2")
    assert (refused.returncode, "cancelled already" in refused.stderr) == (1, True)


def test_a_second_permit_of_a_number_is_refused(salsa, issued, written):
    refused = salsa("permit", "issue", *OWN, "--file", written(certificate()))
    assert (refused.returncode, "already" in refused.stderr) == (1, True), refused.stderr


def test_what_cannot_be_issued_is_refused_with_the_paths_of_its_fields(salsa, written):
    wrong = certificate(lines=[{"line": 1, "quantity": "ten"}], importing_state="XYZ")
    refused = salsa("permit", "issue", *OWN, "--file", written(wrong))
    assert refused.returncode == 1
    assert "  lines.0.quantity: A number above zero" in refused.stderr
    assert "  importing_state: There is no country XYZ" in refused.stderr


@pytest.mark.parametrize(("body", "said"), [
    ("[]", "(all): An object is needed here."), ("{", "is no JSON"), ('{"n": NaN}', "is no JSON"),
])  # fmt: skip
def test_a_file_that_is_no_document_is_refused_in_a_sentence(body, said):
    language.set("en")
    file = io.BytesIO(body.encode())
    file.name = "body.json"
    with pytest.raises(click.ClickException) as refused:
        explained(read_body)(file, AmendRequest())
    assert said in refused.value.message


def test_what_is_not_there_or_of_another_state_is_not_changed(salsa, issued):
    refused = salsa("permit", "cancel", "--state", "BRA", "--reason", "R", issued)
    assert (refused.returncode, refused.stderr) == (
        1, "Error: There is no permit I-1 that you may see.\n")  # fmt: skip
    assert salsa("permit", "show", *OWN, "I-7").returncode == 1


def test_a_number_of_several_permits_asks_for_the_kind(salsa, issued, written):
    exported = bodies.permit(number="I-1", exporting_state="PRY", importing_state="BRA",
                             issued_on=day(-9), expires_on=day(200), import_permit=None,
                             authority=bodies.authority("PRY"))  # fmt: skip
    exported["import_permit"] = {"state": "BRA", "number": "I-5"}
    assert salsa("permit", "issue", *OWN, "--file", written(exported)).returncode == 0
    refused = salsa("permit", "show", *OWN, issued)
    assert (refused.returncode, "export of PRY, import of PRY" in refused.stderr) == (2, True)
    assert "export I-1" in salsa("permit", "show", *OWN, "--kind", "export", issued).stdout
    cut = salsa("permit", "list", *OWN, "--limit", "1")
    assert (cut.stdout.count("\n"), "more than these 1" in cut.stderr) == (1, True)
