"""A trace is drafted, sent and read from the command line."""

import json
import re

import pytest

STATE, THERE = ("--state", "BRA"), ("--state", "PRY")
GUN = ("--make", "Taurus", "--calibre", "9x19", "--type", "pistol")
WHY = ("--case", "2026/117", "--legal-basis", "Law 10.826", "--illicit-reason", "used_in_crime",
       "--circumstances", "In a car", "--intended-use", "intelligence")  # fmt: skip
ASKED = (*WHY, "--priority", "routine")
SEIZED = ("--kind", "seized", "--agency", "BRA-POLICE", "--occurred-on", "2026-03-01", "--place", "Foz",
          "--legal-ground", "possession", "--crime-context", "unknown")  # fmt: skip

pytestmark = pytest.mark.usefixtures("registered_database")


@pytest.fixture
def seizure(salsa):
    """A seizure of a gun that was stolen in Paraguay, by its number."""
    stolen = ("--kind", "theft", "--stolen-from", "private", "--occurred-on", "2025-02-03")
    salsa("report", "record", *THERE, *stolen, *GUN, "--serial", "ABC123456", "R-1")
    salsa("seizure", "record", *STATE, *SEIZED, *GUN, "--serial", "ABC123456", "S-1")
    return "S-1"


def test_a_trace_of_a_seizure_is_drafted_advised_sent_and_read(salsa, seizure):
    drafted = salsa("trace", "draft", *STATE, "--seizure", seizure, *ASKED)
    trace = drafted.stdout.split()[0]
    assert drafted.stdout == f"{trace} is draft.\n"
    assert "The trace has no model." in salsa("trace", "advice", *STATE, trace).stdout
    assert salsa("request", "list", *THERE).stdout == ""
    assert salsa("trace", "send", *STATE, trace).returncode == 0
    told = salsa("trace", "result", *STATE, trace).stdout
    assert "2025-02-03  PRY  theft" in told and "ABC123456  R-1" in told
    assert "outcome  partly" in told and "missing: The country of manufacture" in told
    result = json.loads(salsa("trace", "result", *STATE, "--json", trace).stdout)
    assert [event["event"] for event in result["chain"]] == ["theft"]


def test_who_declined_a_trace_stands_in_a_line_of_its_own(salsa, seizure):
    salsa("setting", "change", *STATE, "--trace-approval", "own")
    drafted = ("trace", "draft", *STATE, "--officer", "41", "--seizure", seizure, *ASKED)
    trace = salsa(*drafted).stdout.split()[0]
    salsa("trace", "send", *STATE, trace)
    why = ("--officer", "77", "--text", "Which law?")
    assert salsa("trace", "decline", *STATE, *why, trace).returncode == 0
    shown = salsa("trace", "show", *STATE, trace).stdout
    assert re.search(r"^declined by +BRA, [-0-9]{10} [0-9:]{5} UTC: Which law\?$", shown, re.M)
    salsa("setting", "change", *STATE, "--trace-approval", "none")
    assert salsa("trace", "send", *STATE, "--confirm-declined", trace).returncode == 0
    shown = salsa("trace", "show", *STATE, trace).stdout
    assert "declined by" in shown and re.search("^sent +though declined$", shown, re.M)


def test_a_form_that_is_still_to_be_sent_is_said_beside_the_status(salsa):
    asked = ("trace", "draft", *STATE, *GUN, "--country-of-manufacture", "DEU", "--serial", "ABC123456", *ASKED,
             "--send", "--found-on", "2026-03-01")  # fmt: skip
    trace = salsa(*asked).stdout.split()[0]
    assert re.search("^to be sent by you +DEU$", salsa("trace", "show", *STATE, trace).stdout, re.M)


def test_a_described_gun_is_traced_at_once_and_kept_from_an_agency(salsa):
    asked = ("trace", "draft", *STATE, *GUN, "--serial", "ABC123456", *ASKED, "--send",
             "--found-on", "2026-03-01", "--hide-from", "BRA-LICENSING", "--json")  # fmt: skip
    told = json.loads(salsa(*asked).stdout)
    assert (told["hidden_from"], told["firearm"]["serial"]) == (["BRA-LICENSING"], "ABC123456")
    assert told["sent_at"] is not None
    refused = salsa(*asked)
    assert (refused.returncode, told["id"] in refused.stderr) == (1, True)
    assert salsa(*asked, "--confirm-second").returncode == 0


