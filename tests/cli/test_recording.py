"""Seizures and reports are recorded and corrected from the command line, and the audit read."""

import json
import os
import subprocess
import sys

import pytest

from tests import bodies
from tests.source import ROOT

OWN = ("--state", "BRA")
GUN = ("--make", "Taurus", "--model", "G2C", "--calibre", "9x19", "--type", "pistol")
SEIZED = ("--kind", "seized", "--agency", "BRA-POLICE", "--occurred-on", "2026-03-01",
          "--place", "Foz do Iguaçu", "--latitude", "0", "--longitude", "-54.5", "--legal-ground", "possession",
          "--crime-context", "drug_trafficking", "--crime-context", "gang")  # fmt: skip
STOLEN = ("--kind", "theft", "--occurred-on", "2025-02-03", "--stolen-from", "private")

pytestmark = pytest.mark.usefixtures("registered_database")


@pytest.fixture
def written(tmp_path):
    """Write a body into a file, and return its path."""

    def write(body):
        path = tmp_path / "body.json"
        path.write_text(json.dumps(body))
        return str(path)

    return write


def test_a_seizure_is_recorded_by_options_and_matched_at_once(salsa):
    salsa("report", "record", "--state", "PRY", *STOLEN, *GUN, "--serial", "ABC123456", "R-1")
    said = salsa("seizure", "record", *OWN, *SEIZED, *GUN, "--serial", "ABC12345?", "S-1").stdout
    assert said.startswith("seizure  S-1, version 1\n")
    assert "line 1: Taurus G2C 9x19, marking unknown" in said
    assert "matches: 1\n  PRY  " in said
    told = json.loads(salsa("seizure", "show", *OWN, "--json", "S-1").stdout)
    assert (
        told["place"] | {"name": "Foz do Iguaçu", "latitude": 0.0, "country": "BRA"}
        == told["place"]
    )
    assert (told["crime_context"], told["agency"]) == (["drug_trafficking", "gang"], "BRA-POLICE")


def test_a_seizure_is_recorded_by_a_file_and_answered_as_over_http(salsa, written):
    guns = [
        bodies.firearm(serial=serial, line=line) for line, serial in ((1, "A1234"), (2, "A1235"))
    ]
    file = written(bodies.seizure(items=guns, concealment="Spare tyre"))
    told = json.loads(salsa("seizure", "record", *OWN, "--file", file, "--json").stdout)
    assert [item["serial"] for item in told["items"]] == ["A1234", "A1235"]
    assert (told["concealment"], [one["line"] for one in told["matches"]]) == ("Spare tyre", [1, 2])


def test_what_a_seizure_lacks_is_said_all_at_once_by_field(salsa):
    refused = salsa("seizure", "record", *OWN, "--kind", "seized")
    assert refused.returncode == 1
    for field in ("number", "agency", "occurred_on", "place", "legal_grounds", "items"):
        assert f"  {field}: This field is required.\n" in refused.stderr


@pytest.mark.parametrize("changed,said", [
    (("--occurred-on", "yesterday"), "occurred_on: A date is written YYYY-MM-DD"),
    (("--occurred-on", "2199-01-01"), "occurred_on: This date lies in the future"),
    (("--agency", "PRY-POLICE"), "agency: PRY-POLICE is not registered; your agencies are: BRA-"),
    (("--longitude", "999"), "place.longitude: "),
])  # fmt: skip
def test_what_is_wrong_with_a_seizure_is_said_with_what_would_be_right(salsa, changed, said):
    refused = salsa("seizure", "record", *OWN, *SEIZED, "--serial", "ABC123456", *changed, "S-1")
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr
    assert salsa("seizure", "list", *OWN).stdout == ""


def test_a_word_that_nobody_knows_is_remarked_on(salsa):
    said = salsa(
        "seizure", "record", *OWN, *SEIZED, "--serial", "ABC123456", "--make", "Tarus", "S-1"
    )
    assert (said.returncode, "“Tarus” is no make that is known here" in said.stderr) == (0, True)


def test_a_file_and_options_say_no_seizure_together(salsa, written):
    file = written(bodies.seizure())
    refused = salsa("seizure", "record", *OWN, "--file", file, "--kind", "seized")
    assert (refused.returncode, "not both" in refused.stderr) == (2, True)


def test_a_number_is_taken_once(salsa):
    same = ("seizure", "record", *OWN, *SEIZED, "--serial", "ABC123456", "S-1")
    assert salsa(*same).returncode == 0
    refused = salsa(*same)
    assert (refused.returncode, "already has a seizure of the number S-1" in refused.stderr) == (
        1,
        True,
    )


def test_a_seizure_is_corrected_by_a_file(salsa, written):
    salsa("seizure", "record", *OWN, *SEIZED, *GUN, "--serial", "ABC123456", "S-1")
    file = written(bodies.seizure(reason="Read again", items=[bodies.firearm(serial="ABC123457")]))
    said = salsa("seizure", "correct", *OWN, "--file", file, "--officer", "77", "S-1").stdout
    assert said.startswith("seizure  S-1, version 2\n") and "ABC123457" in said
    missing = salsa("seizure", "correct", *OWN, "--file", file, "S-9")
    assert (missing.returncode, "There is no seizure S-9" in missing.stderr) == (1, True)
    [done] = json.loads(
        salsa("audit", "list", *OWN, "--action", "seizure:corrected", "--json").stdout
    )
    assert (done["officer"], done["role"], done["state"]) == ("77", "operator", "BRA")


