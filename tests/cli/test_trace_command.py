"""Drafts from the command line: drafted, changed, declined and hidden; and what a state was told."""

import json

import pytest

from tests import bodies

OWN = ("--state", "BRA")
CASE = ("--case", "C-1", "--priority", "routine", "--legal-basis", "Law 1",
        "--intended-use", "intelligence", "--illicit-reason", "used_in_crime",
        "--circumstances", "In a car")  # fmt: skip
GUN = ("--serial", "ABC123456", "--found-on", "2026-03-01", "--officer", "41")


@pytest.fixture
def file(tmp_path):
    def write(**changes):
        path = tmp_path / "trace.json"
        path.write_text(json.dumps(bodies.trace(**changes)))
        return str(path)

    return write


def test_a_draft_is_made_changed_declined_and_told(salsa, file):
    trace = json.loads(salsa("trace", "draft", *OWN, *GUN, *CASE, "--json").stdout)["id"]
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


@pytest.fixture
def germany(salsa):
    """A trace that asks Germany by another channel; read with its leg."""
    made = salsa("trace", "draft", *OWN, *GUN, *CASE, "--send", "--json").stdout
    trace = json.loads(made)["id"]
    more = ("--of", "DEU", "--reason", "Made there", "--channel", "iarms")
    salsa("trace", "ask", *OWN, *more, trace)

    def leg():
        said = json.loads(salsa("trace", "show", *OWN, "--json", trace).stdout)
        return trace, next(one for one in said["legs"] if one["state"] == "DEU")

    return leg


def test_what_came_back_by_another_channel_is_written_down(salsa, germany):
    trace, leg = germany()
    by = ("trace", "reply", *OWN, "--leg", leg["id"], "--officer", "77")
    answer = ("--status", "answered", "--text", "By letter", "--answered-on", "2026-03-04",
              "--sent-on", "2026-03-02", "--reference", "BKA-7", "--event", "domestic_sale",
              "--occurred-on", "2020-01-02", "--document-number", "R-1", "--points-to", "aut")  # fmt: skip
    wrong = salsa(*by, "--status", "answered", trace)
    assert (wrong.returncode, "text: This field is required." in wrong.stderr) == (1, True)
    assert salsa(*by, *answer, trace).stdout.startswith(f"{trace} is ")
    _, leg = germany()
    assert (leg["status"], leg["answered_on"], leg["asked_on"], leg["reference"]) == (
        "answered", "2026-03-04", "2026-03-02", "BKA-7",
    )  # fmt: skip
    shown = salsa("trace", "show", *OWN, trace).stdout
    assert "AUT  " in shown and "By letter" in shown
    assert "trace:replied" in salsa("audit", "list", *OWN).stdout


def test_several_events_come_as_a_file(salsa, germany, tmp_path):
    trace, leg = germany()
    events = [{"event": name, "occurred_on": on} for name, on in (
        ("manufacture", "2019-01-02"), ("domestic_sale", "2020-01-02"),
    )]  # fmt: skip
    body = {"status": "partial", "text": "By letter", "events": events}
    (tmp_path / "reply.json").write_text(json.dumps(body))
    by = ("trace", "reply", *OWN, "--leg", leg["id"], "--file", str(tmp_path / "reply.json"))
    assert salsa(*by, "--text", "More", trace).returncode == 2
    assert salsa(*by, trace).returncode == 0
    assert germany()[1]["status"] == "partial"


def test_what_is_written_down_later_stands_in_its_place_or_beside_it(salsa, germany):
    trace, leg = germany()
    by = ("trace", "reply", *OWN, "--leg", leg["id"], "--text", "By letter", "--status")
    event = ("--occurred-on", "2020-01-02", "--event")
    for said in (("export",), ("manufacture",), ("domestic_sale", "--beside")):
        assert salsa(*by, "answered", *event, *said, trace).returncode == 0
    chain = json.loads(salsa("trace", "result", *OWN, "--json", trace).stdout)["chain"]
    assert sorted(one["event"] for one in chain) == ["domestic_sale", "manufacture"]
    wrong = salsa(*by, "no_record", "--beside", trace)
    assert (wrong.returncode, "Only an answer comes beside another" in wrong.stderr) == (1, True)