def test_what_a_trace_lacks_is_said_all_at_once_by_field(salsa, seizure):
    refused = salsa("trace", "draft", *STATE, "--seizure", seizure, "--case", "1")
    assert refused.returncode == 1
    for field in ("priority", "legal_basis", "illicit_reason", "circumstances", "intended_use"):
        assert f"  {field}: This field is required.\n" in refused.stderr


@pytest.mark.parametrize("said,why", [
    ((*ASKED, "--seizure", "S-9"), "There is no seizure S-9"),
    ((*ASKED, "--seizure", "S-1", "--item", "7"), "item: The seizure has no line 7."),
    ((*ASKED,), "seizure: Give a seizure with its item, or the firearm; not both."),
    ((*WHY, "--priority", "flash", "--seizure", "S-1"), "priority_reason: Say why this cannot wait."),
    ((*ASKED, "--serial", "A1234"), "found_on: Say on which day the gun was found."),
    ((*ASKED, "--seizure", "S-1", "--needed-by", "soon"), "needed_by: A date is written YYYY-MM-DD"),
])  # fmt: skip
def test_what_is_wrong_with_a_trace_is_said_with_what_would_be_right(salsa, seizure, said, why):
    refused = salsa("trace", "draft", *STATE, *said)
    assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr
    assert salsa("trace", "list", *STATE).stdout == ""


def test_an_answer_is_given_with_all_records_that_may_be_of_the_gun(salsa, seizure):
    salsa("setting", "change", *THERE, "--answers-by-persons")
    trace = salsa("trace", "draft", *STATE, "--seizure", seizure, *ASKED, "--send").stdout.split()[
        0
    ]
    request = salsa("request", "list", *THERE).stdout.split()[0]
    both = salsa("request", "answer", *THERE, "--all", "--record", trace, request)
    assert (both.returncode, "or --all" in both.stderr) == (2, True)
    assert (
        salsa("request", "answer", *THERE, "--all", request).stdout == f"{request} is answered.\n"
    )
    told = json.loads(salsa("trace", "result", *STATE, "--json", trace).stdout)
    assert [event["document_number"] for event in told["chain"]] == ["R-1"]


def test_who_drafted_by_a_command_is_not_his_own_second_person(salsa):
    asked = ("trace", "draft", *STATE, *GUN, "--serial", "ABC123456", *ASKED,
             "--found-on", "2026-03-01")  # fmt: skip
    unnamed = salsa(*asked).stdout.split()[0]
    trace = salsa(*asked, "--officer", "41", "--confirm-second").stdout.split()[0]
    for drafted, said in (
        (trace, ()),
        (trace, ("--officer", "41")),
        (unnamed, ("--officer", "77")),
    ):
        refused = salsa("trace", "approve", *STATE, *said, drafted)
        assert (refused.returncode, "give it at each" in refused.stderr) == (1, True)
    refused = salsa("trace", "decline", *STATE, "--officer", "41", "--text", "No", trace)
    assert (refused.returncode, "A second person must approve" in refused.stderr) == (1, True)
    approved = salsa("trace", "approve", *STATE, "--officer", "77", trace)
    assert approved.stdout == f"{trace} is approved.\n"


def test_the_day_on_which_a_form_went_out_is_said_and_shown(salsa):
    asked = ("trace", "draft", *STATE, *GUN, "--country-of-manufacture", "DEU", "--serial", "ABC123456", *ASKED,
             "--send", "--found-on", "2026-03-01")  # fmt: skip
    trace = salsa(*asked).stdout.split()[0]
    legs = json.loads(salsa("trace", "show", *STATE, "--json", trace).stdout)["legs"]
    [leg] = [one["id"] for one in legs if one["state"] == "DEU"]
    went = ("trace", "channel", *STATE, "--leg", leg, "--by", "post", "--sent-on")
    assert salsa(*went, "soon", trace).returncode == 1
    assert salsa(*went, "2026-03-02", trace).returncode == 0
    shown = salsa("trace", "show", *STATE, trace).stdout
    assert re.search("^ +form went out +2026-03-02$", shown, re.M) and "answer of" not in shown
