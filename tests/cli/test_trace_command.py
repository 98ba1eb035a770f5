"""Drafts from the command line: drafted, changed, declined and hidden; and what a state was told."""

import json

import pytest

from tests import bodies

OWN = ("--state", "BRA")


@pytest.fixture
def file(tmp_path):
    def write(**changes):
        path = tmp_path / "trace.json"
        path.write_text(json.dumps(bodies.trace(**changes)))
        return str(path)

    return write


def test_a_draft_is_made_changed_declined_and_told(salsa, file):
    case = ("--case", "C-1", "--priority", "routine", "--legal-basis", "Law 1",
            "--intended-use", "intelligence", "--illicit-reason", "used_in_crime",
            "--circumstances", "In a car")  # fmt: skip
    gun = ("--serial", "ABC123456", "--found-on", "2026-03-01", "--officer", "41")
    trace = json.loads(salsa("trace", "draft", *OWN, *gun, *case, "--json").stdout)["id"]
    wrong = salsa("trace", "amend", *OWN, "--file", file(priority="flash"), trace)
    assert (wrong.returncode, "priority_reason: Say why" in wrong.stderr) == (1, True)
    changed = ("trace", "amend", *OWN, "--officer", "42", "--file", file(case_number="C-2"))
    assert salsa(*changed, trace).stdout == f"{trace} is draft.\n"
    assert salsa("trace", "approve", *OWN, "--officer", "42", trace).returncode == 1
    as_second = ("--officer", "77", "--text", "Name the law")
    declined = salsa("trace", "decline", *OWN, *as_second, trace)
    assert declined.stdout == f"{trace} is draft.\n"
    shown = salsa("trace", "show", *OWN, trace).stdout
    assert "C-2" in shown and "Name the law" in shown
    told = salsa("notification", "list", *OWN, "--kind", "trace", "--urgent", "--unread").stdout
    assert "trace_declined" in told and "C-2" in told
    assert salsa("notification", "list", *OWN, "--kind", "match").stdout == ""
    assert salsa("notification", "list", *OWN, "--role", "auditor").stdout == ""
    assert salsa("trace", "send", *OWN, trace).returncode == 1
    sent = salsa("trace", "send", *OWN, "--confirm-declined", trace)
    assert sent.returncode == 0
    salsa(
        "trace", "ask", *OWN, "--of", "DEU", "--reason", "Made there", "--channel", "iarms", trace
    )
    legs = json.loads(salsa("trace", "show", *OWN, "--json", trace).stdout)["legs"]
    [leg] = [one["id"] for one in legs if one["state"] == "DEU"]
    salsa("trace", "channel", *OWN, "--leg", leg, "--by", "mla", "--reference", "M-1", trace)
    assert "DEU  sent  mla M-1" in salsa("trace", "show", *OWN, trace).stdout
    late = salsa("trace", "amend", *OWN, "--file", file(), trace)
    assert "“amend” is not possible: this trace is " in late.stderr