def test_a_report_is_recorded_listed_shown_and_corrected(salsa, written):
    said = salsa("report", "record", *OWN, *STOLEN, *GUN, "--serial", "ABC123456", "R-1").stdout
    assert said.startswith("theft  R-1, version 1\n") and "ABC123456" in said
    file = written(bodies.report(number="R-1", reason="Of the dealer", stolen_from="dealer"))
    assert salsa("report", "correct", *OWN, "--file", file, "R-1").returncode == 0
    listed = salsa("report", "list", *OWN, "--kind", "theft").stdout.split()
    assert listed[1:] == ["R-1", "theft", "2025-02-03", "ABC123456", "Taurus", "dealer",
                          "standing"]  # fmt: skip
    shown = json.loads(salsa("report", "show", *OWN, "--json", "R-1").stdout)
    assert (shown["version"], shown["stolen_from"]) == (2, "dealer")
    assert salsa("report", "list", "--state", "PRY").stdout == ""


def test_a_report_says_what_it_matches_and_is_withdrawn_with_the_reason(salsa):
    salsa("seizure", "record", *OWN, *SEIZED, *GUN, "--serial", "ABC123456", "S-1")
    said = salsa("report", "record", *OWN, *STOLEN, *GUN, "--serial", "ABC123456", "R-1").stdout
    assert "matches: 1\n" in said and "BRA  strong  proposed" in said
    record = json.loads(salsa("report", "show", *OWN, "--json", "R-1").stdout)["firearm"]["record"]
    salsa("alert", "add", *OWN, "--action", "seize", "--reason", "stolen", "--case", "C-1",
          "--until", "2027-01-01", "--record", record)  # fmt: skip
    assert "alerts entered from it: 1\n" in salsa("report", "show", *OWN, "R-1").stdout
    assert salsa("report", "withdraw", *OWN, "R-1").returncode == 2
    why = ("--reason", "The gun was in the safe")
    said = salsa("report", "withdraw", *OWN, *why, "R-1").stdout
    assert said.startswith("theft  R-1, version 2\n")
    assert "withdrawn: The gun was in the safe\n" in said and "matches: none\n" in said
    assert "R-1" in salsa("report", "list", *OWN, "--status", "withdrawn").stdout
    again = salsa("report", "withdraw", *OWN, *why, "R-1")
    assert (again.returncode, "That is for good" in again.stderr) == (1, True)
    [done] = json.loads(
        salsa("audit", "list", *OWN, "--action", "report:withdrawn", "--json").stdout
    )
    assert (done["role"], done["data"]["version"]) == ("operator", 2)


@pytest.mark.parametrize("kind", ["loss", "recovery", "surrender"])
def test_each_kind_of_report_is_recorded_by_a_file_with_who_had_the_gun(salsa, written, kind):
    body = bodies.report(kind=kind) | {"from": bodies.party("Ana Ejemplo", "BRA", "individual")}
    del body["stolen_from"]
    told = json.loads(salsa("report", "record", *OWN, "--file", written(body), "--json").stdout)
    assert (told["kind"], told["from"]["name"]) == (kind, "Ana Ejemplo")


def test_only_a_theft_says_from_whom_a_gun_was_stolen(salsa):
    said = ("report", "record", *OWN, *STOLEN, *GUN, "--serial", "A1234", "--kind", "loss", "R-1")
    refused = salsa(*said)
    assert (refused.returncode, "stolen_from: Only a report of theft" in refused.stderr) == (
        1,
        True,
    )


def test_the_audit_of_a_state_is_read_by_what_was_done_to_what(salsa):
    salsa("seizure", "record", *OWN, *SEIZED, *GUN, "--serial", "ABC123456", "S-1")
    own = salsa("seizure", "list", *OWN, "--number", "S-1").stdout.split()[0]
    assert salsa("seizure", "list", *OWN, "--kind", "found").stdout == ""
    told = salsa("audit", "list", *OWN, "--of", "seizure", "--id", own).stdout.split()
    assert told[3:7] == ["BRA", "seizure:recorded", own, "operator"]
    assert salsa("audit", "list", *OWN, "--by", "PRY").stdout == ""
    assert salsa("audit", "list", "--state", "PRY", "--of", "seizure").stdout == ""
    wrong = salsa("audit", "list", *OWN, "--action", "seizure:stolen")
    assert wrong.returncode == 2 and "seizure:corrected, seizure:left_untold" in wrong.stderr


def test_what_is_recorded_stands_though_nobody_reads_to_the_end(salsa, settings):
    reading, writing = os.pipe()
    os.close(reading)  # as `head` does once it has read enough
    said = ["report", "record", *OWN, *STOLEN, *GUN, "--serial", "ABC123456", "R-1"]
    program = [sys.executable, "-m", "api.cli", *said]
    subprocess.run(program, cwd=ROOT, env=os.environ | settings, stdout=writing, check=False)
    os.close(writing)
    assert salsa("report", "show", *OWN, "R-1").returncode == 0
